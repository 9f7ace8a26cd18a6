"""Rules of interactions: plain Python, no I/O."""

"""Rules of the campaign service: plain Python, no I/O."""

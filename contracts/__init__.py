"""Floor 0: what services say to each other. Pure data, no I/O."""

"""Floor 1: what services are bolted onto. No business word in it."""

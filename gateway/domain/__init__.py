"""Rules of the door: how keys look, who owns which address, what may pass."""

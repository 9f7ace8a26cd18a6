"""Door 1: everything that comes from outside."""

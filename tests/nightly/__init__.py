"""What takes an engine of its own: `make nightly`."""

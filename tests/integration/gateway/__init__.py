"""The gateway with real neighbours."""

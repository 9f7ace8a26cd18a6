"""Schema history of the interaction service."""

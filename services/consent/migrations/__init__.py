"""Schema history of the consent service."""

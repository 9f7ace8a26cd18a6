"""Door 1 of the interaction service: people and systems."""

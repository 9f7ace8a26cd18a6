"""Door 1, people and systems."""

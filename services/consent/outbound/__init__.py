"""Other services, asked in a person's own name."""

"""State machines of the components that decide who, whether and how often."""

"""Models about customers: plain arrays in, figures out; nothing here reads a store or a clock."""

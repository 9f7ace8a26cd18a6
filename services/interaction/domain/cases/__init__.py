"""Cases without I/O: states, rules, routing, service levels."""

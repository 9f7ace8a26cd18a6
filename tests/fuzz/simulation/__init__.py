"""The platform in one process, one step at a time, in an order that a seed decides."""

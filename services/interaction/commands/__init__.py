"""Write use cases."""

"""The gateway: the public door. Keys, sources, limits, forwarding, views composed of several services."""

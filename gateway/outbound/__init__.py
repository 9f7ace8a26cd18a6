"""What the gateway asks of others: identity providers."""

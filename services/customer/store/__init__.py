"""All SQL of the customer service."""

from services.customer.store import customers, identities, merges

__all__ = ["customers", "identities", "merges"]

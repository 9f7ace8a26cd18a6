"""All SQL of the customer service."""

from services.customer.store import customers, identities, merges, search

__all__ = ["customers", "identities", "merges", "search"]

"""All SQL of the customer service."""

from services.customer.store import accounts, customers, definitions, history, identities, merges, reaching, refusals, search, surroundings

__all__ = ["accounts", "customers", "definitions", "history", "identities", "merges", "reaching", "refusals", "search", "surroundings"]

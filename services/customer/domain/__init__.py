"""Rules about people: contact points and names, traits with provenance, the graph of identities. Plain Python, no I/O."""

from services.customer.domain import accounts, contact, definitions, graph, identifying, reaching, searching, traits

__all__ = ["accounts", "contact", "definitions", "graph", "identifying", "reaching", "searching", "traits"]

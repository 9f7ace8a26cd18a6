"""Rules about people: contact points and names, traits with provenance, the graph of identities. Plain Python, no I/O."""

from services.customer.domain import contact, graph, identifying, searching, traits

__all__ = ["contact", "graph", "identifying", "searching", "traits"]

"""Reads of the customer service."""

from services.customer.queries.customers import Found, get_customer, list_customers, list_identities, page_customers
from services.customer.queries.merges import list_identity_reviews, list_merges
from services.customer.queries.searching import find_by_identity, search_customers

__all__ = [
    "Found",
    "find_by_identity",
    "get_customer",
    "list_customers",
    "list_identities",
    "list_identity_reviews",
    "list_merges",
    "page_customers",
    "search_customers",
]

"""Rows of this service, as the migrations make them."""

from services.customer.tables import (
    accounts,
    customers,
    duplicates,
    erasures,
    merges,
    profiles,
    reaching,
    restrictions,
    rules,
    transfers,
)
from services.customer.tables.metadata import CustomerTable

__all__ = ["CustomerTable", "accounts", "customers", "duplicates", "erasures", "merges", "profiles", "reaching", "restrictions", "rules", "transfers"]

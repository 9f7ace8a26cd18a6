"""Rows of this service, as the migrations make them."""

from services.customer.tables import customers, merges, profiles
from services.customer.tables.metadata import CustomerTable

__all__ = ["CustomerTable", "customers", "merges", "profiles"]

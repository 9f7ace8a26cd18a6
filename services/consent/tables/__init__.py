"""Rows of this service, as the migrations make them."""

from services.consent.tables import ledger, people, permits, purposes
from services.consent.tables.metadata import ConsentTable

__all__ = ["ConsentTable", "ledger", "people", "permits", "purposes"]

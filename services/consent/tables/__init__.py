"""Rows of this service, as the migrations make them."""

from services.consent.tables import (
    disclosures,
    imports,
    ledger,
    mails,
    opendsr,
    people,
    permits,
    privacy,
    purposes,
    retention,
)
from services.consent.tables.metadata import ConsentTable

__all__ = ["ConsentTable", "disclosures", "imports", "ledger", "mails", "opendsr", "people", "permits", "privacy", "purposes", "retention"]

"""Records of processing (GDPR article 30), and how long what is held is kept: put together from what is in force, so that they are never out of date."""

from __future__ import annotations

from typing import Any

from chassis.errors import Unavailable
from services.consent.domain import privacy
from services.consent.outbound import holdings
from services.consent.settings import ConsentService
from services.consent.store import purposes

#: What keeps the data, in words for the record.
MEASURES = (
    "access by scoped keys only", "consent asked before every message, with a signed proof", "changes of consent in a chained, signed ledger",
    "erasure through every service with receipts", "one database and one role per service", "no personal data in logs",
)


async def get_processing(service: ConsentService) -> dict[str, Any]:
    """Purposes with their legal basis and channels, categories of data with the places they lie, recipients, measures; `missing` names services that are away."""
    async with service.read() as db:
        defined = await purposes.newest(db)
    categories: dict[str, list[dict[str, str]]] = {}
    missing: list[str] = []
    for name in privacy.SERVICES:
        try:
            found = await holdings.tables(service, name=name)
        except Unavailable:
            missing.append(name)
            continue
        for one in found:
            categories.setdefault(one.category, []).append({"service": one.service, "table": one.table, "origin": one.origin})
    return {
        "controller": service.settings.organisation, "as_of": service.clock.now(),
        "purposes": [
            {
                "purpose": one.purpose, "version": one.version, "title": one.title, "legal_basis": one.legal_basis, "basis": one.basis,
                "channels": one.channels, "since": one.defined_at, "expires_after_days": one.expires_after_days,
            }
            for one in sorted(defined.values(), key=lambda one: one.purpose)
        ],
        "categories": [{"category": category, "held_in": places} for category, places in sorted(categories.items())],
        "subjects": ["customers", "prospects", "visitors"], "recipients": ["providers that deliver messages", "endpoints of webhooks"],
        "transfers": [], "measures": list(MEASURES), "missing": missing,
    }

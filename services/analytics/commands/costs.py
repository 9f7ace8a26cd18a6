"""Book costs."""

from __future__ import annotations

from datetime import date
from typing import Any

import asyncpg

from chassis.ids import new_id
from contracts.analytics import CostBooked
from services.analytics import errors
from services.analytics.settings import AnalyticsService
from services.analytics.store import costs


async def book_cost(
    service: AnalyticsService, *, kind: str, channel: str, campaign_id: str | None, amount_minor: int, currency: str, booked_on: date, note: str,
    reference: str | None, by: str,
) -> tuple[dict[str, Any], bool]:
    """(the entry, whether it is new). The same reference with the same content is booked once; with another content: Conflict."""
    entry: dict[str, Any] = {
        "kind": kind, "channel": channel, "campaign_id": campaign_id, "amount_minor": amount_minor, "currency": currency, "booked_on": booked_on,
        "note": note, "reference": reference,
    }
    cost_id, now = new_id(), service.clock.now()
    try:
        async with service.transaction() as tx:
            await costs.insert_cost(tx.db, cost_id=cost_id, **entry, by=by, now=now)
            tx.tell(
                CostBooked(
                    cost_id=str(cost_id), kind=kind, channel=channel, campaign_id=campaign_id, amount_minor=amount_minor, currency=currency,
                    booked_on=booked_on.isoformat(),
                )
            )
    except asyncpg.UniqueViolationError:
        async with service.read() as db:
            known = await costs.find_by_reference(db, reference or "")
        if known is None or any(known[name] != value for name, value in entry.items()):
            raise errors.reference_reused() from None
        return known, False
    return {"cost_id": cost_id, **entry, "created_at": now}, True

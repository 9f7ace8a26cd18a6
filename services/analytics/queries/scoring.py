"""Scores and segments of one customer, the cost ledger, and what could not be loaded."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from services.analytics.queries import freshness
from services.analytics.settings import AnalyticsService
from services.analytics.store import computing, costs, evaluating, loading, memberships, scores


async def get_scores(service: AnalyticsService, *, customer_id: UUID) -> dict[str, Any]:
    """Scores with what they are made of and when they changed. A customer without orders has the stage acquire and no RFM."""
    survivor = await service.resources.read(lambda connection: evaluating.survivor(connection, customer_id))
    answering = survivor or customer_id
    async with service.read() as db:
        found = await scores.scores_of(db, answering)
        within = await memberships.segments_of(db, answering)
    computed = await service.resources.read(lambda connection: computing.of_customer(connection, answering))
    stage = next((score["value"] for score in found if score["score"] == "stage"), "acquire")
    return {
        "customer_id": answering, "known": survivor is not None, "stage": stage, "data": found, "computed": computed, "as_of": service.clock.now(),
        "profile": await freshness.get_profile_age(service, customer=answering),
        "segments": [{"segment_id": segment_id, "name": name, "entered_at": entered_at} for segment_id, name, entered_at in within],
    }


async def list_rejects(service: AnalyticsService, *, limit: int) -> list[dict[str, Any]]:
    """Records that could not be read, the newest first."""
    return await service.resources.read(lambda connection: loading.rejects(connection, limit=limit))


async def page_costs(
    service: AnalyticsService, *, first: date | None, last: date | None, after: tuple[date, UUID] | None, limit: int
) -> list[dict[str, Any]]:
    """Entries by the day they are booked on."""
    async with service.read() as db:
        return await costs.page_costs(db, first=first, last=last, after=after, limit=limit)


async def page_spendings(service: AnalyticsService, *, customer_id: UUID | None, after: UUID | None, limit: int) -> list[dict[str, Any]]:
    """What customers said, or others know, that they spend with anybody."""
    async with service.read() as db:
        return await costs.page_spendings(db, customer_id=customer_id, after=after, limit=limit)

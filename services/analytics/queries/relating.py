"""The funnel of the relationship: who is a target, came, bought, was served, is satisfied."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from services.analytics import errors
from services.analytics.queries import clicking
from services.analytics.queries.clicking import Scope
from services.analytics.settings import AnalyticsService
from services.analytics.store import evaluating
from services.analytics.store.clicks import relationship
from services.analytics.store.clicks.relationship import STEPS, Road

MEANING: Final = {
    "target": "we know of the person: the first message that was handed over, or the registration",
    "attract": "came by itself: the first event of its own, or a message opened or clicked (scanners do not count)",
    "capture": "the first order",
    "serve": "the first delivery, or the first case that was solved",
    "satisfy": "the first good answer: 4 or 5 on satisfaction, 9 or 10 on recommendation",
}


async def get_funnel(service: AnalyticsService, *, scope: Scope) -> dict[str, Any]:
    """Those who became a target in the window: how far they came, and who was lost where. Raises Invalid, Unknown."""
    asked = await clicking.read_scope(service, scope)

    def look(connection: Any) -> list[relationship.Step]:
        return relationship.funnel(connection, since=asked.since, until=asked.until, scoped=clicking.keep_to(connection, asked))

    found = await service.resources.read(look)
    first = found[0].reached
    steps = [
        {
            "step": name, "meaning": MEANING[name], "reached": one.reached, "here": one.here, "share": one.reached / first if first else None,
            "lost": found[number - 1].here if number else 0, "of_previous": one.reached / found[number - 1].reached if number and found[number - 1].reached else None,
            "median_days": one.days,
        }
        for number, (name, one) in enumerate(zip(STEPS, found, strict=True))
    ]
    return {**asked.about, "steps": steps}


async def page_customers(service: AnalyticsService, *, scope: Scope, position: str | None, after: str, limit: int) -> list[dict[str, Any]]:
    """The customers behind the funnel with the day of each step."""
    asked = await clicking.read_scope(service, scope)
    place = None if position is None else STEPS.index(position) + 1

    def look(connection: Any) -> list[Road]:
        return relationship.page(
            connection, since=asked.since, until=asked.until, scoped=clicking.keep_to(connection, asked), position=place, after=after, limit=limit
        )

    return [_shown(one) for one in await service.resources.read(look)]


async def get_position(service: AnalyticsService, *, customer_id: UUID) -> dict[str, Any]:
    """How far one customer is, with dates. Raises Unknown."""

    def look(connection: Any) -> Road | None:
        return relationship.of_customer(connection, evaluating.survivor(connection, customer_id) or customer_id)

    found = await service.resources.read(look)
    if found is None:
        raise errors.unknown_customer()
    return _shown(found) | {"as_of": service.clock.now()}


def _shown(road: Road) -> dict[str, Any]:
    steps = [{"step": name, "at": moment} for name, moment in zip(STEPS, road.moments, strict=True)]
    return {"customer_id": road.customer_id, "position": STEPS[road.position - 1], "steps": steps}

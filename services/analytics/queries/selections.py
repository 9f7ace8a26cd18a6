"""Selections that were made, and the best next act of one customer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.analytics import errors
from services.analytics.domain.models import asking, selecting
from services.analytics.settings import AnalyticsService
from services.analytics.store import evaluating, scores, selections


async def get_selection(service: AnalyticsService, *, selection_id: UUID) -> dict[str, Any]:
    """What was asked and what came out. Raises Unknown."""
    async with service.read() as db:
        found = await selections.find_selection(db, selection_id)
    if found is None:
        raise errors.unknown_selection()
    return {"selection_id": selection_id, "asked": found["asked"], "made_at": found["made_at"], **found["answer"]}


async def page_members(service: AnalyticsService, *, selection_id: UUID, start: int, limit: int) -> list[dict[str, Any]]:
    """The chosen, the highest expected value first. Raises Unknown."""
    await get_selection(service, selection_id=selection_id)
    async with service.read() as db:
        return await selections.page_members(db, selection_id, start=start, limit=limit)


async def next_act(
    service: AnalyticsService, *, customer_id: UUID, offers: list[dict[str, Any]], basis: str, name: str
) -> dict[str, Any]:
    """Every act with its expected value, the best first, doing nothing among them; and the product that suits. Raises Unknown."""
    answering = await service.resources.read(lambda connection: evaluating.survivor(connection, customer_id)) or customer_id
    uplift, propensity = asking.score_name("uplift", name), asking.score_name("propensity", name)
    async with service.read() as db:
        row = await selections.candidate(db, uplift=uplift, propensity=propensity, customer_id=answering)
        carried = {one["score"]: one for one in await scores.scores_of(db, answering)}
    if row is None:
        raise errors.unknown_customer()
    ranked = selecting.best(selecting.acts_of(row, offers, basis))
    first = ranked[0]
    reason = (
        f"{first.name} is worth {first.net:.0f} more than doing nothing" if first.name != selecting.NOTHING
        else "nothing is worth more than it costs" if len(ranked) > 1 else "no model says what a contact changes for this customer"
    )
    interest = carried.get("interest")
    return {
        "customer_id": answering, "act": first.name, "reason": reason,
        "acts": [{"act": act.name, "net_minor": round(act.net), "value_minor": round(act.value), "cost_minor": act.cost} for act in ranked],
        "product": interest["value"] if interest else None, "product_reasons": interest["parts"].get("reasons", []) if interest else [],
        "as_of": service.clock.now(),
    }

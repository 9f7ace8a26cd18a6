"""Choose customers under a budget, and say who was chosen and why."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chassis.ids import new_id
from services.analytics import errors
from services.analytics.domain.models import asking, selecting
from services.analytics.settings import AnalyticsService
from services.analytics.store import selections


async def make_selection(
    service: AnalyticsService, *, budget_minor: int, capacity: int | None, offers: list[dict[str, Any]], basis: str, name: str, segment_id: UUID | None, by: str
) -> UUID:
    """Choose and keep. Raises Conflict when no model says what a contact changes."""
    uplift, propensity = asking.score_name("uplift", name), asking.score_name("propensity", name)
    async with service.read() as db:
        rows = await selections.candidates(db, uplift=uplift, propensity=propensity, segment_id=segment_id)
    known = {str(row["customer_id"]): (row, selecting.acts_of(row, offers, basis)) for row in rows}
    usable = {customer: acts for customer, (_, acts) in known.items() if acts}
    if not usable:
        raise errors.nothing_to_choose_from(uplift if basis == "uplift" else propensity)
    chosen = selecting.choose(usable.items(), budget=budget_minor, capacity=capacity)
    spent = sum(choice.act.cost for choice in chosen)
    answer = {
        "chosen": len(chosen), "candidates": len(usable), "without_model": len(rows) - len(usable), "spent_minor": spent, "left_minor": budget_minor - spent,
        "expected_value_minor": round(sum(choice.act.net for choice in chosen)), "basis": basis,
        "not_worth_it": sum(1 for acts in usable.values() if max(act.net for act in acts) <= 0),
    }
    members = [
        (UUID(choice.customer), round(choice.act.net), {
            "act": choice.act.name, "value_minor": round(choice.act.value), "cost_minor": choice.act.cost, "tier": known[choice.customer][0]["tier"],
            "instead_of": [{"act": act.name, "net_minor": round(act.net)} for act in choice.others],
        })
        for choice in chosen
    ]
    selection_id = new_id()
    asked = {"budget_minor": budget_minor, "capacity": capacity, "offers": offers, "basis": basis, "name": name, "segment_id": str(segment_id) if segment_id else None}
    async with service.transaction() as tx:
        await selections.insert_selection(
            tx.db, selection_id=selection_id, asked=asked, answer=answer, members=members, at=service.clock.now(), by=by
        )
    return selection_id

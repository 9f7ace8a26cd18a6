"""What programmes bring about, and how a budget is spread over customers."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from services.campaign import errors
from services.campaign.domain import significance
from services.campaign.domain.allocating import Customer, Share, allocate
from services.campaign.domain.programmes import Programme
from services.campaign.domain.significance import Counted, Effect
from services.campaign.settings import CampaignService
from services.campaign.store import programme_figures, programmes, recipients, satisfaction, suggesting, telling

#: Scores that say what a customer will bring in minor units, the best first.
VALUES = ("clv", "ltv", "lifetime_value", "value")
MOST = 100_000


class Mean(NamedTuple):
    """A mean of answers with its interval of 95 per cent; None without answers."""

    answers: int
    mean: float | None


class Satisfaction(NamedTuple):
    """Before and after joining, in each arm; `change`: (difference of differences, low, high); `reached`: the goal, by those treated, after."""

    goal: float | None
    reached: bool | None
    before: dict[str, Mean]
    after: dict[str, Mean]
    change: tuple[float, float, float] | None


class Report(NamedTuple):
    programme: Programme
    arms: list[dict[str, Any]]
    costs: dict[str, Any]
    buyers: Effect | None
    sales: tuple[float, float, float] | None
    satisfaction: Satisfaction
    dealings: list[dict[str, Any]]
    shares: list[dict[str, Any]]


async def get_programme_report(service: CampaignService, *, programme_id: UUID) -> Report:
    """Raises Unknown."""
    async with service.read() as db:
        programme = await programmes.find(db, programme_id)
        if programme is None:
            raise errors.unknown_programme()
        arms = await programme_figures.by_arm(db, programme_id=programme_id, at=service.clock.now())
        costs = await programme_figures.costs(db, programme_id=programme_id)
        dealings = await suggesting.dealings(db, programme_id=programme_id)
        shares = await telling.shares(db, programme_id=programme_id)
        answers = await satisfaction.before_and_after(db, programme_id=programme_id)
    by = {row["arm"]: row for row in arms}
    buyers, sales = None, None
    if {"treated", "holdout"} <= set(by):
        groups = [by["treated"], by["holdout"]]
        buyers = significance.effect(*(Counted(row["members"], row["buyers"]) for row in groups))
        sales = significance.mean_effect(*((row["members"], float(row["net_minor"]), row["net_squares"]) for row in groups))
    return Report(programme, arms, costs, buyers, sales, _satisfaction(programme, answers), dealings, shares)


def _satisfaction(programme: Programme, answers: list[dict[str, Any]]) -> Satisfaction:
    counted = {(row["arm"], row["after"]): (row["answers"], row["total"], row["squares"]) for row in answers}
    before, after = ({arm: _mean(counted.get((arm, late))) for arm in ("treated", "holdout")} for late in (False, True))
    own = after["treated"].mean
    changes = [
        significance.mean_effect(counted[arm, True], counted[arm, False]) if (arm, True) in counted and (arm, False) in counted else None
        for arm in ("treated", "holdout")
    ]
    change = None
    if changes[0] is not None and changes[1] is not None:
        difference = changes[0][0] - changes[1][0]
        half = (sum((one[2] - one[0]) ** 2 for one in changes if one is not None)) ** 0.5
        change = (difference, difference - half, difference + half)
    reached = None if programme.goal is None or own is None else own >= programme.goal
    return Satisfaction(programme.goal, reached, before, after, change)


def _mean(counted: tuple[int, float, float] | None) -> Mean:
    return Mean(0, None) if counted is None else Mean(counted[0], counted[1] / counted[0])


async def suggest(service: CampaignService, *, customer_id: UUID, limit: int) -> list[dict[str, Any]]:
    """What to offer a customer next, by what buyers of the same bought too."""
    async with service.read() as db:
        person = (await recipients.survivors(db, [customer_id]))[customer_id]
        return await suggesting.companions(db, person, limit=limit)


async def spread_budget(
    service: CampaignService, *, budget_minor: int, weights: dict[str, float], most_of_value: float
) -> list[Share]:
    """The budget over all customers with a lifetime value, by value and investment tier. Raises Conflict when nobody's value is known."""
    async with service.read() as db:
        rows = await programme_figures.valued(db, scores=list(VALUES), limit=MOST)
    customers = []
    for row in rows:
        try:
            customers.append(Customer(row["customer_id"], row["tier"] or "none", round(float(row["value"]))))
        except ValueError:
            continue
    if not customers:
        raise errors.no_values()
    return allocate(customers, budget=budget_minor, weights=weights, most_of_value=most_of_value)

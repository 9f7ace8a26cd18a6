"""`/api/v1/programmes/{id}/report` and `/api/v1/programmes/budgets`."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from chassis.web import Page
from services.campaign import queries
from services.campaign.api.experiments import effect_view
from services.campaign.api.programmes import READ, Running
from services.campaign.domain.significance import Counted
from services.campaign.schemas.programme_reports import (
    BudgetView,
    CustomerShare,
    DealingsView,
    IntervalView,
    MeanView,
    ProgrammeArm,
    ProgrammeReportView,
    SatisfactionView,
    ShareView,
    SpreadBudget,
    SuggestionView,
    TierShare,
)

router = APIRouter(prefix="/api/v1/programmes", tags=["programmes"])


@router.get("/{programme_id}/report", dependencies=[READ])
async def report(service: Running, programme_id: UUID) -> ProgrammeReportView:
    """Members, sales and satisfaction, against those who were held out."""
    found = await queries.get_programme_report(service, programme_id=programme_id)
    groups = {row["arm"]: Counted(row["members"], row["buyers"]) for row in found.arms}
    said = found.satisfaction
    return ProgrammeReportView(
        programme_id=programme_id, arms=[ProgrammeArm(**{name: row[name] for name in ProgrammeArm.model_fields}) for row in found.arms],
        redemptions=found.costs["redemptions"], points_redeemed=found.costs["points"], reward_cost_minor=found.costs["cost_minor"],
        buyers=effect_view(groups["treated"], groups["holdout"]) if found.buyers is not None else None, sales_minor=_interval(found.sales),
        satisfaction=SatisfactionView(
            goal=said.goal, reached=said.reached, change=_interval(said.change),
            before={arm: MeanView(**mean._asdict()) for arm, mean in said.before.items()},
            after={arm: MeanView(**mean._asdict()) for arm, mean in said.after.items()},
        ),
        dealings=[
            DealingsView(**{name: row[name] if name in ("arm", "members") else row[name] / row["members"] for name in DealingsView.model_fields})
            for row in found.dealings
        ],
        share_of_customer=[ShareView(**row, change=row["after"] - row["before"]) for row in found.shares],
    )


@router.get("/suggestions/{customer_id}", dependencies=[READ])
async def suggest(service: Running, customer_id: UUID, limit: Annotated[int, Query(ge=1, le=20)] = 5) -> Page[SuggestionView]:
    """What to offer a customer next, and why; mails of cross-selling programmes have the first three as `data.suggestions`."""
    found = await queries.suggest(service, customer_id=customer_id, limit=limit)
    return Page(
        data=[
            SuggestionView(
                product_id=one["product"], name=one["name"], together=one["together"], share=one["share"], lift=one["lift"],
                reason=f"{one['together']} customers who bought the same bought this too, {one['lift']:.1f} times as many as of all",
            )
            for one in found
        ],
        next_page_token=None,
    )


@router.post("/budgets", dependencies=[READ])
async def spread_budget(service: Running, body: SpreadBudget) -> BudgetView:
    """A budget in, an allocation per tier and customer out, by lifetime value."""
    shares = await queries.spread_budget(service, budget_minor=body.budget_minor, weights=dict(body.weights), most_of_value=body.most_of_value)
    tiers: dict[str, TierShare] = {}
    for share in shares:
        tier = tiers.setdefault(share.tier, TierShare(tier=share.tier, customers=0, amount_minor=0))
        tier.customers += 1
        tier.amount_minor += share.amount
    largest = sorted((share for share in shares if share.amount), key=lambda share: (-share.amount, share.customer_id))[: body.customers]
    return BudgetView(
        budget_minor=body.budget_minor, allocated_minor=sum(share.amount for share in shares),
        tiers=sorted(tiers.values(), key=lambda tier: (-tier.amount_minor, tier.tier)),
        customers=[CustomerShare(customer_id=one.customer_id, tier=one.tier, value_minor=one.value, amount_minor=one.amount) for one in largest],
    )


def _interval(found: tuple[float, float, float] | None) -> IntervalView | None:
    return None if found is None else IntervalView(difference=found[0], low=found[1], high=found[2])

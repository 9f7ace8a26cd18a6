"""Selections under a budget, next acts, rules with thresholds, and the value of the customer base over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from chassis import web
from chassis.errors import Invalid
from chassis.identity import Caller
from services.analytics.commands import ruling, selecting
from services.analytics.queries import modelling, selections
from services.analytics.schemas.selections import (
    BaseValueView,
    MakeSelection,
    NextAct,
    NextActView,
    RfmRules,
    RulesView,
    SelectedView,
    SelectionView,
    StageRules,
    TierRules,
)
from services.analytics.settings import AnalyticsService

router = APIRouter(tags=["models"])

Running = Annotated[AnalyticsService, Depends(web.service)]
Reading = Annotated[Caller, web.allow("analytics:read")]
Writing = Annotated[Caller, web.allow("analytics:write")]
Limit = Annotated[int, Query(ge=1, le=1000)]
Change = Annotated[float, Query(ge=-90, le=100)]


@router.get("/api/v1/models/{kind}/rules")
async def get_rules(kind: str, service: Running, caller: Reading) -> RulesView:
    """The thresholds of rfm, stage or tier and what they mean."""
    return RulesView(**await modelling.get_rules(service, kind=kind))


@router.put("/api/v1/models/rfm/rules")
async def set_rfm_rules(body: RfmRules, service: Running, caller: Writing) -> RulesView:
    """Own cut points; customers are scored by them within seconds."""
    await ruling.set_rules(service, kind="rfm", rules=body.model_dump(), by=caller.subject)
    return RulesView(**await modelling.get_rules(service, kind="rfm"))


@router.put("/api/v1/models/stage/rules")
async def set_stage_rules(body: StageRules, service: Running, caller: Writing) -> RulesView:
    """What makes a customer one to retain."""
    await ruling.set_rules(service, kind="stage", rules=body.model_dump(), by=caller.subject)
    return RulesView(**await modelling.get_rules(service, kind="stage"))


@router.put("/api/v1/models/tier/rules")
async def set_tier_rules(body: TierRules, service: Running, caller: Writing) -> RulesView:
    """Who gets high, medium or no investment; everybody is judged by it before this answers."""
    await ruling.set_rules(service, kind="tier", rules=body.model_dump(), by=caller.subject)
    return RulesView(**await modelling.get_rules(service, kind="tier"))


@router.get("/api/v1/models/lifetime/base")
async def value_of_base(
    service: Running, caller: Reading, retention_points: Change = 1.0, margin_percent: Change = 1.0, acquisition_percent: Change = -1.0
) -> BaseValueView:
    """The value of the customer base, its index against the first version, and what would follow from a change."""
    return BaseValueView(**await modelling.value_of_base(
        service, retention_points=retention_points, margin_percent=margin_percent, acquisition_percent=acquisition_percent
    ))


@router.post("/api/v1/selections", status_code=201)
async def make_selection(body: MakeSelection, service: Running, caller: Writing) -> SelectionView:
    """Choose whom to contact with which offer for the highest expected incremental value; never above budget or capacity."""
    selection_id = await selecting.make_selection(
        service, budget_minor=body.budget_minor, capacity=body.capacity, offers=[one.model_dump() for one in body.offers], basis=body.basis, name=body.name,
        segment_id=body.segment_id, by=caller.subject,
    )
    return SelectionView(**await selections.get_selection(service, selection_id=selection_id))


@router.get("/api/v1/selections/{selection_id}")
async def get_selection(selection_id: UUID, service: Running, caller: Reading) -> SelectionView:
    return SelectionView(**await selections.get_selection(service, selection_id=selection_id))


@router.get("/api/v1/selections/{selection_id}/members")
async def list_selected(
    selection_id: UUID, service: Running, caller: Reading, limit: Limit = 100, page_token: Annotated[str | None, Query(max_length=500)] = None
) -> web.Page[SelectedView]:
    """The chosen, the highest expected value first, each with the act, its worth and what was not done instead."""
    start = 0
    if page_token is not None:
        (start,) = web.read_page_token(page_token, 1)
        if not isinstance(start, int) or not 0 <= start <= 10**9:
            raise Invalid("page.bad_token", "The page token is not one of ours: begin again without it.")
    found = await selections.page_members(service, selection_id=selection_id, start=start, limit=limit)
    following = web.page_token(start + limit) if len(found) == limit else None
    return web.Page(data=[SelectedView(**one) for one in found], next_page_token=following)


@router.post("/api/v1/customers/{customer_id}/scores/next-act")
async def next_act(customer_id: UUID, body: NextAct, service: Running, caller: Reading) -> NextActView:
    """Every offer with its expected value for this customer, doing nothing among them, and why the first one won."""
    return NextActView(**await selections.next_act(
        service, customer_id=customer_id, offers=[one.model_dump() for one in body.offers], basis=body.basis, name=body.name
    ))

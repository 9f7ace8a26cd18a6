"""Metrics, cohorts, scores and costs over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from chassis import web
from chassis.errors import Invalid
from chassis.identity import Caller
from services.analytics.commands import costs
from services.analytics.queries import measuring, scoring
from services.analytics.schemas.costs import BookCost, CostView
from services.analytics.schemas.figures import CohortsView, DefinitionView, MetricView, RejectView, ScoresView
from services.analytics.settings import AnalyticsService

router = APIRouter(tags=["figures"])

Running = Annotated[AnalyticsService, Depends(web.service)]
Reading = Annotated[Caller, web.allow("analytics:read")]
Writing = Annotated[Caller, web.allow("analytics:write")]
Limit = Annotated[int, Query(ge=1, le=1000)]
Token = Annotated[str | None, Query(max_length=500)]
Calendar = Annotated[Literal["gregorian", "jalali"], Query()]
Market = Annotated[Literal["b2b", "b2c"] | None, Query(description="Organisations and their people, everybody else; without it: both.")]
Day = Annotated[str | None, Query(max_length=10)]


@router.get("/api/v1/metrics")
async def list_metrics(service: Running, caller: Reading) -> web.Page[DefinitionView]:
    """Every metric with its formula."""
    return web.Page(data=[DefinitionView(**one._asdict()) for one in measuring.list_metrics()])


@router.get("/api/v1/metrics/{name}")
async def get_metric(
    name: str, *, service: Running, caller: Reading, calendar: Calendar = "gregorian", first: Annotated[Day, Query(alias="from")] = None,
    to: Day = None, by: Annotated[str | None, Query(max_length=50)] = None, market: Market = None,
) -> MetricView:
    """One metric in the window `[from, to)`, of one market or both, also split `by` month, channel, source, segment or campaign."""
    return MetricView(**await measuring.get_metric(service, name=name, first=first, last=to, calendar=calendar, by=by, market=market))


@router.get("/api/v1/cohorts")
async def get_cohorts(
    service: Running, caller: Reading, calendar: Calendar = "gregorian", months: Annotated[int, Query(ge=1, le=60)] = 12,
    market: Market = None,
) -> CohortsView:
    """Customers by the month of their first order, and how many came back."""
    return CohortsView(**await measuring.get_cohorts(service, calendar=calendar, months=months, market=market))


@router.get("/api/v1/customers/{customer_id}/scores")
async def get_scores(customer_id: UUID, service: Running, caller: Reading) -> ScoresView:
    """RFM, stage and segments of a customer."""
    return ScoresView(**await scoring.get_scores(service, customer_id=customer_id))


@router.post("/api/v1/costs", status_code=201)
async def book_cost(body: BookCost, service: Running, caller: Writing, response: Response) -> CostView:
    """Book a cost; 200 instead of 201 when the same reference was booked before with the same content."""
    entry, new = await costs.book_cost(service, **body.model_dump(), by=caller.subject)
    if not new:
        response.status_code = 200
    return CostView(**entry)


@router.get("/api/v1/costs")
async def list_costs(
    *, service: Running, caller: Reading, first: Annotated[date | None, Query(alias="from")] = None, to: date | None = None, limit: Limit = 100,
    page_token: Token = None,
) -> web.Page[CostView]:
    """The ledger by the day costs are booked on, `[from, to)`."""
    found = await scoring.page_costs(service, first=first, last=to, after=_after(page_token), limit=limit)
    following = web.page_token(found[-1]["booked_on"], found[-1]["cost_id"]) if len(found) == limit else None
    return web.Page(data=[CostView(**one) for one in found], next_page_token=following)


@router.get("/internal/rejects", include_in_schema=False)
async def list_rejects(service: Running, caller: Annotated[Caller, web.allow("admin")], limit: Limit = 100) -> web.Page[RejectView]:
    """Records of the log that could not be read, the newest first: where they are and why, never what they hold."""
    return web.Page(data=[RejectView(**one) for one in await scoring.list_rejects(service, limit=limit)])


def _after(token: str | None) -> tuple[date, UUID] | None:
    if token is None:
        return None
    day, cost_id = web.read_page_token(token, 2)
    try:
        return date.fromisoformat(str(day)), UUID(str(cost_id))
    except ValueError:
        raise Invalid("page.bad_token", "The page token is not one of ours: begin again without it.") from None

"""Metrics, cohorts and scores over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from chassis import web
from chassis.errors import Forbidden, Invalid
from chassis.identity import Caller
from services.analytics.queries import cohorts, measuring, scoring
from services.analytics.schemas.figures import (
    CohortsView,
    DefinitionView,
    FigureView,
    MetricView,
    RejectView,
    RowsView,
    RowView,
    ScoresView,
)
from services.analytics.settings import AnalyticsService

router = APIRouter(tags=["figures"])

Running = Annotated[AnalyticsService, Depends(web.service)]
Reading = Annotated[Caller, web.allow("analytics:read")]
Limit = Annotated[int, Query(ge=1, le=1000)]
Token = Annotated[str | None, Query(max_length=500)]
Calendar = Annotated[Literal["gregorian", "jalali"], Query()]
Market = Annotated[Literal["b2b", "b2c"] | None, Query(description="Organisations and their people, everybody else; without it: both.")]
Day = Annotated[str | None, Query(max_length=10)]


@router.get("/api/v1/metrics")
async def list_metrics(service: Running, caller: Reading) -> web.Page[DefinitionView]:
    """Every metric with its formula."""
    return web.Page(data=[DefinitionView.model_validate(one._asdict()) for one in measuring.list_metrics()])


class Wished:
    """How a metric is asked, read from the address."""

    def __init__(
        self, calendar: Calendar = "gregorian", first: Annotated[Day, Query(alias="from")] = None, to: Day = None,
        by: Annotated[str | None, Query(max_length=50)] = None, market: Market = None,
        segment: Annotated[UUID | None, Query(description="Only members of this segment.")] = None,
        purpose: Annotated[str | None, Query(max_length=100, description="Only people who granted this purpose.")] = None,
        allocation: Annotated[Literal["even", "responders", "touches", "revenue"], Query(description="How shared costs are split.")] = "even",
        serve: Annotated[bool, Query(description="Retention cost includes the cost of service.")] = False,
        trend: Annotated[int | None, Query(ge=2, le=60, description="Also the last months up to the window's end.")] = None,
    ) -> None:
        self.wish = measuring.Wish(
            first=first, last=to, calendar=calendar, by=by, market=market, segment_id=str(segment) if segment else None, purpose=purpose,
            allocation=allocation, serve=serve, trend=trend,
        )


@router.get("/api/v1/metrics/{name}")
async def get_metric(name: str, service: Running, caller: Reading, asked: Annotated[Wished, Depends()]) -> MetricView:
    """One metric in the window `[from, to)`, of everybody or of a market, a segment or a purpose, also split and as a trend."""
    _may_see(caller, name, persons=asked.wish.by == "employee")
    return MetricView(**await measuring.get_metric(service, name=name, wish=asked.wish))


@router.get("/api/v1/metrics/{name}/rows")
async def list_rows(
    name: str, *, service: Running, caller: Reading, asked: Annotated[Wished, Depends()], group: Annotated[str | None, Query(max_length=200)] = None,
    limit: Limit = 100, page_token: Token = None,
) -> RowsView:
    """The rows behind the figure, or behind one `group` of it."""
    _may_see(caller, name, persons=True)
    start = _position(page_token)
    rows, figure = await measuring.page_rows(service, name=name, wish=asked.wish, group=group, start=start, limit=limit)
    return RowsView(
        data=[RowView.model_validate(row._asdict()) for row in rows], figure=FigureView(**figure),
        next_page_token=web.page_token(start + len(rows)) if len(rows) == limit else None,
    )


@router.get("/api/v1/cohorts")
async def get_cohorts(
    service: Running, caller: Reading, calendar: Calendar = "gregorian", months: Annotated[int, Query(ge=1, le=60)] = 12,
    market: Market = None,
) -> CohortsView:
    """Customers by the month of their first order, and how many came back."""
    return CohortsView(**await cohorts.get_cohorts(service, calendar=calendar, months=months, market=market))


@router.get("/api/v1/customers/{customer_id}/scores")
async def get_scores(customer_id: UUID, service: Running, caller: Reading) -> ScoresView:
    """RFM, stage and segments of a customer."""
    return ScoresView(**await scoring.get_scores(service, customer_id=customer_id))


@router.get("/internal/rejects", include_in_schema=False)
async def list_rejects(service: Running, caller: Annotated[Caller, web.allow("admin")], limit: Limit = 100) -> web.Page[RejectView]:
    """Records of the log that could not be read, the newest first: where they are and why, never what they hold."""
    return web.Page(data=[RejectView(**one) for one in await scoring.list_rejects(service, limit=limit)])


def _may_see(caller: Caller, name: str, *, persons: bool) -> None:
    """What one person on the staff is worth needs a permission of its own. Raises Forbidden."""
    if persons and name == "staff_share" and "admin" not in caller.scopes:
        raise Forbidden("forbidden.scope", "What single employees bring is shown to the scope admin alone; by team it is open.")


def _position(token: str | None) -> int:
    value = 0 if token is None else web.read_page_token(token, 1)[0]
    if not isinstance(value, int) or not 0 <= value < 2**62:
        raise Invalid("page.bad_token", "The page token is not one of ours: begin again without it.")
    return value

"""Funnels, paths and attribution over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from chassis import web
from chassis.identity import Caller
from services.analytics.api.segments import read_uuid_token
from services.analytics.domain.journeys import SESSION_MINUTES
from services.analytics.queries import clicking, relating
from services.analytics.queries.clicking import Scope
from services.analytics.schemas.clicks import (
    AskFunnel,
    AttributionView,
    CustomerPositionView,
    FunnelView,
    PathsView,
    PositionView,
    RelationshipView,
)
from services.analytics.settings import AnalyticsService

router = APIRouter(tags=["clicks"])

Running = Annotated[AnalyticsService, Depends(web.service)]
Reading = Annotated[Caller, web.allow("analytics:read")]
Day = Annotated[str | None, Query(max_length=10)]


class Scoped:
    """A window and of whom, read from the address."""

    def __init__(
        self, first: Annotated[Day, Query(alias="from")] = None, to: Day = None, calendar: Literal["gregorian", "jalali"] = "gregorian",
        market: Literal["b2b", "b2c"] | None = None, segment: UUID | None = None, purpose: Annotated[str | None, Query(max_length=100)] = None,
    ) -> None:
        self.scope = Scope(first, to, calendar, market, str(segment) if segment else None, purpose)


@router.post("/api/v1/funnels")
async def ask_funnel(body: AskFunnel, service: Running, caller: Reading) -> FunnelView:
    """How many came to each step, and how long it took; also by channel, source, medium, or first and returning visits."""
    scope = Scope(body.first, body.to, body.calendar, body.market, str(body.segment) if body.segment else None, body.purpose)
    return FunnelView(
        **await clicking.get_funnel(
            service, steps=[step.model_dump() for step in body.steps], scope=scope, per=body.per, within_minutes=body.within_minutes,
            session_minutes=body.session_minutes, by=body.by,
        )
    )


@router.get("/api/v1/paths")
async def get_paths(
    service: Running, caller: Reading, asked: Annotated[Scoped, Depends()], per: Literal["customer", "visit"] = "visit",
    session_minutes: Annotated[int, Query(ge=1, le=1440)] = SESSION_MINUTES, length: Annotated[int, Query(ge=1, le=20)] = 5,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> PathsView:
    """From event to event: counts, shares, time between, first visits beside returning ones; and the most common beginnings."""
    return PathsView(
        **await clicking.get_paths(service, scope=asked.scope, per=per, session_minutes=session_minutes, length=length, limit=limit)
    )


@router.get("/api/v1/attributions")
async def get_attribution(
    service: Running, caller: Reading, asked: Annotated[Scoped, Depends()],
    model: Literal["first", "last", "linear", "position", "time_decay", "markov"] = "last",
    by: Literal["channel", "source", "campaign"] = "channel", days: Annotated[int, Query(ge=1, le=365)] = 30,
) -> AttributionView:
    """Orders and revenue of the window, credited to the touches of the days before each order."""
    return AttributionView(**await clicking.get_attribution(service, scope=asked.scope, model=model, by=by, days=days))


@router.get("/api/v1/funnels/relationship")
async def get_relationship(service: Running, caller: Reading, asked: Annotated[Scoped, Depends()]) -> RelationshipView:
    """Target, attract, capture, serve, satisfy: how far those came who became a target in the window."""
    return RelationshipView(**await relating.get_funnel(service, scope=asked.scope))


@router.get("/api/v1/funnels/relationship/customers")
async def list_positions(
    service: Running, caller: Reading, asked: Annotated[Scoped, Depends()],
    position: Literal["target", "attract", "capture", "serve", "satisfy"] | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    page_token: Annotated[str | None, Query(max_length=500)] = None,
) -> web.Page[PositionView]:
    """The customers behind the funnel, each with the day of every step."""
    after = read_uuid_token(page_token)
    found = await relating.page_customers(service, scope=asked.scope, position=position, after=str(after) if after else "", limit=limit)
    following = web.page_token(found[-1]["customer_id"]) if len(found) == limit else None
    return web.Page(data=[PositionView(**one) for one in found], next_page_token=following)


@router.get("/api/v1/customers/{customer_id}/scores/relationship")
async def get_position(customer_id: UUID, service: Running, caller: Reading) -> CustomerPositionView:
    """How far one customer came, with the day of each step."""
    return CustomerPositionView(**await relating.get_position(service, customer_id=customer_id))

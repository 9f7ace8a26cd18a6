"""The economics of customers over HTTP: one by one, and lifetime value in sum."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from chassis import web
from chassis.identity import Caller
from services.analytics.api.figures import Wished
from services.analytics.api.segments import read_uuid_token
from services.analytics.queries import economics, valuing
from services.analytics.schemas.economics import EconomicsView, ValueRow, ValuesView
from services.analytics.schemas.models import ModelName
from services.analytics.settings import AnalyticsService

router = APIRouter(tags=["economics"])

Running = Annotated[AnalyticsService, Depends(web.service)]
Reading = Annotated[Caller, web.allow("analytics:read")]
By = Annotated[Literal["segment", "cohort", "channel"] | None, Query()]
Calendar = Annotated[Literal["gregorian", "jalali"], Query()]
Named = Annotated[ModelName, Query()]


@router.get("/api/v1/customers/{customer_id}/scores/economics")
async def get_economics(customer_id: UUID, service: Running, caller: Reading, asked: Annotated[Wished, Depends()]) -> EconomicsView:
    """What it cost to win and to keep, sales, share, profit beside its segments, value, satisfaction, tier and why."""
    return EconomicsView(**await economics.get_economics(service, customer_id=customer_id, wish=asked.wish))


@router.get("/api/v1/models/lifetime/values")
async def get_values(service: Running, caller: Reading, by: By = None, calendar: Calendar = "gregorian", name: Named = "default") -> ValuesView:
    """Lifetime value in sum and mean: of everybody, by segment, by cohort of the first order, by the channel that won the customer."""
    return ValuesView(**await valuing.get_values(service, by=by, calendar=calendar, name=name))


@router.get("/api/v1/models/lifetime/values/rows")
async def list_value_rows(
    service: Running, caller: Reading, by: By = None, group: Annotated[str | None, Query(max_length=100)] = None, calendar: Calendar = "gregorian",
    name: Named = "default", limit: Annotated[int, Query(ge=1, le=1000)] = 100, page_token: Annotated[str | None, Query(max_length=500)] = None,
) -> web.Page[ValueRow]:
    """The customers behind the sum, or behind one `group` of it."""
    found = await valuing.page_rows(
        service, by=by, group=group, calendar=calendar, name=name, after=read_uuid_token(page_token) or UUID(int=0), limit=limit
    )
    following = web.page_token(found[-1]["customer_id"]) if len(found) == limit else None
    return web.Page(data=[ValueRow(**one) for one in found], next_page_token=following)

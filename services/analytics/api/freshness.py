"""How old what is known is, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from chassis import web
from chassis.identity import Caller
from services.analytics.queries import freshness
from services.analytics.settings import AnalyticsService

router = APIRouter(tags=["freshness"])

Running = Annotated[AnalyticsService, Depends(web.service)]
Reading = Annotated[Caller, web.allow("analytics:read")]


class AgeView(BaseModel):
    """`age_s` null: not worked out since the start; `told_since`: since when it is told (`knowledge_aged`) to be over its limit."""

    kind: str
    name: str
    age_s: float | None
    limit_s: float
    over: bool
    told_since: datetime | None


class ProfilesView(BaseModel):
    """Live customers: how long ago half and 95 % of them had a fact at the latest; `over`: how many had none within the limit."""

    customers: int
    median_s: float | None
    p95_s: float | None
    over: int
    limit_s: float


class FreshnessView(BaseModel):
    as_of: datetime
    data_age_s: float | None
    profiles: ProfilesView
    data: list[AgeView]


@router.get("/api/v1/freshness")
async def get_freshness(service: Running, caller: Reading) -> FreshnessView:
    """The age of profiles, of every segment and of every score, each with its limit."""
    return FreshnessView(**await freshness.get_freshness(service))

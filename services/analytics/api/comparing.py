"""How figures go together, over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field, model_validator

from chassis import web
from chassis.identity import Caller
from services.analytics.queries import comparing, purposes
from services.analytics.queries.clicking import Scope
from services.analytics.schemas.given import Strict
from services.analytics.settings import AnalyticsService

router = APIRouter(tags=["relations"])

Running = Annotated[AnalyticsService, Depends(web.service)]
Reading = Annotated[Caller, web.allow("analytics:read")]
Day = Annotated[str | None, Query(max_length=10)]


class Beside(Strict):
    """One customer beside a `segment`, or beside everybody for whom a `rule` holds."""

    customer_id: UUID
    segment: UUID | None = None
    rule: dict[str, Any] | None = None
    days: Annotated[int, Field(ge=1, le=3660)] = 365
    purpose: Annotated[str | None, Field(max_length=100)] = None

    @model_validator(mode="after")
    def _one(self) -> Beside:
        if (self.segment is None) == (self.rule is None):
            raise ValueError("give a segment or a rule, one of them")
        return self


class FigureBeside(BaseModel):
    """`share_below`: share of the members that lie below the customer's own figure, ties by half; `n`: members who have the figure."""

    name: str
    own: float | None
    n: int
    mean: float | None
    median: float | None
    share_below: float | None


class Shared(BaseModel):
    value: str
    share: float


class MostBeside(BaseModel):
    """What the customer does most, and what share of the members each value is the most frequent of."""

    name: str
    own: str | None
    others: list[Shared]


class BesideView(BaseModel):
    """`belongs`: whether the customer is one of the members."""

    customer_id: UUID
    segment_id: UUID | None
    days: int
    as_of: datetime
    data_age_s: float | None
    currency: str
    belongs: bool
    members: int
    figures: list[FigureBeside]
    most: list[MostBeside]


class CorrelationView(BaseModel):
    """Null with a `reason` when there are fewer than ten pairs or one of the two does not vary; intervals are those of 95 %."""

    n: int
    pearson: float | None
    pearson_interval: list[float] | None
    spearman: float | None
    spearman_interval: list[float] | None
    reason: str | None


class CurvePoint(BaseModel):
    """Mean profit in minor units of the people with this score."""

    score: int
    n: int
    mean: float
    interval: list[float] | None


class RelatedView(BaseModel):
    segment_id: UUID | None
    name: str
    answers: int
    correlation: CorrelationView
    curve: list[CurvePoint]


class SatisfactionView(BaseModel):
    first: date = Field(serialization_alias="from")
    to: date
    scale: str
    currency: str
    as_of: datetime
    data_age_s: float | None
    data: list[RelatedView]


class FrictionLine(BaseModel):
    """`friction`: 0 to 100; `conversion`: purchases of all visits; medians are those of ended purchases."""

    key: str
    visits: int
    attempts: int
    purchases: int
    abandoned: int
    abandonment: float | None
    median_steps: float | None
    median_seconds: float | None
    faults: int
    faults_per_attempt: float | None
    friction: float | None
    conversion: float | None


class FrictionView(BaseModel):
    first: date = Field(serialization_alias="from")
    to: date
    time_zone: str
    as_of: datetime
    data_age_s: float | None
    by: str
    total: FrictionLine
    groups: list[FrictionLine]
    with_conversion: CorrelationView


@router.post("/api/v1/relations/beside")
async def beside(body: Beside, service: Running, caller: Reading) -> BesideView:
    """A segment and one profile answer the same questions side by side."""
    bound = await purposes.get_bound(service, purpose=body.purpose, channel=None)
    return BesideView(
        **await comparing.beside(service, customer_id=body.customer_id, rule=body.rule, segment_id=body.segment, days=body.days, purpose=bound)
    )


@router.get("/api/v1/relations/satisfaction-profit")
async def satisfaction_and_profit(
    service: Running, caller: Reading, first: Annotated[Day, Query(alias="from")] = None, to: Day = None,
    calendar: Literal["gregorian", "jalali"] = "gregorian", scale: Literal["csat", "nps", "effort", "purchase", "delivery"] = "csat",
    segment: Annotated[list[UUID] | None, Query(max_length=50, description="Only these segments; without it every active one.")] = None,
    market: Literal["b2b", "b2c"] | None = None, purpose: Annotated[str | None, Query(max_length=100)] = None,
) -> SatisfactionView:
    """Mean answer of a customer against the profit they made in the window: correlation and curve, of everybody and by segment."""
    scope = Scope(first, to, calendar, market, None, purpose)
    return SatisfactionView(**await comparing.satisfaction_and_profit(service, scale=scale, scope=scope, segments=segment or []))


@router.get("/api/v1/relations/friction")
async def get_friction(
    service: Running, caller: Reading, first: Annotated[Day, Query(alias="from")] = None, to: Day = None,
    calendar: Literal["gregorian", "jalali"] = "gregorian", by: Literal["month", "channel", "source"] = "month", market: Literal["b2b", "b2c"] | None = None,
    segment: UUID | None = None, purpose: Annotated[str | None, Query(max_length=100)] = None,
    session_minutes: Annotated[int, Query(ge=1, le=1440)] = 30,
) -> FrictionView:
    """Steps, time, faults and abandonment of purchases in one score, set against conversion."""
    scope = Scope(first, to, calendar, market, str(segment) if segment else None, purpose)
    return FrictionView(**await comparing.friction(service, scope=scope, by=by, session_minutes=session_minutes))

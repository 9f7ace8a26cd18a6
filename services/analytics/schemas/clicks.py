"""Requests and answers about funnels, paths and attribution."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.analytics.domain.journeys import MAX_STEPS, SESSION_MINUTES
from services.analytics.schemas.given import Strict, Word


class StepGiven(Strict):
    """An event (`*`: any), of a kind, whose properties pass `where` as in rules."""

    event: Word
    kind: Word | None = None
    where: Annotated[list[dict[str, Any]], Field(max_length=20)] = []


class AskFunnel(Strict):
    """Who did the steps in this order, whatever else lies between, at most `within_minutes` from the first to the last. Window `[from, to)`."""

    steps: Annotated[list[StepGiven], Field(min_length=1, max_length=MAX_STEPS)]
    first: Annotated[str | None, Field(alias="from", max_length=10)] = None
    to: Annotated[str | None, Field(max_length=10)] = None
    calendar: Literal["gregorian", "jalali"] = "gregorian"
    per: Literal["customer", "visit"] = "customer"
    within_minutes: Annotated[int | None, Field(ge=1, le=5_256_000)] = None
    session_minutes: Annotated[int, Field(ge=1, le=1440)] = SESSION_MINUTES
    by: Literal["channel", "source", "medium", "visitor"] | None = None
    market: Literal["b2b", "b2c"] | None = None
    segment: UUID | None = None
    purpose: Word | None = None


class StepView(BaseModel):
    """`share`: of those at the first step; `of_previous`: of those at the step before. `median_s`: seconds since the step before."""

    event: str
    count: int
    lost: int
    share: float | None
    of_previous: float | None
    median_s: float | None


class BranchView(BaseModel):
    key: str
    steps: list[StepView]


class Asked(BaseModel):
    """What was asked of: window, and when."""

    first: date = Field(serialization_alias="from")
    to: date
    time_zone: str
    as_of: datetime
    data_age_s: float | None


class FunnelView(Asked):
    per: str
    steps: list[StepView]
    by: str | None
    branches: list[BranchView]


class MoveView(BaseModel):
    """`share`: of all that leave `here`. `first_time` of them in somebody's first visit, the others by returning ones."""

    here: str
    there: str
    count: int
    share: float
    median_s: float | None
    first_time: int
    returning: int


class PathView(BaseModel):
    path: list[str]
    count: int
    first_time: int
    returning: int


class PathsView(Asked):
    """`moves` is the matrix of transitions, with (start) and (end)."""

    per: str
    events: int
    visits: int
    people: int
    first_visits: int
    returning_visits: int
    moves: list[MoveView]
    paths: list[PathView]


class CreditView(BaseModel):
    """`orders` may be fractions; the money parts sum to the total."""

    key: str
    orders: float
    revenue_minor: int
    share: float


class AttributionView(Asked):
    """`direct`: orders without a touch. The credits and `direct` sum to `orders` and `revenue_minor`."""

    model: str
    by: str
    days: int
    currency: str
    orders: int
    revenue_minor: int
    credits: list[CreditView]
    direct: CreditView
    removal_effects: dict[str, float] | None


class RoadStepView(BaseModel):
    """`reached`: came at least so far; `here`: came no farther; `lost`: stayed at the step before; `median_days` from the step before."""

    step: str
    meaning: str
    reached: int
    here: int
    lost: int
    share: float | None
    of_previous: float | None
    median_days: float | None


class RelationshipView(Asked):
    """Those who became a target in the window, as far as they are now."""

    steps: list[RoadStepView]


class DatedStepView(BaseModel):
    step: str
    at: datetime | None


class PositionView(BaseModel):
    """How far a customer came; a later step stands for the earlier ones."""

    customer_id: UUID
    position: str
    steps: list[DatedStepView]


class CustomerPositionView(PositionView):
    as_of: datetime

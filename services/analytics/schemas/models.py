"""Requests and answers about models, rankings and histories of scores."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from services.analytics.schemas.given import Strict, Word

ModelName = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[a-z0-9][a-z0-9_-]*$")]


class Condition(Strict):
    """Customers of whom a trait has this value."""

    trait: Word
    equals: str | int | float | bool


class FitModel(Strict):
    """What a fit is asked with; which options a kind takes says `GET /api/v1/models`.

    `purpose` (and `channel`): nobody who does not allow it is learned from or scored, and who withdraws it loses the score within seconds.
    """

    name: ModelName = "default"
    purpose: Word | None = None
    channel: Word | None = None
    method: Word | None = None
    replace: Literal["better", "always"] = "better"
    seed: int = Field(7, ge=0, le=2**31)
    attributes: list[Word] | None = Field(None, min_length=1, max_length=60)
    months: int | None = Field(None, ge=1, le=120)
    discount: float | None = Field(None, ge=0, le=1)
    margin: float | None = Field(None, ge=-1, le=1)
    least_repeaters: int | None = Field(None, ge=20, le=100_000)
    horizon_days: int | None = Field(None, ge=7, le=730)
    response_days: int | None = Field(None, ge=1, le=90)
    campaign_id: Word | None = None
    duration: Word | None = None
    event: Condition | None = None
    outcome: Condition | None = None
    treatment: Condition | None = None
    group: Word | None = None
    clusters: int | None = Field(None, ge=2, le=20)
    transform: Literal["none", "log1p"] | None = None
    least_support: int | None = Field(None, ge=1, le=1_000_000)


class FitView(BaseModel):
    """A fit: how far it is, and when done what came out. `in_use`: its scores are the customers'."""

    fit_id: UUID
    kind: str
    name: str
    version: int | None
    state: str
    progress: float
    options: dict[str, Any]
    error: str
    method: str
    source: str
    data: dict[str, Any]
    quality: dict[str, Any]
    explanation: dict[str, Any]
    comparison: dict[str, Any]
    scored: int
    in_use: bool
    asked_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class ModelView(BaseModel):
    """A kind of model and its versions in use."""

    kind: str
    question: str
    methods: list[str]
    needs: list[str]
    takes: list[str]
    score: str
    in_use: list[FitView]


class RankedView(BaseModel):
    """`share`: of the sum of all that is above nothing."""

    rank: int
    customer_id: UUID
    value: str
    number: float | None
    share: float | None
    parts: dict[str, Any]
    changed_at: datetime


class ScoreGroup(BaseModel):
    value: str
    customers: int
    total: float | None


class Transition(BaseModel):
    previous: str | None
    value: str
    customers: int


class ScoreCounts(BaseModel):
    """Customers by a score's value and who moved since."""

    score: str
    groups: list[ScoreGroup]
    transitions: list[Transition]
    since: datetime
    as_of: datetime


class ScoreMoved(BaseModel):
    """`parts`: what the score was made of when it came to this value."""

    score: str
    value: str
    previous: str | None
    parts: dict[str, Any] = {}
    changed_at: datetime

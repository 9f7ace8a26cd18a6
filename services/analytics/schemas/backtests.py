"""Requests and answers about rules tested on history, and about the nine verbs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, model_validator

from services.analytics.schemas.given import Strict

Day = Annotated[str, StringConstraints(min_length=8, max_length=10)]


class AskBacktest(Strict):
    """A rule, or one version (else the newest) of a segment's, asked of days of the past."""

    rule: dict[str, Any] | None = None
    segment_id: UUID | None = None
    version: Annotated[int | None, Field(ge=1, le=2**31 - 1)] = None
    at: Annotated[list[Day], Field(min_length=1, max_length=12)]
    outcome_days: Annotated[int, Field(ge=1, le=365)] = 30
    calendar: Literal["gregorian", "jalali"] = "gregorian"

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.rule is None) == (self.segment_id is None):
            raise ValueError("give either rule or segment_id")
        if self.version is not None and self.segment_id is None:
            raise ValueError("version belongs to segment_id")
        return self


class SideView(BaseModel):
    """`rate`: share with an order in the days after."""

    customers: int
    buyers: int
    revenue_minor: int
    rate: float | None
    mean_minor: float | None


class TestedView(BaseModel):
    """`open`: the days after still run. `low`, `high`: 95 % interval of the difference of the rates."""

    at: str
    open: bool
    members: SideView
    others: SideView
    difference: float | None
    low: float | None
    high: float | None
    reason: str | None


class BacktestView(BaseModel):
    """`as_now`: what the rule asks that is not kept for the past and was taken as it stands today."""

    rule: dict[str, Any]
    segment_id: UUID | None
    version: int | None
    outcome_days: int
    currency: str
    as_of: datetime
    as_now: list[str]
    formula: str
    data: list[TestedView]


class VerbView(BaseModel):
    """One of the nine uses of information about customers, and where it is done. `service`: whose door or job it is."""

    verb: str
    meaning: str
    service: str
    method: str | None
    path: str | None
    job: str | None

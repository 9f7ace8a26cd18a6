"""Requests and answers about metrics, cohorts, scores and rejects."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chassis import web


class ScoreView(BaseModel):
    """`parts`: what the value is made of."""

    score: str
    value: str
    previous: str | None
    parts: dict[str, Any]
    changed_at: datetime


class SegmentOfCustomer(BaseModel):
    segment_id: UUID
    name: str
    entered_at: datetime


class ProfileAge(BaseModel):
    """When the last fact of the customer happened, how long ago that is, and whether it is over the limit."""

    last_fact_at: datetime | None
    age_s: float | None
    limit_s: float
    over: bool


class ScoresView(BaseModel):
    """`known`: whether analytics has the customer's profile already."""

    customer_id: UUID
    known: bool
    stage: str
    data: list[ScoreView]
    computed: dict[str, str]
    segments: list[SegmentOfCustomer]
    profile: ProfileAge
    as_of: datetime


class DefinitionView(BaseModel):
    name: str
    version: int
    unit: str
    formula: str
    window: str
    by: list[str]
    rows: str
    capability: str


class WindowView(BaseModel):
    """`[from, to)`."""

    model_config = ConfigDict(populate_by_name=True)

    first: date = Field(alias="from")
    to: date


class FigureView(BaseModel):
    """`value` is null with a `reason`, never 0 for want of data. `open` counts what is left out because its time still runs."""

    value: float | None
    numerator: int | None
    denominator: int
    open: int
    reason: str | None


class GroupView(FigureView):
    key: str
    label: str


class TrendLine(BaseModel):
    key: str
    values: list[float | None]
    slope: float | None


class TrendView(BaseModel):
    """By month; `slope` is the change a month of the least-squares line."""

    months: list[str]
    values: list[float | None]
    slope: float | None
    groups: list[TrendLine]


class MetricView(FigureView):
    """A figure with all that is needed to trust it."""

    name: str
    definition_version: int
    unit: str
    formula: str
    calendar: str
    window: WindowView
    time_zone: str
    as_of: datetime
    data_age_s: float | None
    currency: str | None
    market: str | None = None
    segment_id: str | None = None
    purpose: str | None = None
    allocation: str | None = None
    beside: dict[str, Any] = {}
    by: str | None = None
    groups: list[GroupView] | None = None
    trend: TrendView | None = None


class RowView(BaseModel):
    """One row behind a figure: the numerators and denominators of all rows sum to it."""

    kind: str
    id: str
    customer_id: UUID | None
    part: str
    at: datetime | None
    numerator: int | None
    denominator: int
    open: int
    note: str | None


class RowsView(web.Page[RowView]):
    """Rows with the figure they sum to."""

    figure: FigureView


class CohortView(BaseModel):
    """`active[k]`: customers of the cohort with an order in the k-th month after their first; `revenue_minor[k]`: theirs then, less refunds."""

    month: str
    customers: int
    active: list[int]
    revenue_minor: list[int]
    share: list[float]


class CohortsView(BaseModel):
    data: list[CohortView]
    calendar: str
    time_zone: str
    as_of: datetime
    data_age_s: float | None
    definition_version: int
    formula: str
    market: str | None = None
    currency: str


class RejectView(BaseModel):
    """A record the warehouse could not read."""

    topic: str
    partition: int
    offset: int
    cause: str
    bytes: int

"""Requests and answers of this service."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Text = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00]+$")]


class Strict(BaseModel):
    """Requests name only what is known."""

    model_config = ConfigDict(extra="forbid")


class DefineSegment(Strict):
    """`rule`: see `GET /schemas/segment`."""

    name: Name
    description: Text = ""
    rule: dict[str, Any]


class ChangeSegment(DefineSegment):
    """`version`: the one that was read; another one meanwhile is a conflict."""

    version: int | None = Field(None, ge=1)


class PreviewSegment(Strict):
    rule: dict[str, Any]


class SegmentView(BaseModel):
    """`members` counts live members; null until the version is evaluated, within seconds."""

    id: UUID
    name: str
    description: str
    state: str
    version: int
    rule: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    evaluated_at: datetime | None
    members: int | None


class SegmentVersionView(BaseModel):
    version: int
    rule: dict[str, Any]
    changed_at: datetime
    changed_by: str


class PreviewView(BaseModel):
    """`examples` are ids of customers for whom the rule holds."""

    count: int
    customers: int
    examples: list[UUID]
    as_of: datetime
    cost: int
    cost_limit: int
    duration_ms: float


class MemberView(BaseModel):
    """`entered_at` is null in a frozen audience."""

    customer_id: UUID
    entered_at: datetime | None = None


class MembersView(BaseModel):
    """With `snapshot_id`: a frozen audience that stays the same from page to page until `expires_at`."""

    data: list[MemberView]
    next_page_token: str | None
    segment_id: UUID
    version: int
    total: int
    as_of: datetime | None
    snapshot_id: UUID | None = None
    expires_at: datetime | None = None


class ClauseView(BaseModel):
    """`pointer` names the clause in the rule; clauses of a segment that the rule asks for stand at its place."""

    pointer: str
    kind: str
    holds: bool
    seen: str | None


class WhyView(BaseModel):
    segment_id: UUID
    customer_id: UUID
    version: int
    holds: bool
    as_of: datetime
    clauses: list[ClauseView]


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


class ScoresView(BaseModel):
    """`known`: whether analytics has the customer's profile already."""

    customer_id: UUID
    known: bool
    stage: str
    data: list[ScoreView]
    segments: list[SegmentOfCustomer]
    as_of: datetime


class DefinitionView(BaseModel):
    name: str
    version: int
    unit: str
    formula: str
    window: str
    by: list[str]


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
    by: str | None = None
    groups: list[GroupView] | None = None


class CohortView(BaseModel):
    """`active[k]`: customers of the cohort with an order in the k-th month after their first."""

    month: str
    customers: int
    active: list[int]
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


class BookCost(Strict):
    """Money in minor units; a negative amount corrects an earlier entry. `reference` makes repeating safe."""

    kind: Literal["acquire", "retain", "serve"]
    channel: Word
    campaign_id: Word | None = None
    amount_minor: int = Field(ge=-(10**15), le=10**15)
    currency: str = Field(pattern="^[A-Z]{3}$")
    booked_on: date
    note: Text = ""
    reference: Word | None = None


class CostView(BaseModel):
    cost_id: UUID
    kind: str
    channel: str
    campaign_id: str | None
    amount_minor: int
    currency: str
    booked_on: date
    note: str
    reference: str | None
    created_at: datetime


class RejectView(BaseModel):
    """A record the warehouse could not read."""

    topic: str
    partition: int
    offset: int
    cause: str
    bytes: int

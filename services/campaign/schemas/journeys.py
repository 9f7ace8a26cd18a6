"""HTTP shapes of journeys."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from services.campaign.schemas.given import Given, Line

StepName = Annotated[str, Field(max_length=50)]


class PutJourney(Given):
    """`definition`: by the grammar at `/schemas/journey`; faults are answered with pointers into it."""

    name: Line
    definition: dict[str, Any]


class Publish(Given):
    """`move`: those inside go on in the new version, at the step named for theirs or that of the same name; without it they stay in theirs."""

    move: Annotated[dict[StepName, StepName], Field(max_length=100)] | None = None


class AddPeople(Given):
    """`key`: repeating a call with the same key lets nobody in twice. `data` goes along, for templates and rules (`data.…`)."""

    customer_ids: Annotated[list[UUID], Field(min_length=1, max_length=1000)]
    key: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    data: Annotated[dict[str, Any], Field(max_length=100)] = {}


class JourneyView(BaseModel):
    """`status`: draft, active, paused or closed; `version`: the one that takes people in (0: none); `definition`: the draft."""

    id: UUID
    name: str
    status: str
    version: int
    draft_number: int
    definition: dict[str, Any]
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime


class PublishedView(JourneyView):
    """`moved`: people who were inside and go on in this version."""

    moved: int


class VersionView(BaseModel):
    """A definition as it was published, templates pinned; `inside`: people in it now."""

    version: int
    definition: dict[str, Any]
    published_at: datetime
    published_by: str
    inside: int


class AddedView(BaseModel):
    """`entered`: who came in; the others are inside already, were before, or have to wait, by the rule of re-entry."""

    entered: list[UUID]


class PositionView(BaseModel):
    """Somebody who is or was inside. `outcome`: finished, goal, left, removed, merged, closed, or the reason of an exit."""

    id: UUID
    customer_id: UUID
    version: int
    step: str
    waiting: bool
    due_at: datetime | None
    waits_for: list[str]
    entered_at: datetime
    left_at: datetime | None
    outcome: str | None


class MoveView(BaseModel):
    number: int
    step: str
    did: str
    detail: dict[str, Any]
    at: datetime


class ErrandView(BaseModel):
    """What somebody else does for a step: `state` is waiting, done or failed."""

    id: UUID
    step: str
    kind: str
    state: str
    reason: str | None
    attempts: int
    done_at: datetime | None


class PassageView(PositionView):
    data: dict[str, Any]
    history: list[MoveView]
    errands: list[ErrandView]


class PassagesView(BaseModel):
    """All passages of one person, the newest first."""

    customer_id: UUID
    passages: list[PassageView]


class StepMessages(BaseModel):
    step: str
    state: str
    reason: str
    messages: int


class FiguresView(BaseModel):
    """entered = inside + the sum of `left`."""

    journey_id: UUID
    entered: int
    inside: int
    at_step: dict[str, int]
    left: dict[str, int]
    messages: list[StepMessages]


class SecretView(BaseModel):
    """What this journey's webhooks are signed with (Standard Webhooks 1.0)."""

    secret: str


class NamedPerson(Given):
    """Somebody you would have let in, and when."""

    customer_id: UUID
    at: AwareDatetime


class Prices(Given):
    """What a thousand messages of a channel cost, in minor units of the currency."""

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    per_1000_minor: Annotated[dict[Annotated[str, Field(max_length=50)], Annotated[int, Field(ge=0, le=10**12)]], Field(min_length=1, max_length=20)]


class StartBacktest(Given):
    """Over the past between two times (90 days up to now unless told otherwise), with this definition or the draft.

    `people`: come in by the API at these times. `costs`: prices of messages, where they are not those that campaigns were booked at.
    """

    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    definition: dict[str, Any] | None = None
    people: Annotated[list[NamedPerson], Field(max_length=10_000)] = []
    costs: Prices | None = None


class BacktestView(BaseModel):
    """`status`: waiting, running, done or failed. What it tells is reach, not outcome: nobody's behaviour would have changed by it."""

    id: UUID
    journey_id: UUID
    status: str
    reason: str | None
    since: datetime
    until: datetime
    label: str = "reach, not outcome"
    result: dict[str, Any] | None
    created_at: datetime
    finished_at: datetime | None


class BacktestMessageView(BaseModel):
    """`outcome`: reached or blocked; `reason`: no_consent, capped, quiet_time_passed, no_profile, …"""

    number: int
    customer_id: UUID
    at: datetime
    step: str
    channel: str
    outcome: str
    reason: str | None
    detail: dict[str, Any]

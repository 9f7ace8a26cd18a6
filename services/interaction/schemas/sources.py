"""Tracking plans and what is known of sources."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

EventName = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^[^\x00]*$")]


class PlannedEvent(BaseModel):
    """An event a source may send; `schema` (JSON Schema 2020-12) says what its properties must look like."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, serialize_by_alias=True)

    description: Annotated[str, Field(max_length=2000)] = ""
    definition: dict[str, Any] | bool | None = Field(None, alias="schema")


class PutPlan(BaseModel):
    """`strict` sets aside what the plan does not allow, `open` stores it with a note and counts it.

    `events`: the names of track events and types of CloudEvents that may come. `types`: schemas of the traits of identify and group, and of the
    properties of page and screen; those types may always come.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "mode": "strict",
                "events": {
                    "Product Viewed": {
                        "description": "A product page was seen",
                        "schema": {"type": "object", "required": ["product_id"], "properties": {"price": {"type": "number", "minimum": 0}}},
                    }
                },
                "types": {"identify": {"type": "object", "properties": {"email": {"type": "string", "format": "email"}}}},
            }
        },
    )

    mode: Literal["open", "strict"] = "open"
    events: dict[EventName, PlannedEvent] = {}
    types: dict[Literal["identify", "group", "page", "screen"], dict[str, Any] | bool] = {}


class PlanView(PutPlan):
    """A version of a plan."""

    version: int
    changed_at: datetime
    changed_by: str


class PlanVersion(BaseModel):
    version: int
    changed_at: datetime
    changed_by: str


class EventNameView(BaseModel):
    """A name and how often it came: `stored`, and `violating` where a plan did not allow it; pages and the like are counted by type only."""

    kind: str
    name: str
    stored: int
    violating: int
    planned: bool | None
    first_seen: datetime
    last_seen: datetime


class ViolationView(BaseModel):
    """How often events of a name broke the plan at a place (`*` is any position of a list) by a keyword of the schema."""

    name: str
    code: str
    pointer: str
    keyword: str
    count: int
    first_seen: datetime
    last_seen: datetime


class TriedViolation(BaseModel):
    """The same among stored events, with the ids of some."""

    name: str
    code: str
    pointer: str
    keyword: str
    count: int
    examples: list[UUID]


class TriedPlan(BaseModel):
    """What a plan would have said to the events that were looked at."""

    checked: int
    violating: int
    violations: list[TriedViolation]


class DropView(BaseModel):
    """How many events (`path`, `event`, `category`, `gpc`) or fields (`field`; `undisclosed`: not on the list of a strict source) were not collected on a day."""

    day: date
    reason: str
    count: int

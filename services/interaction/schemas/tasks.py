"""Tasks, calls and meetings to do."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from services.interaction.schemas.given import Given, Line, Text

Kind = Literal["task", "call", "meeting"]
State = Literal["open", "done", "cancelled"]
Minutes = Annotated[int, Field(ge=0, le=60 * 24 * 365)]


class Recurrence(Given):
    """Again every `interval` days, weeks, months or years at the same local time, until a day (inclusive) or `count` times in all."""

    every: Literal["day", "week", "month", "year"]
    interval: int = Field(1, ge=1, le=365)
    until: date | None = None
    count: int | None = Field(None, ge=1, le=1000)


class PlanTask(Given):
    """Something to do. `reminders` are minutes before `due_at`; each is told once."""

    kind: Kind = "task"
    title: Line
    notes: Text = ""
    customer_id: UUID | None = None
    employee_id: UUID | None = None
    team_id: UUID | None = None
    case_id: UUID | None = None
    lead_id: UUID | None = None
    opportunity_id: UUID | None = None
    due_at: AwareDatetime | None = None
    duration_minutes: int | None = Field(None, ge=1, le=60 * 24 * 14)
    place: Line | None = None
    time_zone: str = Field("UTC", max_length=64, description="An IANA zone: a recurring task keeps its local time.")
    reminders: list[Minutes] = Field([], max_length=10)
    recurrence: Recurrence | None = None

    model_config = {
        **Given.model_config,
        "json_schema_extra": {"example": {"kind": "call", "title": "Call about the offer", "due_at": "2027-03-01T09:00:00Z", "reminders": [15]}},
    }


class ChangeTask(Given):
    """What is to change; null takes a value away."""

    title: Line | None = None
    notes: Text | None = None
    employee_id: UUID | None = None
    team_id: UUID | None = None
    due_at: AwareDatetime | None = None
    duration_minutes: int | None = Field(None, ge=1, le=60 * 24 * 14)
    place: Line | None = None
    reminders: list[Minutes] | None = Field(None, max_length=10)


class FinishTask(Given):
    """How it went. A call or meeting with a customer becomes a touch point on the timeline."""

    outcome: Line
    notes: Text = ""
    answered: bool = True
    duration_s: int = Field(0, ge=0, le=60 * 60 * 24 * 14)
    done_at: AwareDatetime | None = None


class TaskView(BaseModel):
    """A task. `reminders`: minutes before `due_at`; `interaction_id`: the touch point it became."""

    id: UUID
    kind: str
    title: str
    notes: str
    customer_id: UUID | None
    employee_id: UUID | None
    team_id: UUID | None
    case_id: UUID | None
    lead_id: UUID | None
    opportunity_id: UUID | None
    due_at: datetime | None
    duration_minutes: int | None
    place: str | None
    time_zone: str
    reminders: list[int]
    recurrence: Recurrence | None
    series_id: UUID
    occurrence: int
    state: str
    overdue: bool
    outcome: str | None
    done_at: datetime | None
    interaction_id: UUID | None
    created_at: datetime
    updated_at: datetime
    version: int

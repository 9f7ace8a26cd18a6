"""Work to do and its reminders."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlmodel import Field

from services.interaction.tables.metadata import TIME, InteractionTable


class TaskRow(InteractionTable, table=True):
    """A task, call or meeting; `first_at` is when the first of its series was due."""

    __tablename__ = "task"
    __table_args__ = (
        UniqueConstraint("series_id", "occurrence"),
        Index("task_due", "due_at", "id", postgresql_where=text("state = 'open'")),
        Index("task_employee", "employee_id", "due_at", postgresql_where=text("state = 'open'")),
        Index("task_customer", "customer_id"),
        Index("task_opportunity", "opportunity_id"),
    )

    id: UUID = Field(primary_key=True)
    kind: str = Field(sa_type=Text)
    title: str = Field(sa_type=Text)
    notes: str = Field(sa_type=Text)
    customer_id: UUID | None = None
    employee_id: UUID | None = None
    team_id: UUID | None = None
    case_id: UUID | None = None
    lead_id: UUID | None = None
    opportunity_id: UUID | None = None
    due_at: datetime | None = Field(default=None, sa_type=TIME)
    duration_minutes: int | None = None
    place: str | None = Field(default=None, sa_type=Text)
    time_zone: str = Field(sa_type=Text)
    recurrence: str | None = Field(default=None, sa_type=Text)
    series_id: UUID
    occurrence: int
    first_at: datetime | None = Field(default=None, sa_type=TIME)
    state: str = Field(sa_type=Text)
    outcome: str | None = Field(default=None, sa_type=Text)
    done_at: datetime | None = Field(default=None, sa_type=TIME)
    interaction_id: UUID | None = None
    created_at: datetime = Field(sa_type=TIME)
    updated_at: datetime = Field(sa_type=TIME)
    version: int


class TaskReminderRow(InteractionTable, table=True):
    """One reminder; `told_at` is set in the transaction that tells it."""

    __tablename__ = "task_reminder"
    __table_args__ = (Index("task_reminder_due", "remind_at", postgresql_where=text("told_at IS NULL")),)

    task_id: UUID = Field(primary_key=True)
    minutes_before: int = Field(primary_key=True)
    remind_at: datetime = Field(sa_type=TIME)
    told_at: datetime | None = Field(default=None, sa_type=TIME)

"""Who works here, in which teams, at which hours."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Text,
    text,
)
from sqlmodel import Field

from services.interaction.tables.metadata import TEXTS, TIME, InteractionTable


class CalendarRow(InteractionTable, table=True):
    """Working hours; `hours` and `holidays` are JSON as `domain/calendars.py` reads it."""

    __tablename__ = "calendar"

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    time_zone: str = Field(sa_type=Text)
    hours: str = Field(sa_type=Text)
    holidays: str = Field(sa_type=Text)
    version: int
    changed_at: datetime = Field(sa_type=TIME)


class EmployeeRow(InteractionTable, table=True):
    """A person who answers; never deleted. `skills` is JSON, name to level 1..5; `open_cases` is kept by the database."""

    __tablename__ = "employee"

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text)
    email: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    skills: str = Field(sa_type=Text)
    languages: list[str] = Field(sa_type=TEXTS)
    capacity: int
    calendar_id: UUID | None = Field(default=None, foreign_key="calendar.id")
    time_zone: str | None = Field(default=None, sa_type=Text)
    active: bool
    away_until: datetime | None = Field(default=None, sa_type=TIME)
    open_cases: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    last_assigned_at: datetime | None = Field(default=None, sa_type=TIME)
    version: int
    created_at: datetime = Field(sa_type=TIME)
    changed_at: datetime = Field(sa_type=TIME)


class TeamRow(InteractionTable, table=True):
    """A team is a queue, too; what nobody there can take goes on to `fallback_id`."""

    __tablename__ = "team"

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    routing: str = Field(sa_type=Text)
    calendar_id: UUID | None = Field(default=None, foreign_key="calendar.id")
    fallback_id: UUID | None = Field(default=None, foreign_key="team.id")
    version: int
    changed_at: datetime = Field(sa_type=TIME)


class TeamMemberRow(InteractionTable, table=True):
    """Who belongs to which team."""

    __tablename__ = "team_member"
    __table_args__ = (Index("team_member_employee", "employee_id"),)

    team_id: UUID = Field(sa_column=Column(ForeignKey("team.id"), primary_key=True))
    employee_id: UUID = Field(sa_column=Column(ForeignKey("employee.id"), primary_key=True))


class CustomerNoteRow(InteractionTable, table=True):
    """What somebody knows about a customer; it stays when its author goes."""

    __tablename__ = "customer_note"
    __table_args__ = (Index("customer_note_customer", "customer_id", "id"), Index("customer_note_employee", "employee_id"))

    id: UUID = Field(primary_key=True)
    customer_id: UUID
    kind: str = Field(sa_type=Text)
    content: str = Field(sa_type=Text)
    author: str = Field(sa_type=Text)
    employee_id: UUID | None = Field(default=None, foreign_key="employee.id")
    written_at: datetime = Field(sa_type=TIME)
    changed_at: datetime = Field(sa_type=TIME)
    retired_at: datetime | None = Field(default=None, sa_type=TIME)


class CustomerSeenRow(InteractionTable, table=True):
    """What routing asks of a profile (replica)."""

    __tablename__ = "customer_seen"

    customer_id: UUID = Field(primary_key=True)
    language: str | None = Field(default=None, sa_type=Text)
    tier: str | None = Field(default=None, sa_type=Text)
    owner: str | None = Field(default=None, sa_type=Text)


class TouchpointRow(InteractionTable, table=True):
    """A contact without its content, for counting."""

    __tablename__ = "touchpoint"
    __table_args__ = (Index("touchpoint_occurred", "occurred_at"),)

    interaction_id: UUID = Field(primary_key=True)
    identity: bytes
    kind: str = Field(sa_type=Text)
    channel: str = Field(sa_type=Text)
    initiator: str = Field(sa_type=Text)
    purpose: str | None = Field(default=None, sa_type=Text)
    outcome: str | None = Field(default=None, sa_type=Text)
    occurred_at: datetime = Field(sa_type=TIME)

"""Rows of journeys."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.campaign.tables.metadata import TIME, CampaignTable


class JourneyRow(CampaignTable, table=True):
    """A journey: the draft, and which version takes people in (0: none yet)."""

    __tablename__ = "journey"
    __table_args__ = (CheckConstraint("status IN ('draft', 'active', 'paused', 'closed')", name="journey_status"),)

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text)
    status: str = Field(sa_type=Text)
    version: int
    draft: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    draft_number: int
    published_at: datetime | None = Field(default=None, sa_type=TIME)
    created_at: datetime = Field(sa_type=TIME)
    updated_at: datetime = Field(sa_type=TIME)


class JourneyVersionRow(CampaignTable, table=True):
    """A definition as it was published; never changed."""

    __tablename__ = "journey_version"
    __table_args__ = (ForeignKeyConstraint(["journey_id"], ["journey.id"]),)

    journey_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    definition: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    published_at: datetime = Field(sa_type=TIME)
    published_by: str = Field(sa_type=Text)


class JourneyChangeRow(CampaignTable, table=True):
    """The status and version a journey has since a moment; never changed."""

    __tablename__ = "journey_change"
    __table_args__ = (ForeignKeyConstraint(["journey_id"], ["journey.id"]),)

    journey_id: UUID = Field(primary_key=True)
    at: datetime = Field(primary_key=True, sa_type=TIME)
    status: str = Field(sa_type=Text)
    version: int


class JourneyListenerRow(CampaignTable, table=True):
    """What a version listens to: events by name, segments by id; `entry`: it lets people in."""

    __tablename__ = "journey_listener"
    __table_args__ = (ForeignKeyConstraint(["journey_id"], ["journey.id"]), Index("journey_listener_name", "kind", "name"))

    journey_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    kind: str = Field(primary_key=True, sa_type=Text)
    name: str = Field(primary_key=True, sa_type=Text)
    entry: bool = Field(primary_key=True)


class JourneyPersonRow(CampaignTable, table=True):
    """Somebody who is or was inside: the step, and the durable timer `due_at`. `entry_key` makes an entry one of a kind."""

    __tablename__ = "journey_person"
    __table_args__ = (
        ForeignKeyConstraint(["journey_id"], ["journey.id"]),
        Index("journey_person_once", "journey_id", "customer_id", "entry_key", unique=True),
        Index("journey_person_inside", "journey_id", "customer_id", unique=True, postgresql_where=text("left_at IS NULL")),
        Index("journey_person_due", "journey_id", "due_at", postgresql_where=text("left_at IS NULL AND due_at IS NOT NULL")),
        Index("journey_person_customer", "customer_id", "journey_id"),
        Index("journey_person_step", "journey_id", "step", postgresql_where=text("left_at IS NULL")),
    )

    id: UUID = Field(primary_key=True)
    journey_id: UUID
    version: int
    customer_id: UUID
    entry_key: str = Field(sa_type=Text)
    step: str = Field(sa_type=Text)
    since: datetime = Field(sa_type=TIME)
    due_at: datetime | None = Field(default=None, sa_type=TIME)
    waiting: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    waits_for: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{}'")))
    data: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    moves: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    entered_at: datetime = Field(sa_type=TIME)
    left_at: datetime | None = Field(default=None, sa_type=TIME)
    outcome: str | None = Field(default=None, sa_type=Text)


class JourneyMoveRow(CampaignTable, table=True):
    """One line of a person's history."""

    __tablename__ = "journey_move"
    __table_args__ = (ForeignKeyConstraint(["person_id"], ["journey_person.id"], ondelete="CASCADE"),)

    person_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    journey_id: UUID
    step: str = Field(sa_type=Text)
    did: str = Field(sa_type=Text)
    detail: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    at: datetime = Field(sa_type=TIME)


class JourneyEventRow(CampaignTable, table=True):
    """An event that some journey listens to, until it has been brought to its person."""

    __tablename__ = "journey_event"
    __table_args__ = (Index("journey_event_look", "look_at"), Index("journey_event_identity", "identity"))

    id: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    event_id: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    identity: bytes | None = Field(default=None, sa_type=LargeBinary)
    customer_id: UUID | None = None
    occurred_at: datetime = Field(sa_type=TIME)
    received_at: datetime = Field(sa_type=TIME)
    properties: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    look_at: datetime = Field(sa_type=TIME)
    looks: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})


class JourneyErrandRow(CampaignTable, table=True):
    """Work outside that a step asks for: `waiting`, `done` or `failed`."""

    __tablename__ = "journey_errand"
    __table_args__ = (
        ForeignKeyConstraint(["person_id"], ["journey_person.id"], ondelete="CASCADE"),
        Index("journey_errand_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index("journey_errand_person", "person_id"),
    )

    id: UUID = Field(primary_key=True)
    journey_id: UUID
    person_id: UUID
    customer_id: UUID
    step: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    body: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    state: str = Field(sa_type=Text)
    reason: str | None = Field(default=None, sa_type=Text)
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    due_at: datetime | None = Field(default=None, sa_type=TIME)
    done_at: datetime | None = Field(default=None, sa_type=TIME)


class JourneyDayRow(CampaignTable, table=True):
    """How far the people with an occasion on a day were looked through."""

    __tablename__ = "journey_day"
    __table_args__ = (ForeignKeyConstraint(["journey_id"], ["journey.id"]),)

    journey_id: UUID = Field(primary_key=True)
    day: date = Field(primary_key=True)
    after: UUID | None = None
    done: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})


class JourneyBacktestRow(CampaignTable, table=True):
    """A definition run over the past."""

    __tablename__ = "journey_backtest"
    __table_args__ = (ForeignKeyConstraint(["journey_id"], ["journey.id"]), Index("journey_backtest_journey", "journey_id", "id"))

    id: UUID = Field(primary_key=True)
    journey_id: UUID
    definition: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    since: datetime = Field(sa_type=TIME)
    until: datetime = Field(sa_type=TIME)
    costs: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB, nullable=True))
    status: str = Field(sa_type=Text)
    reason: str | None = Field(default=None, sa_type=Text)
    result: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB, nullable=True))
    created_at: datetime = Field(sa_type=TIME)
    finished_at: datetime | None = Field(default=None, sa_type=TIME)
    lease_until: datetime | None = Field(default=None, sa_type=TIME)


class JourneyBacktestMessageRow(CampaignTable, table=True):
    """A message that somebody would have got, or not, and why."""

    __tablename__ = "journey_backtest_message"
    __table_args__ = (
        ForeignKeyConstraint(["backtest_id"], ["journey_backtest.id"], ondelete="CASCADE"),
        Index("journey_backtest_message_customer", "customer_id"),
    )

    backtest_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    customer_id: UUID
    at: datetime = Field(sa_type=TIME)
    step: str = Field(sa_type=Text)
    channel: str = Field(sa_type=Text)
    outcome: str = Field(sa_type=Text)
    reason: str | None = Field(default=None, sa_type=Text)
    detail: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))


class JourneyBacktestPersonRow(CampaignTable, table=True):
    """Whom somebody would have let in by the API, and when."""

    __tablename__ = "journey_backtest_person"
    __table_args__ = (
        ForeignKeyConstraint(["backtest_id"], ["journey_backtest.id"], ondelete="CASCADE"),
        Index("journey_backtest_person_customer", "customer_id"),
    )

    backtest_id: UUID = Field(primary_key=True)
    customer_id: UUID = Field(primary_key=True)
    at: datetime = Field(primary_key=True, sa_type=TIME)


class SegmentMoveRow(CampaignTable, table=True):
    """Somebody entered or left a segment."""

    __tablename__ = "segment_move"
    __table_args__ = (Index("segment_move_customer", "customer_id"), Index("segment_move_age", "at"))

    segment_id: str = Field(primary_key=True, sa_type=Text)
    at: datetime = Field(primary_key=True, sa_type=TIME)
    customer_id: UUID = Field(primary_key=True)
    entered: bool = Field(primary_key=True)

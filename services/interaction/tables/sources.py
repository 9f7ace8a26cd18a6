"""What is known of sources: their plans, what they sent, and how much was never collected."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Column, Index, Integer, LargeBinary, Text, text
from sqlmodel import Field

from services.interaction.tables.metadata import TIME, InteractionTable


class TrackingPlanRow(InteractionTable, table=True):
    """One version of a source's plan; the newest is in force."""

    __tablename__ = "tracking_plan"

    source: str = Field(sa_column=Column(Text, primary_key=True))
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    plan: str = Field(sa_type=Text)
    changed_at: datetime = Field(sa_type=TIME)
    changed_by: str = Field(sa_type=Text)


class EventNameRow(InteractionTable, table=True):
    """How often a source sent an event of a name."""

    __tablename__ = "event_name"

    source: str = Field(sa_column=Column(Text, primary_key=True))
    kind: str = Field(sa_column=Column(Text, primary_key=True))
    name: str = Field(sa_column=Column(Text, primary_key=True))
    stored: int = Field(sa_type=BigInteger)
    violating: int = Field(sa_type=BigInteger)
    first_seen: datetime = Field(sa_type=TIME)
    last_seen: datetime = Field(sa_type=TIME)


class PlanViolationRow(InteractionTable, table=True):
    """How often events of a name broke the plan in one way."""

    __tablename__ = "plan_violation"

    source: str = Field(sa_column=Column(Text, primary_key=True))
    name: str = Field(sa_column=Column(Text, primary_key=True))
    code: str = Field(sa_column=Column(Text, primary_key=True))
    pointer: str = Field(sa_column=Column(Text, primary_key=True))
    keyword: str = Field(sa_column=Column(Text, primary_key=True))
    count: int = Field(sa_type=BigInteger)
    first_seen: datetime = Field(sa_type=TIME)
    last_seen: datetime = Field(sa_type=TIME)


class CollectionDropRow(InteractionTable, table=True):
    """How much a source's rules kept out on a day."""

    __tablename__ = "collection_drop"

    source: str = Field(sa_column=Column(Text, primary_key=True))
    day: date = Field(primary_key=True)
    reason: str = Field(sa_column=Column(Text, primary_key=True))
    count: int = Field(sa_type=BigInteger)


class FieldSeenRow(InteractionTable, table=True):
    """A field that a source's events had."""

    __tablename__ = "field_seen"

    source: str = Field(sa_column=Column(Text, primary_key=True))
    place: str = Field(sa_column=Column(Text, primary_key=True))
    first_seen: datetime = Field(sa_type=TIME)


class ReplayRow(InteractionTable, table=True):
    """A request to send again what a source sent within a time, and how far it is; `place` (JSON) is where it goes on."""

    __tablename__ = "replay"
    __table_args__ = (Index("replay_running", "id", postgresql_where=text("state = 'running'")),)

    id: UUID = Field(primary_key=True)
    what: str = Field(sa_type=Text)
    source: str = Field(sa_type=Text)
    since: datetime = Field(sa_type=TIME)
    until: datetime = Field(sa_type=TIME)
    code: str | None = Field(default=None, sa_type=Text)
    state: str = Field(default="running", sa_type=Text, sa_column_kwargs={"server_default": text("'running'")})
    found: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    sent: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    refused: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    place: str = Field(sa_type=Text)
    requested_by: str = Field(sa_type=Text)
    requested_at: datetime = Field(sa_type=TIME)
    finished_at: datetime | None = Field(default=None, sa_type=TIME)


class VisitRow(InteractionTable, table=True):
    """What one identity did on a site or in an app until 30 minutes passed without anything."""

    __tablename__ = "visit"
    __table_args__ = (Index("visit_started", "started_at"),)

    identity: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    started_at: datetime = Field(sa_column=Column(TIME, primary_key=True))
    ended_at: datetime = Field(sa_type=TIME)
    source: str = Field(sa_type=Text)
    channel: str = Field(sa_type=Text)
    events: int
    pages: int
    entry: str | None = Field(default=None, sa_type=Text)
    exit: str | None = Field(default=None, sa_type=Text)
    referrer: str | None = Field(default=None, sa_type=Text)
    campaign: str | None = Field(default=None, sa_type=Text)
    reach: list[int] = Field(sa_type=ARRAY(Integer))
    seen: int

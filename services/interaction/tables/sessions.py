"""Visits of people, and what each day counts of them."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Text, Uuid
from sqlmodel import Field

from services.interaction.tables.metadata import TIME, InteractionTable


class SessionRow(InteractionTable, table=True):
    """A visit of a person: `owner` is the customer, or the hash of an identity nobody knows. `previous_here_at`: the one before at the same source."""

    __tablename__ = "session"
    __table_args__ = (Index("session_started", "started_at"), Index("session_previous", "previous_at"), Index("session_previous_here", "previous_here_at"))

    owner: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    started_at: datetime = Field(sa_column=Column(TIME, primary_key=True))
    ended_at: datetime = Field(sa_type=TIME)
    source: str = Field(sa_type=Text)
    events: int
    pages: int
    entry: str | None = Field(default=None, sa_type=Text)
    exit: str | None = Field(default=None, sa_type=Text)
    referrer: str | None = Field(default=None, sa_type=Text)
    campaign: str | None = Field(default=None, sa_type=Text)
    reach: int
    seen: int
    previous_at: datetime | None = Field(default=None, sa_type=TIME)
    previous_here_at: datetime | None = Field(default=None, sa_type=TIME)


class SessionDayRow(InteractionTable, table=True):
    """Sessions that began on a day (UTC), by the days on which the ones before began."""

    __tablename__ = "session_day"

    day: date = Field(primary_key=True)
    source: str = Field(sa_column=Column(Text, primary_key=True))
    previous_day: date = Field(primary_key=True)
    previous_here: date = Field(primary_key=True)
    visits: int = Field(sa_type=BigInteger)
    first_visits: int = Field(sa_type=BigInteger)
    bounces: int = Field(sa_type=BigInteger)
    pages: int = Field(sa_type=BigInteger)
    events: int = Field(sa_type=BigInteger)
    microseconds: int = Field(sa_type=BigInteger)
    reached_1: int = Field(sa_type=BigInteger)
    reached_2: int = Field(sa_type=BigInteger)
    reached_3: int = Field(sa_type=BigInteger)
    reached_4: int = Field(sa_type=BigInteger)
    seen_1: int = Field(sa_type=BigInteger)
    seen_2: int = Field(sa_type=BigInteger)
    seen_3: int = Field(sa_type=BigInteger)
    seen_4: int = Field(sa_type=BigInteger)


class SessionTopRow(InteractionTable, table=True):
    """How many sessions of a day had a name as `what`: entry, exit, referrer or campaign."""

    __tablename__ = "session_top"

    day: date = Field(primary_key=True)
    source: str = Field(sa_column=Column(Text, primary_key=True))
    what: str = Field(sa_column=Column(Text, primary_key=True))
    key: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text)
    visits: int = Field(sa_type=BigInteger)


class VisitOwnerRow(InteractionTable, table=True):
    """Under whom the visits of an identity were joined."""

    __tablename__ = "visit_owner"
    __table_args__ = (Index("visit_owner_owner", "owner"),)

    identity: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    owner: UUID


class SessionDirtyRow(InteractionTable, table=True):
    """Identities whose visits changed from a time on, or belong to somebody else."""

    __tablename__ = "session_dirty"

    identity: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    since: datetime = Field(sa_type=TIME)

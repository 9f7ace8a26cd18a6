"""How customers may be reached, what they chose, what they need."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Index, Text
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.customer.tables.metadata import TIME, CustomerTable


class ContactPointRow(CustomerTable, table=True):
    """What is known of an address or number of a customer beside the address itself. Of several preferred ones the latest counts."""

    __tablename__ = "contact_point"

    home_id: UUID = Field(primary_key=True)
    kind: str = Field(sa_type=Text, primary_key=True)
    value: str = Field(sa_type=Text, primary_key=True)
    state: str = Field(sa_type=Text)
    state_at: datetime = Field(sa_type=TIME)
    reason: str | None = Field(default=None, sa_type=Text)
    source: str = Field(sa_type=Text)
    preferred_at: datetime | None = Field(default=None, sa_type=TIME)


class PastStateRow(CustomerTable, table=True):
    """What a membership, address, choice or need was since a time, as its table had it; NULL: it no longer hung on this customer."""

    __tablename__ = "past_state"

    home_id: UUID = Field(primary_key=True)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    subject: str = Field(sa_type=Text)
    key: str = Field(sa_type=Text)
    document: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    recorded_at: datetime = Field(sa_type=TIME, sa_column_kwargs={"server_default": sql("clock_timestamp()")})


class ChannelPreferenceRow(CustomerTable, table=True):
    """The channel chosen for a purpose (`*`: any other); NULL where the choice was taken back."""

    __tablename__ = "channel_preference"

    home_id: UUID = Field(primary_key=True)
    purpose: str = Field(sa_type=Text, primary_key=True)
    channel: str | None = Field(default=None, sa_type=Text)
    at: datetime = Field(sa_type=TIME)
    source: str = Field(sa_type=Text)


class NeedRow(CustomerTable, table=True):
    """Something a customer told to need."""

    __tablename__ = "need"
    __table_args__ = (Index("need_home", "home_id", "id"),)

    id: UUID = Field(primary_key=True)
    home_id: UUID
    text: str = Field(sa_type=Text)
    told_at: datetime = Field(sa_type=TIME)
    source: str = Field(sa_type=Text)
    met_at: datetime | None = Field(default=None, sa_type=TIME)
    met_by: str | None = Field(default=None, sa_type=Text)

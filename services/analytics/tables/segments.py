"""Rows of segments, their members and frozen audiences."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.analytics.tables.metadata import EMPTY, TIME, AnalyticsTable


class SegmentRow(AnalyticsTable, table=True):
    """A segment as it is now; `evaluated_version` is the one its members were last computed with."""

    __tablename__ = "segment"
    __table_args__ = (Index("segment_name", text("lower(name)"), unique=True, postgresql_where=text("state = 'active'")),)

    segment_id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text)
    description: str = Field(sa_type=Text, sa_column_kwargs=EMPTY)
    state: str = Field(sa_type=Text, sa_column_kwargs={"server_default": text("'active'")})
    version: int = Field(sa_column_kwargs={"server_default": text("1")})
    rule: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    created_at: datetime = Field(sa_type=TIME)
    updated_at: datetime = Field(sa_type=TIME)
    evaluated_version: int | None = None
    evaluated_at: datetime | None = Field(default=None, sa_type=TIME)
    kind: str = Field(sa_type=Text, sa_column_kwargs={"server_default": text("'rule'")})


class SegmentVersionRow(AnalyticsTable, table=True):
    """Every rule a segment ever had."""

    __tablename__ = "segment_version"

    segment_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    rule: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    changed_at: datetime = Field(sa_type=TIME)
    changed_by: str = Field(sa_type=Text)


class MembershipRow(AnalyticsTable, table=True):
    """Who is in a segment, since when and by which version of its rule."""

    __tablename__ = "membership"
    __table_args__ = (Index("membership_customer", "customer_id"),)

    segment_id: UUID = Field(primary_key=True)
    customer_id: UUID = Field(primary_key=True)
    version: int
    entered_at: datetime = Field(sa_type=TIME)


class ListChangeRow(AnalyticsTable, table=True):
    """Somebody came on a list or was taken off it; never changed."""

    __tablename__ = "list_change"

    customer_id: UUID = Field(primary_key=True)
    segment_id: UUID = Field(primary_key=True)
    at: datetime = Field(primary_key=True, sa_type=TIME)
    listed: bool


class NextCheckRow(AnalyticsTable, table=True):
    """When time alone may change a customer's membership; only moments before the next full run are kept."""

    __tablename__ = "next_check"
    __table_args__ = (Index("next_check_due", "due_at"),)

    segment_id: UUID = Field(primary_key=True)
    customer_id: UUID = Field(primary_key=True)
    due_at: datetime = Field(sa_type=TIME)


class EvaluationRow(AnalyticsTable, table=True):
    """Up to which commit of which warehouse file the touched customers were evaluated; one row."""

    __tablename__ = "evaluation"

    id: int = Field(primary_key=True)
    birth: UUID
    seq: int = Field(sa_type=BigInteger)
    evaluated_at: datetime = Field(sa_type=TIME)


class SnapshotRow(AnalyticsTable, table=True):
    """A frozen audience."""

    __tablename__ = "snapshot"

    snapshot_id: UUID = Field(primary_key=True)
    segment_id: UUID
    version: int
    members: int = Field(sa_type=BigInteger)
    taken_at: datetime = Field(sa_type=TIME)
    expires_at: datetime = Field(sa_type=TIME)


class SnapshotMemberRow(AnalyticsTable, table=True):
    """One customer of a frozen audience."""

    __tablename__ = "snapshot_member"

    snapshot_id: UUID = Field(primary_key=True)
    position: int = Field(sa_column=Column(BigInteger, primary_key=True))
    customer_id: UUID

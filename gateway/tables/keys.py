"""Sources, keys, operations."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from gateway.tables.metadata import NOW, TIME, GatewayTable


class SourceRow(GatewayTable, table=True):
    """Where events come from; `settings` is what the doors must know of it."""

    __tablename__ = "source"

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text)
    settings: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    created_at: datetime = Field(sa_type=TIME, sa_column_kwargs=NOW)
    changed_at: datetime = Field(sa_type=TIME, sa_column_kwargs=NOW)


class AccessKeyRow(GatewayTable, table=True):
    """A key, by its hash."""

    __tablename__ = "access_key"
    __table_args__ = (
        CheckConstraint("kind IN ('api', 'source')"),
        Index("access_key_source", "source_id", postgresql_where=text("source_id IS NOT NULL")),
    )

    id: str = Field(primary_key=True, sa_type=Text)
    key_hash: str = Field(sa_type=Text, unique=True)
    kind: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    scopes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    source_id: UUID | None = Field(default=None, foreign_key="source.id")
    created_at: datetime = Field(sa_type=TIME, sa_column_kwargs=NOW)
    created_by: str = Field(sa_type=Text)
    expires_at: datetime | None = Field(default=None, sa_type=TIME)
    revoked_at: datetime | None = Field(default=None, sa_type=TIME)
    last_used_at: datetime | None = Field(default=None, sa_type=TIME)
    requests_per_day: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    events_per_day: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})


class KeyUsageRow(GatewayTable, table=True):
    """What was done with a key on one day (UTC)."""

    __tablename__ = "key_usage"

    key_id: str = Field(primary_key=True, sa_type=Text)
    day: date = Field(primary_key=True)
    requests: int = Field(sa_type=BigInteger)
    events: int = Field(sa_type=BigInteger)


class OperationRow(GatewayTable, table=True):
    """Long work that was begun through the door; how far it is, its owner knows."""

    __tablename__ = "operation"
    __table_args__ = (Index("operation_asked_by", "asked_by", "id"),)

    id: UUID = Field(primary_key=True)
    service: str = Field(sa_type=Text)
    asked: str = Field(sa_type=Text)
    resource: str = Field(sa_type=Text)
    asked_by: str = Field(sa_type=Text)
    request_id: str = Field(sa_type=Text)
    asked_at: datetime = Field(sa_type=TIME)


class RepeatableRow(GatewayTable, table=True):
    """A request with an Idempotency-Key; `answer` is sealed."""

    __tablename__ = "repeatable"
    __table_args__ = (Index("repeatable_begun_at", "begun_at"),)

    owner: str = Field(primary_key=True, sa_type=Text)
    key: str = Field(primary_key=True, sa_type=Text)
    request_hash: bytes = Field(sa_type=LargeBinary)
    lease_until: datetime | None = Field(default=None, sa_type=TIME)
    answer: bytes | None = Field(default=None, sa_type=LargeBinary)
    begun_at: datetime = Field(sa_type=TIME)

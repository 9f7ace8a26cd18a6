"""What was permitted, and by which key."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlmodel import Field

from services.consent.tables.metadata import NOW, TIME, ConsentTable


class PermitKeyRow(ConsentTable, table=True):
    """Public keys of permits; never forgotten."""

    __tablename__ = "permit_key"

    kid: str = Field(primary_key=True, sa_type=Text)
    public_key: bytes = Field(sa_type=LargeBinary)
    first_used_at: datetime = Field(sa_type=TIME, sa_column_kwargs=NOW)
    epoch: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    endorsed_by: str | None = Field(default=None, sa_type=Text)
    endorsement: bytes | None = Field(default=None, sa_type=LargeBinary)


class PermitBatchRow(ConsentTable, table=True):
    """A batch of permits with one signature."""

    __tablename__ = "permit_batch"
    __table_args__ = (
        Index("permit_batch_open", "id", postgresql_where=text("closed_at IS NULL")),
        Index("permit_batch_tick", "tick"),
    )

    id: UUID = Field(primary_key=True)
    kid: str = Field(sa_type=Text)
    size: int
    root: bytes = Field(sa_type=LargeBinary)
    signature: bytes = Field(sa_type=LargeBinary)
    leaves: bytes = Field(sa_type=LargeBinary)
    people: list[UUID] = Field(sa_column=Column(ARRAY(PG_UUID(as_uuid=True)), nullable=False))
    purposes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    granted_at: datetime = Field(sa_type=TIME, sa_column_kwargs=NOW)
    closed_at: datetime | None = Field(default=None, sa_type=TIME)
    outcomes: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    tick: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    life_ms: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})

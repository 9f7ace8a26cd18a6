"""What was refused and waits for a decision."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field

from services.interaction.tables.metadata import TIME, InteractionTable


class QuarantineRow(InteractionTable, table=True):
    """A payload that was refused, with its reason; `stamp` is set where the collector had accepted it."""

    __tablename__ = "quarantine"
    __table_args__ = (
        UniqueConstraint("collected_partition", "collected_offset"),
        Index("quarantine_listed", "state", "id"),
        Index("quarantine_received", "received_at"),
    )

    id: UUID = Field(primary_key=True)
    source: str = Field(sa_type=Text)
    code: str = Field(sa_type=Text)
    detail: str = Field(sa_type=Text)
    message_id: str | None = Field(default=None, sa_type=Text)
    payload: bytes
    stamp: bytes | None = None
    digest: str = Field(sa_type=Text)
    size: int
    received_at: datetime = Field(sa_type=TIME)
    state: str = Field(default="open", sa_type=Text, sa_column_kwargs={"server_default": text("'open'")})
    closed_at: datetime | None = Field(default=None, sa_type=TIME)
    collected_partition: int
    collected_offset: int = Field(sa_type=BigInteger)
    errors: str | None = Field(default=None, sa_type=Text)

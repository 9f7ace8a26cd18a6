"""What was said, append-only."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.consent.tables.metadata import NOW, TIME, ConsentTable


class EntryRow(ConsentTable, table=True):
    """A statement in the ledger; never changed."""

    __tablename__ = "entry"
    __table_args__ = (
        CheckConstraint("state IN ('granted', 'withdrawn')"),
        CheckConstraint("customer_id IS NOT NULL OR identity IS NOT NULL"),
        Index("entry_customer", "customer_id", "id", postgresql_where=text("customer_id IS NOT NULL")),
        Index("entry_identity", "identity", "id", postgresql_where=text("identity IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    customer_id: UUID | None = None
    identity: bytes | None = Field(default=None, sa_type=LargeBinary)
    purpose: str = Field(sa_type=Text)
    channel: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    wording_version: int
    language: str | None = Field(default=None, sa_type=Text)
    legal_basis: str = Field(sa_type=Text)
    source: str = Field(sa_type=Text)
    evidence: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    actor: str = Field(sa_type=Text)
    said_at: datetime = Field(sa_type=TIME)
    recorded_at: datetime = Field(sa_type=TIME, sa_column_kwargs=NOW)

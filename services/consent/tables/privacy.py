"""What people ask for about their data."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.consent.tables.metadata import TIME, ConsentTable

OPEN = text("closed_at IS NULL")


class PrivacyRequestRow(ConsentTable, table=True):
    """A request and by when it is answered."""

    __tablename__ = "privacy_request"
    __table_args__ = (
        CheckConstraint("kind IN ('access', 'portability', 'rectification', 'erasure', 'restriction', 'objection')"),
        CheckConstraint("state IN ('received', 'verified', 'running', 'completed', 'refused')"),
        Index("privacy_request_customer", "customer_id", "asked_at"),
        Index("privacy_request_open", "customer_id", "kind", unique=True, postgresql_where=OPEN),
        Index("privacy_request_due", "due_at", postgresql_where=OPEN),
    )

    id: UUID = Field(primary_key=True)
    customer_id: UUID
    kind: str = Field(sa_type=Text)
    state: str = Field(default="received", sa_type=Text, sa_column_kwargs={"server_default": text("'received'")})
    asked_at: datetime = Field(sa_type=TIME)
    due_at: datetime = Field(sa_type=TIME)
    via: str = Field(sa_type=Text)
    language: str | None = Field(default=None, sa_type=Text)
    evidence: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=text("'{}'")))
    verified_at: datetime | None = Field(default=None, sa_type=TIME)
    verified_by: str | None = Field(default=None, sa_type=Text)
    closed_at: datetime | None = Field(default=None, sa_type=TIME)
    closed_by: str | None = Field(default=None, sa_type=Text)
    outcome: str | None = Field(default=None, sa_type=Text)


class ErasureReceiptRow(ConsentTable, table=True):
    """A service's word that it holds nothing of a person any more: rows by table."""

    __tablename__ = "erasure_receipt"

    request_id: UUID = Field(primary_key=True, foreign_key="privacy_request.id")
    service: str = Field(primary_key=True, sa_type=Text)
    erased: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    acknowledged_at: datetime = Field(sa_type=TIME)

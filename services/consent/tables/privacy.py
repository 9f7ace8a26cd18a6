"""What people ask for about their data."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKeyConstraint, Index, LargeBinary, Text, text
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
        Index(
            "privacy_request_copying", "asked_at",
            postgresql_where=text("state = ANY (ARRAY['verified'::text, 'running'::text]) AND kind = ANY (ARRAY['access'::text, 'portability'::text])"),
        ),
    )

    id: UUID = Field(primary_key=True)
    customer_id: UUID
    kind: str = Field(sa_type=Text)
    state: str = Field(default="received", sa_type=Text, sa_column_kwargs={"server_default": text("'received'")})
    asked_at: datetime = Field(sa_type=TIME)
    due_at: datetime = Field(sa_type=TIME)
    via: str = Field(sa_type=Text)
    language: str | None = Field(default=None, sa_type=Text)
    verified_at: datetime | None = Field(default=None, sa_type=TIME)
    verified_by: str | None = Field(default=None, sa_type=Text)
    closed_at: datetime | None = Field(default=None, sa_type=TIME)
    closed_by: str | None = Field(default=None, sa_type=Text)
    outcome: str | None = Field(default=None, sa_type=Text)
    details: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=text("'{}'")))


class ErasureReceiptRow(ConsentTable, table=True):
    """A service's word that it holds nothing of a person any more: rows by table."""

    __tablename__ = "erasure_receipt"

    request_id: UUID = Field(primary_key=True, foreign_key="privacy_request.id")
    service: str = Field(primary_key=True, sa_type=Text)
    erased: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    acknowledged_at: datetime = Field(sa_type=TIME)


class PrivacyCopyRow(ConsentTable, table=True):
    """The archive that answers a request for a copy; `waits_for`: the service that did not answer at the last try."""

    __tablename__ = "privacy_copy"
    __table_args__ = (Index("privacy_copy_expires", "expires_at", postgresql_where=text("expires_at IS NOT NULL")),)

    request_id: UUID = Field(primary_key=True, foreign_key="privacy_request.id")
    tried_at: datetime = Field(sa_type=TIME)
    tries: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    waits_for: str | None = Field(default=None, sa_type=Text)
    made_at: datetime | None = Field(default=None, sa_type=TIME)
    expires_at: datetime | None = Field(default=None, sa_type=TIME)
    size: int | None = Field(default=None, sa_type=BigInteger)
    sha256: bytes | None = Field(default=None, sa_type=LargeBinary)
    counts: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=text("'{}'")))


class PrivacyCopyPartRow(ConsentTable, table=True):
    """A piece of an archive."""

    __tablename__ = "privacy_copy_part"
    __table_args__ = (ForeignKeyConstraint(["request_id"], ["privacy_copy.request_id"], ondelete="CASCADE"),)

    request_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    content: bytes = Field(sa_type=LargeBinary)


class PrivacyStepRow(ConsentTable, table=True):
    """What was done about a request, by whom."""

    __tablename__ = "privacy_step"
    __table_args__ = (Index("privacy_step_request", "request_id", "id"),)

    id: UUID = Field(primary_key=True)
    request_id: UUID = Field(foreign_key="privacy_request.id")
    at: datetime = Field(sa_type=TIME)
    step: str = Field(sa_type=Text)
    actor: str = Field(sa_type=Text)

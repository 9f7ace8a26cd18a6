"""Merges and what people have to look at."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.customer.tables.metadata import TIME, CustomerTable


class MergeRow(CustomerTable, table=True):
    """One merge: an edge that can be taken away again."""

    __tablename__ = "merge"
    __table_args__ = (
        Index("merge_once", "merged_id", unique=True, postgresql_where=text("undone_at IS NULL")),
        Index("merge_survivor", "survivor_id"),
        Index("merge_merged", "merged_id"),
        Index("merge_undone", "merged_id", postgresql_where=text("undone_at IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    survivor_id: UUID
    merged_id: UUID
    reason: str = Field(sa_type=Text)
    automatic: bool
    event_id: str = Field(sa_type=Text)
    identities: list[bytes] = Field(sa_column=Column(ARRAY(LargeBinary), nullable=False))
    merged_at: datetime = Field(sa_type=TIME)
    undone_at: datetime | None = Field(default=None, sa_type=TIME)
    undone_reason: str | None = Field(default=None, sa_type=Text)
    meanwhile: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    split: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})


class IdentityReviewRow(CustomerTable, table=True):
    """An identity that a rule held back: two customers share it, or (`other_id` is NULL) it was not given to the customer; and why."""

    __tablename__ = "identity_review"
    __table_args__ = (
        Index(
            "identity_review_once", "identity", "customer_id", text("coalesce(other_id, '00000000-0000-0000-0000-000000000000')"), "reason",
            unique=True,
        ),
        Index(
            "identity_review_enough", "customer_id", "kind", unique=True,
            postgresql_where=text("reason = 'too_many_of_kind' AND state = 'open'"),
        ),
        Index("identity_review_state", "state", "id"),
    )

    id: UUID = Field(primary_key=True)
    identity: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    kind: str = Field(sa_type=Text)
    customer_id: UUID
    other_id: UUID | None = None
    reason: str = Field(sa_type=Text)
    event_id: str = Field(sa_type=Text)
    noted_at: datetime = Field(sa_type=TIME)
    key: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": text("''")})
    state: str = Field(default="open", sa_type=Text, sa_column_kwargs={"server_default": text("'open'")})
    decided_at: datetime | None = Field(default=None, sa_type=TIME)
    decided_by: str | None = Field(default=None, sa_type=Text)
    decision_reason: str | None = Field(default=None, sa_type=Text)

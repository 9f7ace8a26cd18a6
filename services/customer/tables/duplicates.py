"""Scans for duplicates, the pairs they found, and what people decided about them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import REAL, Column, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.customer.tables.metadata import TIME, CustomerTable

_NONE = {"server_default": text("0")}


class DuplicateScanRow(CustomerTable, table=True):
    """A search for pairs. One at a time waits or runs."""

    __tablename__ = "duplicate_scan"
    __table_args__ = (Index("duplicate_scan_waiting", text("(true)"), unique=True, postgresql_where=text("state IN ('queued', 'running')")),)

    id: UUID = Field(primary_key=True)
    state: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=TIME)
    created_by: str = Field(sa_type=Text)
    started_at: datetime | None = Field(default=None, sa_type=TIME)
    finished_at: datetime | None = Field(default=None, sa_type=TIME)
    attempts: int = Field(default=0, sa_column_kwargs=_NONE)
    progress: float = Field(default=0, sa_type=REAL, sa_column_kwargs=_NONE)
    profiles: int = Field(default=0, sa_column_kwargs=_NONE)
    compared: int = Field(default=0, sa_column_kwargs=_NONE)
    pairs: int = Field(default=0, sa_column_kwargs=_NONE)
    likely: int = Field(default=0, sa_column_kwargs=_NONE)
    error: str | None = Field(default=None, sa_type=Text)


class DuplicatePairRow(CustomerTable, table=True):
    """Two customers that may be one person: the probability, and what speaks for and against it."""

    __tablename__ = "duplicate_pair"
    __table_args__ = (
        Index("duplicate_pair_listed", "state", text("score DESC"), "low_id", "high_id"), Index("duplicate_pair_high", "high_id"),
    )

    low_id: UUID = Field(primary_key=True)
    high_id: UUID = Field(primary_key=True)
    score: float = Field(sa_type=REAL)
    household: float = Field(sa_type=REAL)
    reasons: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    group_id: UUID | None = None
    state: str = Field(sa_type=Text)
    scan_id: UUID
    found_at: datetime = Field(sa_type=TIME)
    decided_at: datetime | None = Field(default=None, sa_type=TIME)
    decided_by: str | None = Field(default=None, sa_type=Text)
    decision_reason: str | None = Field(default=None, sa_type=Text)
    merge_id: UUID | None = None

"""How long what is held is kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.consent.tables.metadata import TIME, ConsentTable


class RetentionRuleRow(ConsentTable, table=True):
    """Data of a category end after so many days."""

    __tablename__ = "retention_rule"
    __table_args__ = (CheckConstraint("days > 0"),)

    category: str = Field(sa_column=Column(Text, primary_key=True))
    days: int
    reason: str = Field(sa_type=Text)
    changed_at: datetime = Field(sa_type=TIME)
    changed_by: str = Field(sa_type=Text)


class RetentionRunRow(ConsentTable, table=True):
    """The rules applied once over all services; `counts`: rows by service, category and table."""

    __tablename__ = "retention_run"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'done')"),
        Index("retention_run_waiting", "asked_at", postgresql_where=text("state = 'waiting'")),
    )

    id: UUID = Field(primary_key=True)
    dry_run: bool
    state: str = Field(sa_type=Text)
    asked_at: datetime = Field(sa_type=TIME)
    actor: str = Field(sa_type=Text)
    tried_at: datetime | None = Field(default=None, sa_type=TIME)
    waits_for: str | None = Field(default=None, sa_type=Text)
    finished_at: datetime | None = Field(default=None, sa_type=TIME)
    rules: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    counts: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=text("'{}'")))

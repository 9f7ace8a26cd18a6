"""Rows of reports: what they ask, to whom they go, what was found, what became of sending; and what is known too long."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.analytics.tables.metadata import TIME, AnalyticsTable


class ReportRow(AnalyticsTable, table=True):
    """Questions with a schedule; `next_at`: when it is due, empty: only when asked."""

    __tablename__ = "report"
    __table_args__ = (
        Index("report_name", text("lower(name)"), unique=True, postgresql_where=text("state = 'active'")),
        Index("report_due", "next_at", postgresql_where=text("state = 'active'")),
    )

    report_id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text)
    questions: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    schedule: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    state: str = Field(sa_type=Text, sa_column_kwargs={"server_default": text("'active'")})
    next_at: datetime | None = Field(default=None, sa_type=TIME)
    created_by: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=TIME)
    updated_at: datetime = Field(sa_type=TIME)


class RecipientRow(AnalyticsTable, table=True):
    """To whom it is mailed, with which template."""

    __tablename__ = "report_recipient"

    report_id: UUID = Field(primary_key=True)
    customer_id: UUID = Field(primary_key=True)
    template_id: UUID


class RunRow(AnalyticsTable, table=True):
    """What was found for one moment; `answers` goes when somebody is erased, the numbers stay."""

    __tablename__ = "report_run"
    __table_args__ = (Index("report_run_due", "report_id", "due_at", unique=True),)

    run_id: UUID = Field(primary_key=True)
    report_id: UUID
    due_at: datetime = Field(sa_type=TIME)
    made_at: datetime = Field(sa_type=TIME)
    figures: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    answers: list[Any] | None = Field(default=None, sa_column=Column(JSONB))


class DeliveryRow(AnalyticsTable, table=True):
    """One mail of a run."""

    __tablename__ = "report_delivery"
    __table_args__ = (Index("report_delivery_waiting", "next_at", postgresql_where=text("state = 'waiting'")),)

    run_id: UUID = Field(primary_key=True)
    customer_id: UUID = Field(primary_key=True)
    template_id: UUID
    state: str = Field(sa_type=Text)
    reason: str | None = Field(default=None, sa_type=Text)
    tries: int = Field(sa_column_kwargs={"server_default": text("0")})
    next_at: datetime = Field(sa_type=TIME)
    message_id: UUID | None = None


class AgedRow(AnalyticsTable, table=True):
    """What was told to be older than its limit."""

    __tablename__ = "aged"

    kind: str = Field(sa_column=Column(Text, primary_key=True))
    name: str = Field(sa_column=Column(Text, primary_key=True))
    since: datetime = Field(sa_type=TIME)

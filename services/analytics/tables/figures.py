"""Rows of scores and costs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.analytics.tables.metadata import EMPTY, TIME, AnalyticsTable


class ScoreRow(AnalyticsTable, table=True):
    """A score of a customer, what it is made of and what it was before."""

    __tablename__ = "score"
    __table_args__ = (
        Index("score_number", "score", text("((parts->>'number')::double precision) DESC NULLS LAST"), "customer_id"),
    )

    customer_id: UUID = Field(primary_key=True)
    score: str = Field(sa_column=Column(Text, primary_key=True))
    value: str = Field(sa_type=Text)
    previous: str | None = Field(default=None, sa_type=Text)
    parts: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    changed_at: datetime = Field(sa_type=TIME)


class CostRow(AnalyticsTable, table=True):
    """One entry of the cost ledger; never changed, corrected by an entry with the opposite sign."""

    __tablename__ = "cost"
    __table_args__ = (
        Index("cost_reference", "reference", unique=True, postgresql_where=text("reference IS NOT NULL")),
        Index("cost_booked_on", "booked_on", "cost_id"),
    )

    cost_id: UUID = Field(primary_key=True)
    kind: str = Field(sa_type=Text)
    channel: str = Field(sa_type=Text)
    campaign_id: str | None = Field(default=None, sa_type=Text)
    amount_minor: int = Field(sa_type=BigInteger)
    currency: str = Field(sa_type=Text)
    booked_on: date
    note: str = Field(sa_type=Text, sa_column_kwargs=EMPTY)
    reference: str | None = Field(default=None, sa_type=Text)
    booked_by: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=TIME)
    customer_id: UUID | None = None

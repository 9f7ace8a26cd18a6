"""Rows of stated spending, computed traits and assessments."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.analytics.tables.metadata import EMPTY, TIME, AnalyticsTable


class SpendingRow(AnalyticsTable, table=True):
    """What a customer spends in a category with anybody, in `[first_day, last_day)`."""

    __tablename__ = "spending"
    __table_args__ = (Index("spending_of", "customer_id", "category", "first_day", "last_day", "basis", unique=True),)

    statement_id: UUID = Field(primary_key=True)
    customer_id: UUID
    category: str = Field(sa_type=Text)
    amount_minor: int = Field(sa_type=BigInteger)
    currency: str = Field(sa_type=Text)
    first_day: date
    last_day: date
    basis: str = Field(sa_type=Text)
    stated_at: datetime = Field(sa_type=TIME)
    stated_by: str = Field(sa_type=Text)


class ComputedTraitRow(AnalyticsTable, table=True):
    """A trait that is computed of facts whenever it is asked for."""

    __tablename__ = "computed_trait"
    __table_args__ = (Index("computed_trait_name", text("lower(name)"), unique=True, postgresql_where=text("state = 'active'")),)

    trait_id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text)
    description: str = Field(sa_type=Text, sa_column_kwargs=EMPTY)
    kind: str = Field(sa_type=Text)
    definition: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    version: int = Field(sa_column_kwargs={"server_default": text("1")})
    state: str = Field(sa_type=Text, sa_column_kwargs={"server_default": text("'active'")})
    created_at: datetime = Field(sa_type=TIME)
    updated_at: datetime = Field(sa_type=TIME)


class ComputedTraitVersionRow(AnalyticsTable, table=True):
    """Every definition a computed trait ever had."""

    __tablename__ = "computed_trait_version"

    trait_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    definition: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    changed_at: datetime = Field(sa_type=TIME)


class AssessmentRow(AnalyticsTable, table=True):
    """What the organisation said of itself on a day, and what follows from it; one for each kind, subject and day."""

    __tablename__ = "assessment"
    __table_args__ = (Index("assessment_day", "kind", "subject", "assessed_on", unique=True),)

    assessment_id: UUID = Field(primary_key=True)
    kind: str = Field(sa_type=Text)
    assessed_on: date
    subject: str = Field(sa_type=Text, sa_column_kwargs=EMPTY)
    answers: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    result: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    noted_by: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=TIME)

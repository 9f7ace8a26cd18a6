"""Pipelines, leads, opportunities and quotes."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from services.interaction.tables.metadata import TIME, InteractionTable


class PipelineRow(InteractionTable, table=True):
    __tablename__ = "pipeline"

    id: str = Field(sa_type=Text, primary_key=True)
    name: str = Field(sa_type=Text)
    stages: str = Field(sa_type=Text)
    next_step_required: bool
    version: int
    updated_at: datetime = Field(sa_type=TIME)


class LeadRulesRow(InteractionTable, table=True):
    """The one list of rules by which leads are assigned."""

    __tablename__ = "lead_rules"

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    rules: str = Field(sa_type=Text)
    version: int
    updated_at: datetime = Field(sa_type=TIME)


class LeadTurnRow(InteractionTable, table=True):
    """Whose turn it is."""

    __tablename__ = "lead_turn"

    rule: str = Field(sa_type=Text, primary_key=True)
    turn: int = Field(sa_type=BigInteger)


class LeadRow(InteractionTable, table=True):
    """Somebody who may buy; `contact` as given."""

    __tablename__ = "lead"
    __table_args__ = (
        Index("lead_open", "identity", "source", unique=True, postgresql_where=text("state IN ('new', 'working', 'qualified')")),
        Index("lead_listed", text("created_at DESC"), text("id DESC")),
        Index("lead_employee", "employee_id"),
        Index("lead_customer", "customer_id"),
    )

    id: UUID = Field(primary_key=True)
    title: str = Field(sa_type=Text)
    source: str = Field(sa_type=Text)
    campaign: str | None = Field(default=None, sa_type=Text)
    score: int
    language: str | None = Field(default=None, sa_type=Text)
    identity: bytes | None = None
    customer_id: UUID | None = None
    contact: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    reason: str | None = Field(default=None, sa_type=Text)
    employee_id: UUID | None = None
    team_id: UUID | None = None
    rule: str | None = Field(default=None, sa_type=Text)
    opportunity_id: UUID | None = None
    interaction_id: UUID | None = None
    created_at: datetime = Field(sa_type=TIME)
    updated_at: datetime = Field(sa_type=TIME)
    version: int


class OpportunityRow(InteractionTable, table=True):
    """A deal; `own_…` where somebody set what the stage would say otherwise, `…_told_at` where a reminder was told."""

    __tablename__ = "opportunity"
    __table_args__ = (
        Index("opportunity_listed", text("created_at DESC"), text("id DESC")),
        Index("opportunity_open", "expected_close", postgresql_where=text("state = 'open'")),
        Index("opportunity_customer", "customer_id"),
        Index("opportunity_employee", "employee_id"),
    )

    id: UUID = Field(primary_key=True)
    customer_id: UUID
    lead_id: UUID | None = None
    pipeline: str = Field(sa_type=Text, foreign_key="pipeline.id")
    stage: str = Field(sa_type=Text)
    title: str = Field(sa_type=Text)
    value_minor: int = Field(sa_type=BigInteger)
    currency: str = Field(sa_type=Text)
    probability: int
    own_probability: bool
    category: str = Field(sa_type=Text)
    own_category: bool
    expected_close: date
    products: str = Field(sa_type=Text)
    employee_id: UUID | None = None
    team_id: UUID | None = None
    state: str = Field(sa_type=Text)
    reason: str | None = Field(default=None, sa_type=Text)
    closed_at: datetime | None = Field(default=None, sa_type=TIME)
    stage_since: datetime = Field(sa_type=TIME)
    stage_due: datetime | None = Field(default=None, sa_type=TIME)
    late_told_at: datetime | None = Field(default=None, sa_type=TIME)
    idle_told_at: datetime | None = Field(default=None, sa_type=TIME)
    created_at: datetime = Field(sa_type=TIME)
    updated_at: datetime = Field(sa_type=TIME)
    version: int


class OpportunityStageRow(InteractionTable, table=True):
    """One stay in a stage."""

    __tablename__ = "opportunity_stage"

    opportunity_id: UUID = Field(primary_key=True, foreign_key="opportunity.id")
    number: int = Field(primary_key=True)
    stage: str = Field(sa_type=Text)
    entered_at: datetime = Field(sa_type=TIME)
    left_at: datetime | None = Field(default=None, sa_type=TIME)
    moved_by: str = Field(sa_type=Text)


class QuoteRow(InteractionTable, table=True):
    __tablename__ = "quote"
    __table_args__ = (UniqueConstraint("opportunity_id", "number"),)

    id: UUID = Field(primary_key=True)
    opportunity_id: UUID = Field(foreign_key="opportunity.id")
    number: str = Field(sa_type=Text)
    value_minor: int = Field(sa_type=BigInteger)
    currency: str = Field(sa_type=Text)
    products: str = Field(sa_type=Text)
    valid_until: date
    state: str = Field(sa_type=Text)
    follow_up_id: UUID | None = None
    sent_at: datetime = Field(sa_type=TIME)
    answered_at: datetime | None = Field(default=None, sa_type=TIME)

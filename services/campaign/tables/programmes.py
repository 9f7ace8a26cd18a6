"""Rows of relationship programmes, their members and their points."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import BIGINT, JSONB
from sqlmodel import Field

from services.campaign.tables.metadata import TIME, CampaignTable

ZERO = {"server_default": text("0")}


class ProgrammeRow(CampaignTable, table=True):
    """A programme; `settings` as its kind wants them. `swept_to`, `sweep_at`: where and when the search for those who should join goes on."""

    __tablename__ = "programme"
    __table_args__ = (
        CheckConstraint("status IN ('draft', 'running', 'paused', 'ended')", name="programme_status"),
        Index("programme_running", "kind", postgresql_where=text("status = 'running'::text")),
    )

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    status: str = Field(sa_type=Text)
    purpose: str = Field(sa_type=Text)
    settings: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    holdout: float
    goal: float | None = None
    playbook: str | None = Field(default=None, sa_type=Text)
    started_at: datetime | None = Field(default=None, sa_type=TIME)
    swept_to: UUID | None = None
    sweep_at: datetime | None = Field(default=None, sa_type=TIME)
    created_at: datetime = Field(sa_type=TIME)
    updated_at: datetime = Field(sa_type=TIME)


class MemberRow(CampaignTable, table=True):
    """Who is in a programme. `arm`: treated or holdout; `next_at`: when something is due; `cause`: what it is due for; `rounds`: which stay it is."""

    __tablename__ = "programme_member"
    __table_args__ = (
        ForeignKeyConstraint(["programme_id"], ["programme.id"]),
        Index("programme_member_due", "programme_id", "next_at", postgresql_where=text("next_at IS NOT NULL AND left_at IS NULL")),
        Index("programme_member_customer", "customer_id"),
    )

    programme_id: UUID = Field(primary_key=True)
    customer_id: UUID = Field(primary_key=True)
    arm: str = Field(sa_type=Text)
    joined_at: datetime = Field(sa_type=TIME)
    left_at: datetime | None = Field(default=None, sa_type=TIME)
    left_reason: str | None = Field(default=None, sa_type=Text)
    tier: str | None = Field(default=None, sa_type=Text)
    tier_since: datetime | None = Field(default=None, sa_type=TIME)
    step: int = Field(default=0, sa_column_kwargs=ZERO)
    next_at: datetime | None = Field(default=None, sa_type=TIME)
    cause: str | None = Field(default=None, sa_type=Text)
    asked_at: datetime | None = Field(default=None, sa_type=TIME)
    rounds: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})


class TierChangeRow(CampaignTable, table=True):
    """The tier a member holds since a moment; null: none any more. Never changed."""

    __tablename__ = "tier_change"
    __table_args__ = (ForeignKeyConstraint(["programme_id"], ["programme.id"]),)

    customer_id: UUID = Field(primary_key=True)
    programme_id: UUID = Field(primary_key=True)
    at: datetime = Field(primary_key=True, sa_type=TIME)
    tier: str | None = Field(default=None, sa_type=Text)


class ProgrammeChangeRow(CampaignTable, table=True):
    """The status a programme has since a moment; never changed."""

    __tablename__ = "programme_change"
    __table_args__ = (ForeignKeyConstraint(["programme_id"], ["programme.id"]),)

    programme_id: UUID = Field(primary_key=True)
    at: datetime = Field(primary_key=True, sa_type=TIME)
    status: str = Field(sa_type=Text)


class PointsAccountRow(CampaignTable, table=True):
    """What a customer may spend and owes; always the sums of its entries."""

    __tablename__ = "points_account"
    __table_args__ = (
        ForeignKeyConstraint(["programme_id"], ["programme.id"]),
        CheckConstraint("balance >= 0 AND owed >= 0", name="points_never_negative"),
        Index("points_account_customer", "customer_id"),
    )

    programme_id: UUID = Field(primary_key=True)
    customer_id: UUID = Field(primary_key=True)
    balance: int = Field(default=0, sa_type=BIGINT, sa_column_kwargs=ZERO)
    owed: int = Field(default=0, sa_type=BIGINT, sa_column_kwargs=ZERO)


class PointsTransactionRow(CampaignTable, table=True):
    """One happening in the points' books; never changed."""

    __tablename__ = "points_transaction"
    __table_args__ = (
        ForeignKeyConstraint(["programme_id"], ["programme.id"]),
        UniqueConstraint("programme_id", "kind", "reference", name="points_once"),
        Index("points_transaction_customer", "programme_id", "customer_id", "id"),
        Index("points_transaction_order", "programme_id", "order_id", postgresql_where=text("order_id IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    programme_id: UUID
    customer_id: UUID
    kind: str = Field(sa_type=Text)
    reference: str = Field(sa_type=Text)
    order_id: str | None = Field(default=None, sa_type=Text)
    factor: float | None = None
    points: int = Field(sa_type=BIGINT)
    note: str = Field(sa_type=Text)
    at: datetime = Field(sa_type=TIME)


class PointsEntryRow(CampaignTable, table=True):
    """One line of the books: those of a transaction sum to zero."""

    __tablename__ = "points_entry"
    __table_args__ = (
        ForeignKeyConstraint(["transaction_id"], ["points_transaction.id"]),
        CheckConstraint("account IN ('member', 'owed', 'issued', 'redeemed', 'expired')", name="points_account_kind"),
        Index("points_entry_customer", "programme_id", "customer_id"),
    )

    transaction_id: UUID = Field(primary_key=True)
    account: str = Field(primary_key=True, sa_type=Text)
    programme_id: UUID
    customer_id: UUID = Field(primary_key=True)
    points: int = Field(sa_type=BIGINT)


class PointsLotRow(CampaignTable, table=True):
    """Points that were earned together; its id is the transaction's."""

    __tablename__ = "points_lot"
    __table_args__ = (
        CheckConstraint("remaining >= 0", name="points_lot_left"),
        Index("points_lot_open", "programme_id", "customer_id", postgresql_where=text("remaining > 0")),
        Index("points_lot_expiry", "expires_at", postgresql_where=text("remaining > 0")),
    )

    id: UUID = Field(primary_key=True)
    programme_id: UUID
    customer_id: UUID
    order_id: str | None = Field(default=None, sa_type=Text)
    remaining: int = Field(sa_type=BIGINT)
    expires_at: datetime | None = Field(default=None, sa_type=TIME)


class PointsUseRow(CampaignTable, table=True):
    """From which lots a redemption was paid."""

    __tablename__ = "points_use"
    __table_args__ = (ForeignKeyConstraint(["transaction_id"], ["points_transaction.id"]),)

    transaction_id: UUID = Field(primary_key=True)
    lot_id: UUID = Field(primary_key=True)
    points: int = Field(sa_type=BIGINT)


class SatisfactionAnswerRow(CampaignTable, table=True):
    """How satisfied somebody said to be, 1 to 5; `about`: case, delivery or another word. `case_wanted`: a bad answer that calls for a case."""

    __tablename__ = "satisfaction_answer"
    __table_args__ = (
        ForeignKeyConstraint(["programme_id"], ["programme.id"]),
        CheckConstraint("score BETWEEN 1 AND 5", name="satisfaction_scale"),
        Index("satisfaction_answer_customer", "customer_id", "at"),
        Index("satisfaction_answer_bad", "at", postgresql_where=text("case_wanted AND case_id IS NULL")),
    )

    id: str = Field(primary_key=True, sa_type=Text)
    customer_id: UUID
    programme_id: UUID | None = None
    about: str = Field(sa_type=Text)
    score: int = Field(sa_type=SmallInteger)
    words: str = Field(sa_type=Text)
    at: datetime = Field(sa_type=TIME)
    case_wanted: bool
    case_id: str | None = Field(default=None, sa_type=Text)

"""Rows of rewards, referrals and communities."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT
from sqlmodel import Field

from services.campaign.tables.metadata import TIME, CampaignTable

ZERO = {"server_default": text("0")}


class RewardRow(CampaignTable, table=True):
    """What points, or a programme's favour, can be turned into. Stock and budget cannot be overdrawn: the database refuses it."""

    __tablename__ = "reward"
    __table_args__ = (
        ForeignKeyConstraint(["programme_id"], ["programme.id"]),
        CheckConstraint("stock IS NULL OR redeemed <= stock", name="reward_in_stock"),
        CheckConstraint("budget_minor IS NULL OR spent_minor <= budget_minor", name="reward_in_budget"),
        Index("reward_programme", "programme_id"),
    )

    id: UUID = Field(primary_key=True)
    programme_id: UUID
    name: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    points: int = Field(sa_type=BIGINT)
    cost_minor: int = Field(sa_type=BIGINT)
    currency: str = Field(sa_type=Text)
    stock: int | None = None
    budget_minor: int | None = Field(default=None, sa_type=BIGINT)
    redeemed: int = Field(default=0, sa_column_kwargs=ZERO)
    spent_minor: int = Field(default=0, sa_type=BIGINT, sa_column_kwargs=ZERO)
    per_customer: int | None = None
    tiers: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    stages: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    starts_at: datetime | None = Field(default=None, sa_type=TIME)
    ends_at: datetime | None = Field(default=None, sa_type=TIME)
    active: bool
    created_at: datetime = Field(sa_type=TIME)


class RedemptionRow(CampaignTable, table=True):
    """A reward that somebody took. `booked_at`: when its cost was booked with the ledger of costs."""

    __tablename__ = "redemption"
    __table_args__ = (
        ForeignKeyConstraint(["reward_id"], ["reward.id"]),
        UniqueConstraint("reward_id", "key", name="redemption_once"),
        Index("redemption_customer", "customer_id"),
        Index("redemption_unbooked", "id", postgresql_where=text("booked_at IS NULL AND cost_minor <> 0")),
    )

    id: UUID = Field(primary_key=True)
    reward_id: UUID
    customer_id: UUID
    key: str = Field(sa_type=Text)
    points: int = Field(sa_type=BIGINT)
    cost_minor: int = Field(sa_type=BIGINT)
    currency: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    at: datetime = Field(sa_type=TIME)
    cancelled_at: datetime | None = Field(default=None, sa_type=TIME)
    booked_at: datetime | None = Field(default=None, sa_type=TIME)


class ReferralRow(CampaignTable, table=True):
    """A customer's own code."""

    __tablename__ = "referral"
    __table_args__ = (
        ForeignKeyConstraint(["programme_id"], ["programme.id"]), UniqueConstraint("programme_id", "customer_id", name="referral_once"),
    )

    programme_id: UUID = Field(primary_key=True)
    code: str = Field(primary_key=True, sa_type=Text)
    customer_id: UUID
    created_at: datetime = Field(sa_type=TIME)


class ReferredRow(CampaignTable, table=True):
    """Who came by whose recommendation, and the first order that was rewarded."""

    __tablename__ = "referred"
    __table_args__ = (ForeignKeyConstraint(["programme_id"], ["programme.id"]), Index("referred_referrer", "programme_id", "referrer_id"))

    programme_id: UUID = Field(primary_key=True)
    customer_id: UUID = Field(primary_key=True)
    referrer_id: UUID
    at: datetime = Field(sa_type=TIME)
    order_id: str | None = Field(default=None, sa_type=Text)
    rewarded_at: datetime | None = Field(default=None, sa_type=TIME)


class CommunityGroupRow(CampaignTable, table=True):
    """A group of a community programme."""

    __tablename__ = "community_group"
    __table_args__ = (ForeignKeyConstraint(["programme_id"], ["programme.id"]),)

    id: UUID = Field(primary_key=True)
    programme_id: UUID
    name: str = Field(sa_type=Text)
    about: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=TIME)


class CommunityMemberRow(CampaignTable, table=True):
    """Somebody invited to a group, in it, or gone again."""

    __tablename__ = "community_member"
    __table_args__ = (
        ForeignKeyConstraint(["group_id"], ["community_group.id"]),
        CheckConstraint("state IN ('invited', 'joined', 'left')", name="community_state"),
        Index("community_member_customer", "customer_id"),
    )

    group_id: UUID = Field(primary_key=True)
    customer_id: UUID = Field(primary_key=True)
    state: str = Field(sa_type=Text)
    invited_by: UUID | None = None
    invited_at: datetime | None = Field(default=None, sa_type=TIME)
    joined_at: datetime | None = Field(default=None, sa_type=TIME)
    left_at: datetime | None = Field(default=None, sa_type=TIME)


class CommunityActivityRow(CampaignTable, table=True):
    """What a member did in a group."""

    __tablename__ = "community_activity"
    __table_args__ = (ForeignKeyConstraint(["group_id"], ["community_group.id"]), Index("community_activity_group", "group_id", "at"))

    id: UUID = Field(primary_key=True)
    group_id: UUID
    customer_id: UUID
    kind: str = Field(sa_type=Text)
    note: str = Field(sa_type=Text)
    at: datetime = Field(sa_type=TIME)

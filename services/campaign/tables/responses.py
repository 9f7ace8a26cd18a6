"""Rows of tests, responses, on-site decisions and playbooks."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ForeignKeyConstraint, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT, JSONB
from sqlmodel import Field

from services.campaign.tables.metadata import TIME, CampaignTable


class AttributionRow(CampaignTable, table=True):
    """The message that an order is put down to: the last one handed off within seven days before it."""

    __tablename__ = "attribution"
    __table_args__ = (
        ForeignKeyConstraint(["message_id"], ["message.id"]), Index("attribution_origin", "origin_id", "customer_id"),
        Index("attribution_message", "message_id"),
    )

    order_id: str = Field(primary_key=True, sa_type=Text)
    origin_id: UUID
    message_id: UUID
    customer_id: UUID
    ordered_at: datetime = Field(sa_type=TIME)
    revenue_minor: int = Field(sa_type=BIGINT)
    currency: str = Field(sa_type=Text)


class CampaignCostRow(CampaignTable, table=True):
    """A cost that was booked for a campaign."""

    __tablename__ = "campaign_cost"
    __table_args__ = (Index("campaign_cost_campaign", "campaign_id"),)

    cost_id: str = Field(primary_key=True, sa_type=Text)
    campaign_id: str = Field(sa_type=Text)
    channel: str = Field(sa_type=Text)
    amount_minor: int = Field(sa_type=BIGINT)
    currency: str = Field(sa_type=Text)


class ExperimentRow(CampaignTable, table=True):
    """A test of a campaign's arms. `seen`: the smallest p-value of each pair so far."""

    __tablename__ = "experiment"
    __table_args__ = (
        ForeignKeyConstraint(["campaign_id"], ["campaign.id"]), UniqueConstraint("campaign_id"),
        Index("experiment_running", "id", postgresql_where=text("status = 'running'::text")),
    )

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text)
    campaign_id: UUID
    metric: str = Field(sa_type=Text)
    arms: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    test_percent: float
    alpha: float
    smallest_effect: float
    automatic: bool
    decide_hours: float
    status: str = Field(sa_type=Text)
    decide_by: datetime | None = Field(default=None, sa_type=TIME)
    seen: dict[str, float] = Field(sa_column=Column(JSONB, nullable=False))
    winner: str | None = Field(default=None, sa_type=Text)
    significant: bool | None = None
    decided_at: datetime | None = Field(default=None, sa_type=TIME)
    created_at: datetime = Field(sa_type=TIME)


class SaidConsentRow(CampaignTable, table=True):
    """Replica of `ecrm.state.consent`: purpose -> channel -> granted or withdrawn."""

    __tablename__ = "said_consent"

    customer_id: UUID = Field(primary_key=True)
    purposes: dict[str, dict[str, str]] = Field(sa_column=Column(JSONB, nullable=False))


class SiteMessageRow(CampaignTable, table=True):
    """A message in the app or on the site: for visitors, by its conditions, or (`customer_id`) put there for one person by a campaign or journey.

    `key`: the message's key for providers, where it is somebody's own.
    """

    __tablename__ = "site_message"
    __table_args__ = (
        ForeignKeyConstraint(["reward_id"], ["reward.id"]), UniqueConstraint("key"),
        Index("site_message_placement", "placement", postgresql_where=text("active AND customer_id IS NULL")),
        Index("site_message_customer", "customer_id", "channel", "created_at", postgresql_where=text("customer_id IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text)
    placement: str = Field(sa_type=Text)
    purpose: str = Field(sa_type=Text)
    priority: int
    locales: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    fallback: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    conditions: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    reward_id: UUID | None = None
    cap: int | None = None
    cap_days: int
    holdout: float
    starts_at: datetime | None = Field(default=None, sa_type=TIME)
    ends_at: datetime | None = Field(default=None, sa_type=TIME)
    active: bool
    playbook: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = Field(sa_type=TIME)
    customer_id: UUID | None = None
    key: str | None = Field(default=None, sa_type=Text)
    channel: str = Field(sa_column=Column(Text, nullable=False, server_default=text("'on_site'")))
    origin_id: UUID | None = None
    data: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=text("'{}'")))
    shown_at: datetime | None = Field(default=None, sa_type=TIME)
    dismissed_at: datetime | None = Field(default=None, sa_type=TIME)


class DecisionRow(CampaignTable, table=True):
    """What a visitor was shown, or would have been (`arm` holdout)."""

    __tablename__ = "decision"
    __table_args__ = (
        Index("decision_visitor", "visitor", "message_id", "at"),
        Index("decision_customer", "customer_id", "message_id", "at", postgresql_where=text("customer_id IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    visitor: bytes = Field(sa_type=LargeBinary)
    customer_id: UUID | None = None
    placement: str = Field(sa_type=Text)
    message_id: UUID | None = None
    arm: str | None = Field(default=None, sa_type=Text)
    at: datetime = Field(sa_type=TIME)
    clicked_at: datetime | None = Field(default=None, sa_type=TIME)


class PlaybookRow(CampaignTable, table=True):
    """A playbook that somebody wrote or changed; the others stand in the code."""

    __tablename__ = "playbook"

    key: str = Field(primary_key=True, sa_type=Text)
    content: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    version: int
    updated_at: datetime = Field(sa_type=TIME)


class PlaybookRunRow(CampaignTable, table=True):
    """A playbook that was started, and what that made."""

    __tablename__ = "playbook_run"
    __table_args__ = (Index("playbook_run_stage", "stage", postgresql_where=text("status = 'running'::text")),)

    id: UUID = Field(primary_key=True)
    key: str = Field(sa_type=Text)
    stage: str | None = Field(default=None, sa_type=Text)
    status: str = Field(sa_type=Text)
    made: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    started_at: datetime = Field(sa_type=TIME)
    stopped_at: datetime | None = Field(default=None, sa_type=TIME)

"""Rows of campaigns and of the send ledger."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Interval,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import BIGINT, JSONB
from sqlmodel import Field

from services.campaign.tables.metadata import TIME, CampaignTable

STATES = "'planned', 'permitted', 'handing_off', 'accepted', 'failed', 'suppressed', 'unknown'"


class CampaignRow(CampaignTable, table=True):
    """A campaign. `audience_token` is where the planning of its frozen audience stands."""

    __tablename__ = "campaign"
    __table_args__ = (
        ForeignKeyConstraint(["template_id"], ["template.id"]),
        Index(
            "campaign_active", "status",
            postgresql_where=text("status = ANY (ARRAY['scheduled'::text, 'planning'::text, 'sending'::text, 'cancelled'::text])"),
        ),
    )

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text)
    template_id: UUID
    template_version: int | None = None
    segment_id: str = Field(sa_type=Text)
    channel: str = Field(sa_type=Text)
    purpose: str = Field(sa_type=Text)
    from_name: str = Field(sa_type=Text)
    from_address: str = Field(sa_type=Text)
    reply_to: str = Field(sa_type=Text)
    utm: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    status: str = Field(sa_type=Text)
    status_reason: str | None = Field(default=None, sa_type=Text)
    launch_at: datetime | None = Field(default=None, sa_type=TIME)
    max_lateness: timedelta = Field(sa_type=Interval)
    audience_token: str | None = Field(default=None, sa_type=Text)
    audience_complete: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    launched_at: datetime | None = Field(default=None, sa_type=TIME)
    finished_at: datetime | None = Field(default=None, sa_type=TIME)
    created_at: datetime = Field(sa_type=TIME)
    updated_at: datetime = Field(sa_type=TIME)


class MessageRow(CampaignTable, table=True):
    """The send ledger: one row for each message that was planned, whatever became of it."""

    __tablename__ = "message"
    __table_args__ = (
        ForeignKeyConstraint(["campaign_id"], ["campaign.id"]),
        UniqueConstraint("campaign_id", "step", "customer_id", "channel", name="message_once_per_customer"),
        UniqueConstraint("campaign_id", "step", "channel", "address_hash", name="message_once_per_address"),
        CheckConstraint(f"state IN ({STATES})", name="message_state"),
        Index("message_open", "campaign_id", text("retry_at NULLS FIRST"), "id", postgresql_where=text("state = 'planned'")),
        Index("message_leased", "lease_until", postgresql_where=text("state = ANY (ARRAY['permitted'::text, 'handing_off'::text])")),
        Index("message_customer", "customer_id", "id"),
        Index("message_campaign", "campaign_id", "id"),
    )

    id: UUID = Field(primary_key=True)
    campaign_id: UUID
    step: str = Field(sa_type=Text)
    channel: str = Field(sa_type=Text)
    customer_id: UUID
    address_hash: bytes | None = Field(default=None, sa_type=LargeBinary)
    state: str = Field(sa_type=Text)
    reason: str | None = Field(default=None, sa_type=Text)
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    retry_at: datetime | None = Field(default=None, sa_type=TIME)
    lease_owner: UUID | None = None
    lease_until: datetime | None = Field(default=None, sa_type=TIME)
    permit_id: str | None = Field(default=None, sa_type=Text)
    consent_version: int | None = Field(default=None, sa_type=BIGINT)
    locale: str | None = Field(default=None, sa_type=Text)
    reply_code: int | None = None
    created_at: datetime = Field(sa_type=TIME)
    handed_off_at: datetime | None = Field(default=None, sa_type=TIME)
    finished_at: datetime | None = Field(default=None, sa_type=TIME)


class EngagementRow(CampaignTable, table=True):
    """Visits of one link (or of the open picture, link -1) of one message, people and machines apart."""

    __tablename__ = "engagement"
    __table_args__ = (ForeignKeyConstraint(["message_id"], ["message.id"]),)

    message_id: UUID = Field(primary_key=True)
    kind: str = Field(primary_key=True, sa_type=Text)
    link: int = Field(primary_key=True)
    automated: bool = Field(primary_key=True)
    visits: int
    first_at: datetime = Field(sa_type=TIME)
    last_at: datetime = Field(sa_type=TIME)

"""Rows of campaigns and of the send ledger."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    ForeignKeyConstraint,
    Index,
    Interval,
    LargeBinary,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import BIGINT, JSONB, SMALLINT
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
    audience: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=text("'{}'")))
    selection: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=text("'{}'")))
    per_minute: int | None = None
    created_by: str = Field(sa_column=Column(Text, nullable=False, server_default=text("''")))
    needs_approval: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    approved_by: str | None = Field(default=None, sa_type=Text)
    approved_at: datetime | None = Field(default=None, sa_type=TIME)
    postal_address: str = Field(sa_column=Column(Text, nullable=False, server_default=text("''")))
    send: str = Field(sa_column=Column(Text, nullable=False, server_default=text("'now'")))
    reserved_for: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=text("'{}'")))


class MessageRow(CampaignTable, table=True):
    """The send ledger: one row for each message that was planned, whatever became of it.

    `origin` and `origin_id`: what sends it (a campaign, a journey, a programme, or a request of its own); `once_key`: hash of what makes it
    one of a kind within that; `retry_at`: not before then; `repeatable`: its provider absorbs the same message given twice.
    `waits` and `in_hand` say of the state what indexes need to know: no index names the state or the lease itself.
    """

    __tablename__ = "message"
    __table_args__ = (
        ForeignKeyConstraint(["campaign_id"], ["campaign.id"]),
        Index("message_once", "origin_id", "once_key", unique=True),
        Index(
            "message_once_per_address", "origin_id", "step", "channel", "address_hash", unique=True,
            postgresql_where=text("origin = 'campaign'"),
        ),
        CheckConstraint(f"state IN ({STATES})", name="message_state"),
        CheckConstraint("origin IN ('campaign', 'journey', 'message', 'programme')", name="message_origin"),
        CheckConstraint("queue IN ('marketing', 'transactional')", name="message_queue"),
        Index(
            "message_open", "origin_id", text("retry_at NULLS FIRST"), text("priority DESC"), text("value DESC NULLS LAST"), "id",
            postgresql_where=text("waits AND origin = 'campaign'"),
        ),
        Index(
            "message_open_other", "queue", text("retry_at NULLS FIRST"), text("priority DESC"), text("value DESC NULLS LAST"), "id",
            postgresql_where=text("waits AND origin <> 'campaign'"),
        ),
        Index("message_in_hand", "id", postgresql_where=text("in_hand")),
        Index("message_customer", "customer_id", "id"),
        Index("message_campaign", "campaign_id", "id"),
    )

    id: UUID = Field(primary_key=True)
    campaign_id: UUID | None = None
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
    origin: str = Field(sa_column=Column(Text, nullable=False, server_default=text("'campaign'")))
    origin_id: UUID
    once_key: bytes = Field(sa_type=LargeBinary)
    queue: str = Field(sa_column=Column(Text, nullable=False, server_default=text("'marketing'")))
    purpose: str = Field(sa_type=Text)
    template_id: UUID
    template_version: int
    arm: str | None = Field(default=None, sa_type=Text)
    priority: int = Field(default=0, sa_column=Column(SMALLINT, nullable=False, server_default=text("0")))
    value: int | None = Field(default=None, sa_type=BIGINT)
    data: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=text("'{}'")))
    sender: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB, nullable=True))
    provider: str | None = Field(default=None, sa_type=Text)
    repeatable: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    admitted_at: datetime | None = Field(default=None, sa_type=TIME)
    refusal: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB, nullable=True))
    waits: bool = Field(sa_column=Column(Boolean, Computed("state = 'planned'", persisted=True), nullable=False))
    in_hand: bool = Field(sa_column=Column(Boolean, Computed("state = ANY (ARRAY['permitted'::text, 'handing_off'::text])", persisted=True), nullable=False))


class HeldOriginRow(CampaignTable, table=True):
    """A journey or programme whose planned messages wait."""

    __tablename__ = "held_origin"

    origin_id: UUID = Field(primary_key=True)
    since: datetime = Field(sa_type=TIME)


class PaceRow(CampaignTable, table=True):
    """When the next of a limited rate may go: a campaign's or a recipients' domain's."""

    __tablename__ = "pace"

    name: str = Field(primary_key=True, sa_type=Text)
    next_at: datetime = Field(sa_type=TIME)


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

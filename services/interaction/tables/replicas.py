"""What this service remembers of what others told."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    Column,
    Index,
    LargeBinary,
    Text,
    text,
)
from sqlmodel import Field

from services.interaction.tables.metadata import TEXTS, TIME, InteractionTable


class IdentityMapRow(InteractionTable, table=True):
    """Whose an identity is now (replica)."""

    __tablename__ = "identity_map"
    __table_args__ = (Index("identity_map_customer", "customer_id"),)

    identity: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    kind: str = Field(sa_type=Text)
    customer_id: UUID


class MergedCustomerRow(InteractionTable, table=True):
    """A customer that was merged away, and into whom: one edge of a forest (replica)."""

    __tablename__ = "merged_customer"
    __table_args__ = (Index("merged_customer_into", "into_id"), Index("merged_customer_merge", "merge_id"))

    merged_id: UUID = Field(primary_key=True)
    into_id: UUID
    merge_id: str = Field(sa_type=Text)


class ConsentStateRow(InteractionTable, table=True):
    """Purposes a customer granted or withdrew on some channel (replica)."""

    __tablename__ = "consent_state"

    customer_id: UUID = Field(primary_key=True)
    granted: list[str] = Field(sa_type=TEXTS)
    withdrawn: list[str] = Field(sa_type=TEXTS)


class ConsentSignalRow(InteractionTable, table=True):
    """A signal of refusal is told once a day for each identity."""

    __tablename__ = "consent_signal"

    identity: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    signal: str = Field(sa_column=Column(Text, primary_key=True))
    day: date = Field(primary_key=True)


class CampaignSeenRow(InteractionTable, table=True):
    """Name and purpose of a campaign, for the timeline (replica)."""

    __tablename__ = "campaign_seen"

    campaign_id: str = Field(sa_column=Column(Text, primary_key=True))
    name: str = Field(sa_type=Text)
    purpose: str = Field(sa_type=Text)


class MessageEntryRow(InteractionTable, table=True):
    """What became of a message to a customer, for the timeline."""

    __tablename__ = "message_entry"
    __table_args__ = (
        Index("message_entry_timeline", "customer_id", text("occurred_at DESC"), text("id DESC")), Index("message_entry_message", "message_id"),
        Index("message_entry_timeline", "customer_id", text("occurred_at DESC"), text("id DESC")),
        Index("message_entry_campaign", "campaign_id", "occurred_at", postgresql_where=text("action = 'accepted'")),
    )

    id: UUID = Field(primary_key=True)
    customer_id: UUID
    message_id: str = Field(sa_type=Text)
    campaign_id: str = Field(sa_type=Text)
    channel: str = Field(sa_type=Text)
    action: str = Field(sa_type=Text)
    occurred_at: datetime = Field(sa_type=TIME)
    content: str = Field(sa_type=Text)

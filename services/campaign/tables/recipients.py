"""Rows of recipients and of addresses that get no more mail."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    Index,
    LargeBinary,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import BIGINT, JSONB
from sqlmodel import Field

from services.campaign.tables.metadata import TIME, CampaignTable


class RecipientRow(CampaignTable, table=True):
    """What templates and envelopes need of a customer, replicated from the profiles."""

    __tablename__ = "recipient"
    __table_args__ = (Index("recipient_merged", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),)

    customer_id: UUID = Field(primary_key=True)
    email: str | None = Field(default=None, sa_type=Text)
    phone: str | None = Field(default=None, sa_type=Text)
    name: str | None = Field(default=None, sa_type=Text)
    language: str | None = Field(default=None, sa_type=Text)
    traits: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    merged_into: UUID | None = None
    version: int = Field(sa_type=BIGINT)
    channels: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False, server_default=text("'{}'")))
    time_zone: str | None = Field(default=None, sa_type=Text)


class SuppressedAddressRow(CampaignTable, table=True):
    """An address (its keyed hash) that gets no more mail. `reason`: bounced or complained."""

    __tablename__ = "suppressed_address"

    address_hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    reason: str = Field(sa_type=Text)
    status: str | None = Field(default=None, sa_type=Text)
    message_id: UUID | None = None
    since: datetime = Field(sa_type=TIME)

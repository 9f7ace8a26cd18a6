"""Rows of single messages: idempotency keys, and messages that wait in the app or on the site."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.campaign.tables.metadata import TIME, CampaignTable


class MessageRequestRow(CampaignTable, table=True):
    """An Idempotency-Key (hash of caller and key), what it was used for (hash) and the message that came of it."""

    __tablename__ = "message_request"
    __table_args__ = (Index("message_request_age", "created_at"),)

    key: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    request: bytes = Field(sa_type=LargeBinary)
    message_id: UUID | None = None
    created_at: datetime = Field(sa_type=TIME)


class InAppMessageRow(CampaignTable, table=True):
    """A message that waits for its person; `channel`: in_app or on_site; `key`: the message's key for providers."""

    __tablename__ = "in_app_message"
    __table_args__ = (Index("in_app_message_customer", "customer_id", "channel", "created_at"),)

    key: str = Field(primary_key=True, sa_type=Text)
    customer_id: UUID
    channel: str = Field(sa_type=Text)
    title: str = Field(sa_type=Text)
    body: str = Field(sa_type=Text)
    locale: str = Field(sa_type=Text)
    data: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=text("'{}'")))
    origin_id: UUID
    created_at: datetime = Field(sa_type=TIME)
    expires_at: datetime = Field(sa_type=TIME)
    shown_at: datetime | None = Field(default=None, sa_type=TIME)
    dismissed_at: datetime | None = Field(default=None, sa_type=TIME)

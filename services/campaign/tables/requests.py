"""Rows of single messages: idempotency keys."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index, LargeBinary
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

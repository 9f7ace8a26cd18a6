"""HTTP shapes of messages in the send ledger."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel


class MessageView(BaseModel):
    """`origin` and `origin_id`: what sent it: a campaign, a journey, a programme, or a request of its own (`message`)."""

    id: UUID
    origin: str
    origin_id: UUID
    campaign_id: UUID | None
    customer_id: UUID
    channel: str
    step: str
    arm: str | None
    purpose: str
    queue: str
    provider: str | None
    state: str
    reason: str | None
    attempts: int
    retry_at: datetime | None
    permit_id: str | None
    consent_version: int | None
    locale: str | None
    reply_code: int | None
    created_at: datetime
    handed_off_at: datetime | None
    finished_at: datetime | None


class CustomerMessageView(MessageView):
    campaign_name: str
    opened: bool
    clicked: bool


class HandedOffView(BaseModel):
    """A message as an audit sees it. `campaign_id`: the id of what sent it."""

    message_id: UUID
    campaign_id: UUID
    customer_id: UUID
    purpose: str
    channel: str
    step: str
    address_hash: str | None
    state: str
    permit_id: str
    consent_version: int
    handed_off_at: datetime
    finished_at: datetime | None

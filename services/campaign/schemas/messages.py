"""HTTP shapes of messages in the send ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, model_validator

from services.campaign.schemas.given import Given, Name

Address = Annotated[str, StringConstraints(max_length=254)]
Channel = Literal["email", "sms", "push", "webhook", "phone", "post", "in_app", "on_site"]


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


class RequestMessage(Given):
    """To a customer, by id or by identity (`email:a@b.c`, `user:42`). `data` is for the template, as `data.…`."""

    template_id: UUID
    customer_id: UUID | None = None
    identity: Annotated[str, StringConstraints(min_length=3, max_length=600)] | None = None
    channel: Channel = "email"
    purpose: Name = "service"
    data: Annotated[dict[str, Any], Field(max_length=100)] = {}
    from_address: Address = ""
    from_name: Annotated[str, StringConstraints(max_length=200)] = ""
    reply_to: Address = ""

    @model_validator(mode="after")
    def _one_person(self) -> RequestMessage:
        if (self.customer_id is None) == (self.identity is None):
            raise ValueError("give customer_id or identity, one of them")
        return self


class WaitingView(BaseModel):
    """A message that waits in the app or on the site."""

    key: str
    channel: str
    title: str
    body: str
    locale: str
    data: dict[str, Any]
    origin_id: UUID
    created_at: datetime
    expires_at: datetime


class Dismiss(Given):
    customer_id: UUID

"""Messages of service and with which template they are sent."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from services.interaction.schemas.given import Given

Kind = Literal["case_reply", "order_confirmation", "order_promise"]
State = Literal["waiting", "accepted", "sent", "failed", "unknown"]


class PutNoticeRule(Given):
    """`template_id`: of the campaign service (`/api/v1/templates`); it gets the fields as `data.…`."""

    template_id: UUID
    active: bool = True


class NoticeRuleView(BaseModel):
    kind: str
    template_id: UUID
    active: bool
    changed_at: datetime
    changed_by: str


class NoticeView(BaseModel):
    """`waiting` to be handed over, `accepted` by the campaign service, `sent` to the recipient's mail server, `failed` (`reason`) or `unknown`."""

    id: UUID
    kind: str
    about: str
    interaction_id: UUID | None
    customer_id: UUID | None
    template_id: UUID
    state: State
    reason: str | None
    message_id: UUID | None
    attempts: int
    created_at: datetime
    changed_at: datetime

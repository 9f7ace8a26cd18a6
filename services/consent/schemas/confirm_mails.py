"""Links to confirm that go by mail."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from services.consent.schemas.given import Given

State = Literal["waiting", "accepted", "failed", "skipped"]


class PutTemplate(Given):
    """A template of the campaign service. It is given `data.title`, `data.wording`, `data.url` and `data.hours`."""

    template_id: UUID


class TemplateView(BaseModel):
    language: str
    template_id: UUID
    changed_at: datetime
    changed_by: str


class TemplateList(BaseModel):
    data: list[TemplateView]


class ConfirmMailView(BaseModel):
    """`accepted`: the campaign service has it, `/api/v1/messages/{message_id}` says what became of it; `skipped` and `failed` with their `reason`."""

    entry_id: UUID
    purpose: str
    channel: str
    state: State
    reason: str | None
    message_id: UUID | None
    attempts: int
    created_at: datetime
    changed_at: datetime

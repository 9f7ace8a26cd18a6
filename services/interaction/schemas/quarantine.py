"""The quarantine."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class PlanFault(BaseModel):
    """A place in the event (JSON pointer) and the keyword of the schema it breaks."""

    pointer: str
    keyword: str


class QuarantineEntry(BaseModel):
    """A payload that was refused, or set aside by the tracking plan of its source: then `errors` names the places."""

    id: UUID
    source: str
    code: str
    detail: str
    message_id: str | None
    digest: str
    size: int
    received_at: datetime
    state: str
    closed_at: datetime | None
    errors: list[PlanFault] = []


class QuarantinedPayload(QuarantineEntry):
    """With its content, as far as it was kept."""

    payload: str


class Release(BaseModel):
    """What to release in place of what was sent."""

    model_config = ConfigDict(extra="forbid")

    payload: dict[str, Any] | None = None


class Closed(BaseModel):
    """`released` or `discarded`."""

    state: str

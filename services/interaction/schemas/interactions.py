"""The timeline and touch points."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class TimelineEntry(BaseModel):
    """One contact. `data` holds what was sent: properties, traits and context of an event, or what became of a message."""

    id: UUID
    kind: str
    name: str
    channel: str
    initiator: str
    purpose: str | None
    occurred_at: datetime
    received_at: datetime
    source: str
    message_id: str
    identity: str | None
    notes: list[str]
    data: dict[str, Any]


class Taken(BaseModel):
    """The id what was posted will have; it can be seen as soon as the log was read, usually within a second."""

    id: str


class PostTouchpoint(BaseModel):
    """A touch point of `kind`; the other fields are those of `GET /schemas/ecrm.touchpoint.<kind>.v1`."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "example": {"kind": "call", "customer": "user:42", "initiator": "customer", "answered": True, "duration_s": 95, "purpose": "service"}
        },
    )

    kind: str
    customer: str | None = Field(None, description="An identity key, for example user:42.")
    customer_id: str | None = Field(None, description="The customer's id, in place of `customer`.")

"""Requests and answers about costs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.analytics.schemas.given import Strict, Text, Word


class BookCost(Strict):
    """Money in minor units; a negative amount corrects an earlier entry. `reference` makes repeating safe."""

    kind: Literal["acquire", "retain", "serve"]
    channel: Word
    campaign_id: Word | None = None
    amount_minor: int = Field(ge=-(10**15), le=10**15)
    currency: str = Field(pattern="^[A-Z]{3}$")
    booked_on: date
    note: Text = ""
    reference: Word | None = None


class CostView(BaseModel):
    cost_id: UUID
    kind: str
    channel: str
    campaign_id: str | None
    amount_minor: int
    currency: str
    booked_on: date
    note: str
    reference: str | None
    created_at: datetime

"""Merges over HTTP."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from services.customer.schemas.asked import Asked, Reason


class MergeCustomers(Asked):
    survivor_id: UUID
    merged_id: UUID
    reason: Reason = "by hand"


class UndoMerge(Asked):
    reason: Reason = "by hand"


class MergeView(BaseModel):
    id: UUID
    survivor_id: UUID
    merged_id: UUID
    reason: str
    automatic: bool
    event_id: str | None
    identities: list[str] = Field(description="Keyed hashes (hex) of the identities that came along.")
    merged_at: datetime
    undone_at: datetime | None
    undone_reason: str | None


class MergeAnswer(BaseModel):
    merge_id: UUID
    customer_id: UUID

"""Pairs that may be one person, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.customer.schemas.asked import Asked, Reason


class ScanView(BaseModel):
    """How far a scan is. `pairs` may be one person, `likely` of them are so by more than even chances."""

    id: UUID
    state: str
    progress: float
    profiles: int
    compared: int
    pairs: int
    likely: int
    created_at: datetime
    created_by: str
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None


class ReasonView(BaseModel):
    """What one field says: above 0 bits it speaks for one person, below against; a bit doubles or halves the odds."""

    field: str
    level: str
    bits: float
    text: str


class DuplicateView(BaseModel):
    """Two customers that may be one person. `score` is the probability; `household` that they share a home rather than a name."""

    low_id: UUID
    high_id: UUID
    customer_ids: list[UUID] = Field(description="Who answers for the two now.")
    score: float
    household: float
    reasons: list[ReasonView]
    group_id: UUID | None = Field(description="Pairs of one group hang together.")
    state: str
    found_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    decision_reason: str | None
    merge_id: UUID | None


class DecideDuplicate(Asked):
    decision: Literal["merge", "not_same", "later"]
    survivor_id: UUID | None = Field(None, description="Who answers after a merge; default: the one with the strongest identity, then the older.")
    reason: Reason = "by hand"


class DuplicateDecided(BaseModel):
    state: str
    customer_id: UUID | None
    merge_id: UUID | None

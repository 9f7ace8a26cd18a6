"""What identity rules held back, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.customer.schemas.asked import Asked, Reason


class IdentityReviewView(BaseModel):
    """Two customers that share an identity but were not merged, or (`other_id` null) an identity that a customer was not given; and why."""

    id: UUID
    kind: str
    key: str
    customer_id: UUID
    other_id: UUID | None
    reason: str
    event_id: str
    noted_at: datetime
    state: str
    decided_at: datetime | None
    decided_by: str | None
    decision_reason: str | None


class DecideReview(Asked):
    decision: Literal["merge", "not_same", "later"]
    reason: Reason = "by hand"


class DecisionAnswer(BaseModel):
    """`customer_id` answers now; `merge_id` undoes the decision."""

    state: str
    customer_id: UUID
    merge_id: UUID | None = Field(description="Null where no two customers became one.")

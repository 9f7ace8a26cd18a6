"""What identity rules held back, over HTTP."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel


class IdentityReviewView(BaseModel):
    """Two customers that share an identity but were not merged automatically, and why."""

    id: UUID
    kind: str
    customer_id: UUID
    other_id: UUID
    reason: str
    event_id: str
    noted_at: datetime

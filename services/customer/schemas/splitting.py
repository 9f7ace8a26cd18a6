"""Splits over HTTP."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from services.customer.schemas.asked import Asked, Reason
from services.customer.schemas.customers import CustomerView


class SplitIdentity(Asked):
    reason: Reason = "by hand"


class SplitAnswer(BaseModel):
    """`customer_id` is the identity's own customer from now on, taken out of `from_id`; the split is listed at `/merges`."""

    split_id: UUID
    customer_id: UUID
    from_id: UUID
    split_at: datetime


class SplitPreview(BaseModel):
    """What a split would come to; nothing is changed."""

    stays: CustomerView = Field(description="The customer without the identity.")
    goes: CustomerView = Field(description="The identity's own customer; its id is made by the split.")
    traits: list[str] = Field(description="Whose value goes along.")
    only_identity: bool = Field(description="The split would be refused: nothing would be left.")

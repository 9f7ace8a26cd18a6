"""Merges over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from services.customer.schemas.asked import Asked, Reason
from services.customer.schemas.customers import CustomerView, TraitView


class TwoCustomers(Asked):
    survivor_id: UUID
    merged_id: UUID


class MergeCustomers(TwoCustomers):
    reason: Reason = "by hand"


class UndoMerge(Asked):
    reason: Reason = "by hand"


class CameView(BaseModel):
    identities: int = Field(description="First seen in between.")
    traits: int = Field(description="Values taken over in between.")
    merges: int = Field(description="Customers merged in between; they stay with this side.")


class MeanwhileView(BaseModel):
    """What came while the two were one, by the side it belongs to. Messages sent meanwhile to either are listed at `messages`."""

    since: datetime
    until: datetime
    survivor: CameView
    restored: CameView
    messages: str


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
    meanwhile: MeanwhileView | None
    split: bool = Field(False, description="No merge: one identity was taken out of `survivor_id`, to whom it belonged since `merged_at`.")


class MergeAnswer(BaseModel):
    merge_id: UUID
    customer_id: UUID


class SentView(BaseModel):
    """A message that went out while the two were one."""

    id: UUID
    campaign_id: UUID
    campaign_name: str
    customer_id: UUID
    channel: str
    state: str
    handed_off_at: datetime


class UndoneAnswer(BaseModel):
    """`customer_id` answers for itself again, apart from `survivor_id`."""

    merge_id: UUID
    customer_id: UUID
    survivor_id: UUID
    meanwhile: MeanwhileView
    sent: list[SentView] | None = Field(description="Messages sent in between, the newest hundred. Null: the campaign service does not answer now.")


class ConflictView(BaseModel):
    """Both tell this trait, with different values. `because`: the source has the last word, the more trusted, the later, the later in the log."""

    trait: str
    survivor: TraitView
    merged: TraitView
    wins: str
    because: str


class MovingIdentity(BaseModel):
    kind: str
    key: str


class MovingAddress(BaseModel):
    kind: str
    value: str
    state: str


class MovingAccount(BaseModel):
    account_id: UUID
    name: str | None
    role: str


class MovingNeed(BaseModel):
    id: UUID
    text: str


class Moving(BaseModel):
    """What the merged customer brings along."""

    identities: list[MovingIdentity] = Field(description="The first hundred.")
    identity_count: int
    contact_points: list[MovingAddress]
    channels: dict[str, str]
    accounts: list[MovingAccount]
    open_needs: list[MovingNeed]


class ConsentPreview(BaseModel):
    """For a purpose and channel what each said, and what counts after the merge: the stricter, until the person says otherwise."""

    scope: str
    survivor: str
    merged: str
    result: str


class MergePreviewView(BaseModel):
    """What a merge would come to; nothing is changed. `warnings` are the rules that would have held it back as an automatic one."""

    customer: CustomerView
    conflicts: list[ConflictView]
    moving: Moving
    warnings: list[str]
    consent: list[ConsentPreview] | None = Field(description="Null: the consent service does not answer now.")


def meanwhile_view(between: dict[str, Any], *, survivor_id: UUID, merged_id: UUID) -> MeanwhileView:
    """With the way to the messages that were sent in between."""
    view = MeanwhileView(**between, messages="")
    window = f"since={view.since.isoformat()}&until={view.until.isoformat()}".replace("+00:00", "Z")
    return view.model_copy(update={"messages": f"/api/v1/messages?customer_id={survivor_id}&customer_id={merged_id}&{window}"})

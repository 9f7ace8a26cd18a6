"""Customers over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from services.customer.schemas.asked import Asked, IdentityText


class RegisterCustomer(Asked):
    """A person and how to recognise them. E-mail address and telephone number among the traits become identities, too."""

    identities: list[IdentityText] = Field(default=[], max_length=10)
    traits: dict[str, Any] = Field(default={}, max_length=200)


class ChangeCustomer(Asked):
    """Merge-patch: what is named changes, null removes, the rest stays."""

    traits: dict[str, Any] = Field(max_length=200)


class TraitView(BaseModel):
    """A trait with its provenance: who told it when, by which event, and under which customer before merges.

    One with the authority `implied` follows from an identity and was told by no event.
    """

    value: Any
    source: str
    authority: str
    set_at: datetime | None
    event_id: str | None
    customer_id: UUID


class IdentityView(BaseModel):
    kind: str
    key: str
    linked_at: datetime
    source: str
    customer_id: UUID = Field(description="Where it was first seen; undoing merges brings it back there.")


class CustomerView(BaseModel):
    """A customer as known now. `requested_id` differs from `id` when the customer asked for was merged away."""

    id: UUID
    requested_id: UUID | None = None
    known: bool
    version: int
    registered_at: datetime
    updated_at: datetime
    email: str | None
    phone: str | None
    name: str | None
    language: str | None
    traits: dict[str, Any]
    provenance: dict[str, TraitView] | None = None
    identities: list[str] | None = Field(None, description="The first hundred; all of them at `/identities`.")
    merged: list[UUID] = []

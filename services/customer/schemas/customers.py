"""Customers over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from services.customer.schemas.accounts import AccountOfView
from services.customer.schemas.asked import Asked, IdentityText
from services.customer.schemas.reaching import NeedView


class RegisterCustomer(Asked):
    """A person and how to recognise them. E-mail address and telephone number among the traits become identities, too."""

    identities: list[IdentityText] = Field(default=[], max_length=10)
    traits: dict[str, Any] = Field(default={}, max_length=200)


class ChangeCustomer(Asked):
    """Merge-patch (RFC 7396): what is named changes, null removes, an object changes the members it names, the rest stays."""

    traits: dict[str, Any] = Field(max_length=200)


class HideFields(Asked):
    """All traits that are hidden from now on; those that are not named are shown again."""

    fields: list[Annotated[str, StringConstraints(min_length=1, max_length=300)]] = Field(max_length=200)


class TraitView(BaseModel):
    """A trait with its provenance: who told it when, by which event, and under which customer before merges.

    One with the authority `implied` follows from an identity and was told by no event. A `hidden` one is sensitive, or the person hid it: there is a value, but it is
    shown only to keys with `customers:sensitive`.
    """

    value: Any
    hidden: bool = False
    source: str
    authority: str
    set_at: datetime | None
    event_id: str | None
    customer_id: UUID


class HistoryView(BaseModel):
    """A value that was taken over: when it was told (`set_at`), when this service recorded it, by whom, and under which customer before merges.

    `removed`: the trait was taken away.
    """

    trait: str
    value: Any
    removed: bool
    hidden: bool = False
    source: str
    authority: str
    set_at: datetime | None
    recorded_at: datetime
    event_id: str | None
    customer_id: UUID


class IdentityView(BaseModel):
    kind: str
    key: str
    linked_at: datetime
    source: str
    customer_id: UUID = Field(description="Where it was first seen; undoing merges brings it back there.")


class CustomerView(BaseModel):
    """A customer as known now, or at the time `as_of`. `requested_id` differs from `id` when the customer asked for was merged away."""

    id: UUID
    requested_id: UUID | None = None
    as_of: datetime | None = None
    type: str
    known: bool
    version: int | None = Field(description="The ETag; null for a reading of the past.")
    registered_at: datetime
    updated_at: datetime
    email: str | None
    phone: str | None
    name: str | None
    language: str | None
    owner: str | None = Field(None, description="The employee responsible: the trait `owner`.")
    traits: dict[str, Any]
    accounts: list[AccountOfView] | None = Field(None, description="To which the person belongs, the first one first.")
    needs: list[NeedView] | None = Field(None, description="What the customer told to need and has not got yet; the first fifty.")
    provenance: dict[str, TraitView] | None = None
    identities: list[str] | None = Field(None, description="The first hundred; all of them at `/identities`.")
    merged: list[UUID] = []
    outvoted: list[str] | None = Field(
        None, description="After a change: the traits that stay as they were, because a source told them that has the last word."
    )

"""Customers as they were known at a time, and every value ever told of them."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.customer import errors, store
from services.customer.domain import traits
from services.customer.domain.definitions import weights_of
from services.customer.queries.customers import Found, found_of, get_customer
from services.customer.settings import CustomerService


class Told(NamedTuple):
    """Values that were taken over, newest first; `sensitive` traits are not for everybody."""

    rows: list[store.history.Row]
    sensitive: frozenset[str]


class Past(NamedTuple):
    """A customer at a time, by what they were recognised then (the first ones), and when the last value was recorded.

    `documents` are what was told under the customers who were one, `weights` those of the sources then.
    """

    found: Found
    identities: list[store.identities.Row]
    changed_at: datetime
    documents: dict[UUID, traits.Traits]
    weights: traits.Weights


async def list_history(
    service: CustomerService, *, customer_id: UUID, trait: str | None, before: int | None, limit: int
) -> Told:
    """What was told of a customer and of everybody merged into it, in the order of recording, newest first. Raises Unknown."""
    found = await get_customer(service, customer_id=customer_id)
    homes = [found.root.id, *(member.id for member in found.members)]
    name = None if trait is None else traits.usable_name(trait)
    if trait is not None and name is None:
        raise errors.bad_trait_name(trait[:100])
    async with service.read() as db:
        return Told(await store.history.page(db, homes=homes, name=name, before=before, limit=limit), found.sensitive)


async def get_past(service: CustomerService, *, customer_id: UUID, at: datetime, limit: int) -> Past:
    """A customer as known at a time: values, merges and identities recorded until then; who may see what is as of today.

    Raises Unknown for a customer of whom nothing was known then, Invalid for a time to come.
    """
    if at > service.clock.now():
        raise errors.bad_as_of()
    async with service.read() as db, db.transaction(isolation="repeatable_read", readonly=True):
        (present,) = await store.customers.find(db, ids=[customer_id]) or (None,)
        if present is None:
            raise errors.unknown_customer()
        if present.recorded_at > at:
            raise errors.not_yet_known()
        head, members = await store.history.family(db, customer=customer_id, at=at)
        assert head is not None  # merges of one moment make a forest
        homes = [head.id, *(member.id for member in members)]
        owners = {head.root_id, *(member.root_id for member in members)}
        # What was split off since was no customer of its own then.
        parts = await store.history.split_since(db, customers=homes, at=at) if members else {}
        documents, last = await store.history.documents(db, homes=homes, parts=parts, at=at)
        sources = await store.definitions.sources_at(db, names={name for told in documents.values() for name in told}, at=at)
        identities = await store.history.identities_at(db, owners=owners, homes=homes, at=at, limit=limit)
        known = await store.history.known_at(db, owners=owners, homes=homes, at=at)
        definitions = await store.definitions.current(db, service.resources.definitions)
    hidden = traits.hidden_in((await get_customer(service, customer_id=customer_id)).profile)
    weights = {name: weights_of(listed) for name, listed in sources.items() if listed}
    members = [member for member in members if member.id not in parts]
    found = found_of(head._replace(known=known), members, documents, weights=weights, sensitive=definitions.sensitive | hidden)
    return Past(found, identities, last or head.recorded_at, documents, weights)

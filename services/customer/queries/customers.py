"""Customers as known now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from chassis.database import Connection
from services.customer import errors, store
from services.customer.domain import traits
from services.customer.settings import CustomerService


class Found(NamedTuple):
    """A customer that answers, with everybody merged into it. The `sensitive` traits, those the person hid among them, are not for
    everybody who reads customers.
    """

    root: store.customers.Row
    members: tuple[store.customers.Row, ...]
    profile: traits.Traits
    told_under: dict[str, UUID]
    sensitive: frozenset[str]


async def get_customer(service: CustomerService, *, customer_id: UUID) -> Found:
    """The customer that answers for the id. Raises Unknown."""
    found = await list_customers(service, ids=[customer_id])
    if not found:
        raise errors.unknown_customer()
    return found[0]


async def list_customers(service: CustomerService, *, ids: Sequence[UUID]) -> list[Found]:
    """The customers that answer for the ids, each once, in the order of the ids; unknown ones are left out."""
    async with service.read() as db:
        return await known(service, db, ids=ids)


async def known(service: CustomerService, db: Connection, *, ids: Sequence[UUID]) -> list[Found]:
    """The same for who has a connection: each one asked for is another turn to wait for."""
    if not ids:
        return []
    answering = {row.id: row.root_id for row in await store.customers.find(db, ids=ids)}
    roots = list(dict.fromkeys(answering[customer] for customer in ids if customer in answering))
    families: dict[UUID, list[store.customers.Row]] = {root: [] for root in roots}
    for row in await store.customers.families(db, roots=roots):
        families[row.root_id].append(row)
    definitions = await store.definitions.current(db, service.resources.definitions)
    return [
        found_of(
            next(row for row in family if row.id == root), [row for row in family if row.id != root],
            {row.id: traits.read(row.traits) for row in family}, weights=definitions.weights, sensitive=definitions.sensitive,
        )
        for root, family in families.items() if family
    ]


def found_of(
    head: store.customers.Row, members: Sequence[store.customers.Row], documents: Mapping[UUID, traits.Traits], *, weights: traits.Weights,
    sensitive: frozenset[str],
) -> Found:
    """The profile that the documents of a family make together, and under whom each trait was told."""
    profile = traits.joined(documents.values(), weights)
    told_under = {name: next(id for id, told in documents.items() if told.get(name) == trait) for name, trait in profile.items()}
    return Found(head, tuple(members), profile, told_under, sensitive | traits.hidden_in(profile))


async def list_identities(
    service: CustomerService, *, customer_id: UUID, after: bytes | None, limit: int
) -> list[store.identities.Row]:
    """By what a customer is recognised, in the order of the identities' hashes. Raises Unknown."""
    async with service.read() as db:
        rows = await store.customers.find(db, ids=[customer_id])
        if not rows:
            raise errors.unknown_customer()
        return await store.identities.of_customer(db, customer=rows[0].root_id, after=after, limit=limit)


async def page_customers(service: CustomerService, *, after: UUID | None, limit: int) -> tuple[list[Found], UUID | None]:
    """All customers in the order of registration, and the id to go on after."""
    async with service.read() as db:
        ids = await store.customers.page(db, after=after, limit=limit + 1)
    return await list_customers(service, ids=ids[:limit]), ids[limit - 1] if len(ids) > limit else None

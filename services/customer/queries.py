"""Reads of the customer service."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from services.customer import errors, store
from services.customer.domain import contact, identifying, traits
from services.customer.settings import CustomerService


class Found(NamedTuple):
    """A customer that answers, with everybody merged into it."""

    root: store.customers.Row
    members: tuple[store.customers.Row, ...]
    profile: traits.Traits
    told_under: dict[str, UUID]


async def get_customer(service: CustomerService, *, customer_id: UUID) -> Found:
    """The customer that answers for the id. Raises Unknown."""
    found = await list_customers(service, ids=[customer_id])
    if not found:
        raise errors.unknown_customer()
    return found[0]


async def list_customers(service: CustomerService, *, ids: Sequence[UUID]) -> list[Found]:
    """The customers that answer for the ids, each once, in the order of the ids; unknown ones are left out."""
    async with service.read() as db:
        answering = {row.id: row.root_id for row in await store.customers.find(db, ids=ids)}
        roots = list(dict.fromkeys(answering[customer] for customer in ids if customer in answering))
        families: dict[UUID, list[store.customers.Row]] = {root: [] for root in roots}
        for row in await store.customers.families(db, roots=roots):
            families[row.root_id].append(row)
    return [_found(root, family) for root, family in families.items() if family]


def _found(root: UUID, family: list[store.customers.Row]) -> Found:
    documents = {row.id: traits.read(row.traits) for row in family}
    profile = traits.joined(documents.values())
    told_under = {name: next(id for id, told in documents.items() if told.get(name) == trait) for name, trait in profile.items()}
    head = next(row for row in family if row.id == root)
    return Found(head, tuple(row for row in family if row.id != root), profile, told_under)


async def list_identities(
    service: CustomerService, *, customer_id: UUID, after: bytes | None, limit: int
) -> list[store.identities.Row]:
    """By what a customer is recognised, in the order of the identities' hashes. Raises Unknown."""
    async with service.read() as db:
        rows = await store.customers.find(db, ids=[customer_id])
        if not rows:
            raise errors.unknown_customer()
        return await store.identities.of_customer(db, customer=rows[0].root_id, after=after, limit=limit)


async def find_by_identity(service: CustomerService, *, identity: str) -> list[Found]:
    """Nobody or one. Raises Invalid for a text that is no identity."""
    try:
        key = str(identifying.normal_identity(identity, region=service.settings.default_region or None))
    except ValueError as error:
        raise errors.bad_identity("/identity", str(error)) from None
    return await list_customers(service, ids=await _owners(service, [key]))


async def search_customers(service: CustomerService, *, text: str, after: UUID | None, limit: int) -> tuple[list[Found], UUID | None]:
    """Customers by id, user id, e-mail address, telephone number and parts of names; exact matches come first, on the first page.

    Returns them and the id to go on after. Raises Invalid for fewer than two signs.
    """
    folded = contact.folded(text)
    words = [pattern(word) for word in _words(folded)]
    if len(folded.replace(" ", "")) < 2 or not words or "\x00" in text:
        raise errors.bad_search()
    exact = [] if after is not None else await _exact(service, text.strip())
    async with service.read() as db:
        longest = max(words, key=len)
        ids = await store.customers.search(db, pattern=longest, more=words, after=after, limit=limit + 1)
    more = ids[limit - 1] if len(ids) > limit else None
    return await list_customers(service, ids=[*exact, *ids[:limit]]), more


async def page_customers(service: CustomerService, *, after: UUID | None, limit: int) -> tuple[list[Found], UUID | None]:
    """All customers in the order of registration, and the id to go on after."""
    async with service.read() as db:
        ids = await store.customers.page(db, after=after, limit=limit + 1)
    return await list_customers(service, ids=ids[:limit]), ids[limit - 1] if len(ids) > limit else None


async def list_merges(
    service: CustomerService, *, customer_id: UUID | None, after: UUID | None, limit: int
) -> list[store.merges.Row]:
    """Merges of a customer and of everybody merged into it, or all. Raises Unknown."""
    if customer_id is None:
        async with service.read() as db:
            return await store.merges.page(db, after=after, limit=limit)
    found = await get_customer(service, customer_id=customer_id)
    people = {customer_id, found.root.id, *(member.id for member in found.members)}
    async with service.read() as db:
        return await store.merges.of_customers(db, customers=people, after=after, limit=limit)


async def list_duplicates(service: CustomerService, *, after: UUID | None, limit: int) -> list[store.merges.ReviewRow]:
    """Pairs a person has to look at."""
    async with service.read() as db:
        return await store.merges.reviews(db, after=after, limit=limit)


def _words(folded: str) -> list[str]:
    """A telephone number is one word, however it is grouped."""
    digits = folded.translate({ord(sign): None for sign in " -()/."})
    return [digits.lstrip("+0")] if digits.lstrip("+").isdecimal() and len(digits) > 4 else folded.split()[:8]


def pattern(word: str) -> str:
    """A LIKE pattern for a part of a text."""
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


async def _exact(service: CustomerService, text: str) -> list[UUID]:
    owners = await _owners(service, identifying.keys_of(text, region=service.settings.default_region or None))
    try:
        owners.insert(0, UUID(text))
    except ValueError:
        return owners
    return owners


async def _owners(service: CustomerService, keys: Sequence[str]) -> list[UUID]:
    async with service.read() as db:
        rows = await store.identities.find(db, identities=[service.hash_identity(key) for key in keys])
    return [row.customer_id for row in rows]

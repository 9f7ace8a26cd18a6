"""Finding customers by what one knows of them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from services.customer import errors, store
from services.customer.domain import contact, identifying
from services.customer.queries.customers import Found, list_customers
from services.customer.settings import CustomerService


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

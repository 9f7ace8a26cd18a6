"""Finding customers by what one knows of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from chassis.database import Connection
from services.customer import errors, store
from services.customer.domain import identifying, searching
from services.customer.domain.searching import Wanted
from services.customer.domain.traits import standard_name
from services.customer.queries.customers import Found, list_customers
from services.customer.settings import CustomerService

#: More answers than anybody reads; who has them narrows the search.
MOST: Final = 500


async def find_by_identity(service: CustomerService, *, identity: str) -> list[Found]:
    """Nobody or one. Raises Invalid for a text that is no identity."""
    try:
        key = str(identifying.normal_identity(identity, region=service.settings.default_region or None))
    except ValueError as error:
        raise errors.bad_identity("/identity", str(error)) from None
    return await list_customers(service, ids=await _owners(service, [key]))


async def search_customers(
    service: CustomerService, *, text: str, traits: Sequence[tuple[str, str]] = (), begin: int = 0, limit: int
) -> tuple[list[Found], int | None]:
    """Customers by id, identity, e-mail address, telephone number and words of names, and by traits (name, value), the best answer first.

    Words may be begun, parts of words or misspelt; who has them as they are comes first. At most `MOST` are found. Returns the page
    that begins at `begin` and where the next one begins. Raises Invalid for a text of fewer than two signs.
    """
    looked = searching.wanted(text)
    filters = _filters(traits)
    if (not filters or text.strip()) and (sum(map(len, (*looked.words, *looked.terms))) < 2 or "\x00" in text):
        raise errors.bad_search()
    exact = await _exact(service, text.strip()) if text.strip() and not filters else []
    async with service.read() as db:
        found = await _found_by_terms(db, looked, filters, begin + limit + 1)
    ids = list(dict.fromkeys([*exact, *found]))
    page = await list_customers(service, ids=ids[begin : begin + limit])
    return page, begin + limit if len(ids) > begin + limit else None


async def _found_by_terms(db: Connection, looked: Wanted, filters: list[str], enough: int) -> list[UUID]:
    """Whole words first; only while that is not enough begun words and parts, then misspelt ones."""
    found: dict[UUID, None] = {}
    asked: list[list[list[str]]] = []
    for tier in (_as_typed, _begun, _misspelt):
        terms, groups = await tier(db, looked)
        if groups is None or [*([term] for term in terms), *groups] in asked:
            continue
        asked.append([*([term] for term in terms), *groups])
        rows = await store.search.find(db, terms=[*terms, *filters], groups=groups, limit=MOST)
        words = [*looked.words, *looked.terms]
        rated = sorted((-round(searching.likeness(words, terms_of), 3), customer) for customer, terms_of in rows)
        found.update(dict.fromkeys(customer for _, customer in rated))
        if len(found) >= min(enough, MOST):
            break
    return list(found)[:MOST]


Tier = tuple[tuple[str, ...], list[list[str]] | None]


async def _as_typed(db: Connection, looked: Wanted) -> Tier:
    return looked.terms, [[word] for word in looked.words]


async def _begun(db: Connection, looked: Wanted) -> Tier:
    """Each word, or one that begins with it; from three signs on also one that has it inside."""
    if not looked.words:
        return looked.terms, None
    return looked.terms, [
        list(dict.fromkeys([word, *await store.search.list_parts(db, pattern=pattern(word, inside=len(word) > 2))])) for word in looked.words
    ]


async def _misspelt(db: Connection, looked: Wanted) -> Tier:
    """Also words with a sign wrong, missing, too many or swapped; an address by its words."""
    loose = searching.loosened(looked)
    if not loose.words:
        return (), None
    groups = []
    for word in loose.words:
        parts = await store.search.list_parts(db, pattern=pattern(word, inside=len(word) > 2))
        groups.append(list(dict.fromkeys([word, *await _near(db, word), *parts])))
    return (), groups


async def _near(db: Connection, word: str) -> list[str]:
    """A word with few errors keeps its beginning or its end: that is where it is looked for."""
    errors_allowed = searching.misspellings(word)
    if not errors_allowed:
        return []
    kept = len(word) // (errors_allowed + 1)
    candidates = await store.search.list_near(
        db, begin=pattern(word[:kept]), end=pattern(word[::-1][: max(1, kept - (errors_allowed == 1 and len(word) % 2 == 0))]),
        shortest=len(word) - errors_allowed, longest=len(word) + errors_allowed,
    )
    return searching.similar(word, candidates)[:50]


def _filters(traits: Sequence[tuple[str, str]]) -> list[str]:
    """Terms that must be there. Raises Invalid for a trait that cannot be looked for."""
    terms = []
    for name, value in traits:
        term = searching.trait_term(standard_name(name), value)
        if term is None:
            raise errors.bad_trait_filter(name)
        terms.append(term)
    return terms


def pattern(word: str, *, inside: bool = False) -> str:
    """A LIKE pattern for the beginning or any part of a text."""
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%" if inside else f"{escaped}%"


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

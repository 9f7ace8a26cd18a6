"""What traits may be, which are in use, and which values were refused."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple
from uuid import UUID

from services.customer import errors, store
from services.customer.domain import traits
from services.customer.domain.definitions import Definition, Misfit
from services.customer.settings import CustomerService

#: Customers looked at to count what is in use; of more, a sample of about this many is counted and the rest estimated.
LOOKED_AT: Final = 10_000
#: Undefined names shown, those that most customers have first.
MAX_UNDEFINED: Final = 500


class Used(NamedTuple):
    """A trait: its definition if there is one, and how many customers have it (`estimated` from a sample)."""

    name: str
    definition: Definition | None
    customers: int
    estimated: bool
    settled: bool


class Misfits(NamedTuple):
    """How many of the present values do not fit; of the `values` looked at, `misfits` did not, and these are the first reasons."""

    values: int
    misfits: int
    estimated_misfits: int
    reasons: list[Misfit]


class Refusals(NamedTuple):
    """Refused values, newest first; `hidden`: the trait is sensitive now."""

    rows: list[store.refusals.Row]
    hidden: bool


async def list_traits(service: CustomerService) -> list[Used]:
    """All definitions by name, then names in use that nobody defined, those that most customers have first."""
    async with service.read() as db:
        definitions = await store.definitions.every(db)
        unswept = await store.definitions.unswept_names(db)
        usage = await store.definitions.usage(db, looked_at=LOOKED_AT)
    estimated = usage.factor > 1

    def customers(name: str) -> int:
        return round(usage.counts.get(name, 0) * usage.factor)

    found = [Used(one.name, one, customers(one.name), estimated, one.name not in unswept) for one in definitions]
    defined = {one.name for one in definitions}
    undefined = sorted(usage.counts.keys() - defined, key=lambda name: (-usage.counts[name], name))
    return found + [Used(name, None, customers(name), estimated, name not in unswept) for name in undefined[:MAX_UNDEFINED]]


async def get_definition(service: CustomerService, *, name: str) -> Definition:
    """Raises Unknown."""
    async with service.read() as db:
        definitions = await store.definitions.current(db, service.resources.definitions)
    found = definitions.by_name.get(traits.standard_name(name))
    if found is None:
        raise errors.unknown_trait(name[:100])
    return found


async def refuse_hidden(service: CustomerService, *, names: Iterable[str], sees_sensitive: bool) -> None:
    """Whoever may not see a trait may not find customers by its values either. Raises Forbidden."""
    asked = {traits.standard_name(name) for name in names}
    if not asked or sees_sensitive:
        return
    async with service.read() as db:
        definitions = await store.definitions.current(db, service.resources.definitions)
    if asked & definitions.sensitive:
        raise errors.hidden_trait(min(asked & definitions.sensitive))


async def count_misfits(service: CustomerService, *, name: str) -> Misfits:
    """How many present values do not fit the definition, from a sample where there are many."""
    standard = traits.standard_name(name)
    async with service.read() as db:
        definitions = await store.definitions.current(db, service.resources.definitions)
        values, factor = await store.definitions.sample(db, name=standard, looked_at=LOOKED_AT)
    misfits = [misfit for value in values if (misfit := definitions.misfit(standard, value)) is not None]
    return Misfits(len(values), len(misfits), round(len(misfits) * factor), list(dict.fromkeys(misfits))[:10])


async def list_refusals(service: CustomerService, *, name: str, after: UUID | None, limit: int) -> Refusals:
    """Values of events that were left out, newest first."""
    standard = traits.usable_name(name)
    if standard is None:
        raise errors.bad_trait_name(name[:100])
    async with service.read() as db:
        definitions = await store.definitions.current(db, service.resources.definitions)
        return Refusals(await store.refusals.page(db, name=standard, after=after, limit=limit), standard in definitions.sensitive)

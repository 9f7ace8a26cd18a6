"""What traits may be: defined, changed, taken away; and the customers looked through after a change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from chassis.unit_of_work import Transaction
from services.customer import errors, store
from services.customer.commands import telling
from services.customer.commands.records import CustomerRecord
from services.customer.commands.repeating import transactional
from services.customer.commands.resolving import load
from services.customer.domain import definitions as defining
from services.customer.domain import traits
from services.customer.domain.definitions import Definition
from services.customer.settings import CustomerService

MAX_DEFINITIONS: Final = 1000
#: Customers looked at by one step after a change.
STEP: Final = 200
#: Until then every process has heard of a change.
HEARD: Final = timedelta(seconds=2 * store.definitions.FRESH)
#: Of each trait the newest refusals are kept.
REFUSALS_KEPT: Final = 10_000


class Defined(NamedTuple):
    """The definition as it stands, and whether the trait was free before."""

    definition: Definition
    created: bool


async def define_trait(
    service: CustomerService, *, name: str, schema: Mapping[str, Any], title: str, description: str, classification: str,
    sources: Sequence[str], purpose: str, by: str, versions: frozenset[int] | None = None, fresh: bool = False,
) -> Defined:
    """Say what a trait may be. Present values stay, also those that no longer fit.

    With `versions` only if the definition has one of these, with `fresh` only if there is none. Raises Invalid, Conflict, Outdated.
    """
    standard = traits.usable_name(name)
    if standard is None:
        raise errors.bad_trait_name(name[:100])
    if classification == defining.SENSITIVE and standard in defining.ALWAYS_SHOWN:
        raise errors.always_shown(standard)
    if not traits.storable(dict(schema)):
        raise errors.bad_schema("NUL, broken text or too deep")
    try:
        defining.compiled(schema)
    except defining.BadSchema as error:
        raise errors.bad_schema(str(error)) from None
    wanted = Definition(
        name=standard, schema=dict(schema), title=title, description=description, classification=classification,
        sources=tuple(dict.fromkeys(sources)), purpose=purpose, version=0, changed_at=service.clock.now(), changed_by=by,
    )
    done = await _put(service, wanted=wanted, versions=versions, fresh=fresh)
    await _renew(service)
    return done


@transactional
async def _put(service: CustomerService, tx: Transaction, *, wanted: Definition, versions: frozenset[int] | None, fresh: bool) -> Defined:
    present = await _present(tx, wanted.name)
    if fresh and present is not None:
        raise errors.definition_changed_meanwhile(present.version)
    _check_version(present, versions)
    if present is None and len(await store.definitions.every(tx.db)) >= MAX_DEFINITIONS:
        raise errors.too_many_definitions(MAX_DEFINITIONS)
    definition = msgspec.structs.replace(
        wanted, version=1 + await store.definitions.last_version(tx.db, name=wanted.name), changed_at=service.clock.now()
    )
    await store.definitions.put(tx.db, definition=definition, sweep=_shows_otherwise(present, definition))
    if definition.classification == defining.SENSITIVE:
        await store.refusals.hide(tx.db, name=definition.name)
    return Defined(definition, present is None)


async def remove_definition(service: CustomerService, *, name: str, by: str, versions: frozenset[int] | None = None) -> None:
    """The trait is free again; its values stay. Raises Unknown, Outdated."""
    await _take_away(service, name=traits.standard_name(name), by=by, versions=versions)
    await _renew(service)


@transactional
async def _take_away(service: CustomerService, tx: Transaction, *, name: str, by: str, versions: frozenset[int] | None) -> None:
    present = await _present(tx, name)
    if present is None:
        raise errors.unknown_trait(name[:100])
    _check_version(present, versions)
    last = msgspec.structs.replace(present, version=present.version + 1, changed_at=service.clock.now(), changed_by=by)
    await store.definitions.take_away(tx.db, definition=last, sweep=_shows_otherwise(present, None))


async def _present(tx: Transaction, name: str) -> Definition | None:
    await store.definitions.hold_still(tx.db)
    return next((definition for definition in await store.definitions.every(tx.db) if definition.name == name), None)


def _check_version(present: Definition | None, versions: frozenset[int] | None) -> None:
    if versions is not None and (present is None or present.version not in versions):
        raise errors.definition_changed_meanwhile(present.version if present else 0)


def _shows_otherwise(before: Definition | None, after: Definition | None) -> bool:
    """Whether others may see another profile because of a change."""
    return _shown(before) != _shown(after)


def _shown(definition: Definition | None) -> tuple[bool, tuple[str, ...]]:
    return (False, ()) if definition is None else (definition.classification == defining.SENSITIVE, definition.sources)


async def _renew(service: CustomerService) -> None:
    """This process works by the new definitions at once; others follow within a second."""
    async with service.read() as db:
        await store.definitions.current(db, service.resources.definitions, at_once=True)


async def sweep_definitions(service: CustomerService) -> bool:
    """After a change of who may see a trait or which source wins: tell the profiles that have it again, a step at a time. True: go on."""
    async with service.read() as db:
        # A process that has not heard of a change yet may still tell by what was before; a second later none does.
        change = await store.definitions.unswept(db, before=service.clock.now() - HEARD)
        if change is None:
            return False
        await store.definitions.current(db, service.resources.definitions, at_once=True)
        holding = await store.definitions.holding(db, name=change.name, after=change.swept_to, limit=STEP)
    await _tell_again(service, change=change.id, roots={root for _, root in holding}, to=holding[-1][0] if len(holding) == STEP else None)
    return True


@transactional
async def _tell_again(service: CustomerService, tx: Transaction, *, change: int, roots: set[UUID], to: UUID | None) -> None:
    await store.identities.hold_still(tx.db)
    answering = {row.root_id for row in await store.customers.find(tx.db, ids=roots)}
    records = await load(service, tx.db, answering)
    families: dict[UUID, list[CustomerRecord]] = {}
    for record in records.values():
        families.setdefault(record.root_id, []).append(record)
    now = service.clock.now()
    for root, family in families.items():
        records[root].show_again(family, now=now)
    if records:
        await store.customers.update(tx.db, rows=[records[root].row() for root in answering])
        await telling.profiles(tx, records, now=now)
    await store.definitions.swept(tx.db, change=change, to=to)


async def trim_refusals(service: CustomerService) -> None:
    """Forget the oldest refusals where a source sends the same mistake again and again."""
    async with service.read() as db:
        names = await store.refusals.names(db)
    for name in names:
        async with service.transaction() as tx:
            await store.refusals.trim(tx.db, name=name, keep=REFUSALS_KEPT)

"""An import taken back: its values, its identities, the merges it brought about, and the customers of whom nothing else is known."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from chassis.unit_of_work import Transaction
from contracts.customer import IdentityState, ProfileState
from services.customer import errors, store
from services.customer.commands import merging, telling
from services.customer.commands.importing import CANCELLED, DONE, FAILED, UNDOING, UNDONE
from services.customer.commands.records import CustomerRecord
from services.customer.commands.repeating import transactional
from services.customer.commands.resolving import load
from services.customer.domain import traits
from services.customer.domain.graph import Person
from services.customer.settings import CustomerService

AT_ONCE: Final = 200


@transactional
async def undo_import(service: CustomerService, tx: Transaction, *, import_id: UUID) -> None:
    """Ask for an import to be taken back; a job does it. Raises Unknown, Conflict when it has not ended or was a dry run."""
    row = await store.imports.find(tx.db, import_id=import_id, lock=True)
    if row is None:
        raise errors.unknown_import()
    if row.state not in {DONE, CANCELLED, FAILED} or row.dry_run:
        raise errors.import_is("a dry run" if row.dry_run else row.state)
    await store.imports.settle(tx.db, import_id=import_id, state=UNDOING, at=row.finished_at or service.clock.now())


async def take_back(service: CustomerService, *, row: store.imports.Row) -> None:
    """Take an import back, a slice of customers at a time; after a crash it goes on where it was."""
    async with service.read() as db:
        merges = await store.imports.merges_of(db, prefix=_prefix(row))
    for merge_id in merges:
        await merging.undo_merge(service, merge_id=merge_id, reason=f"the import {row.name} was undone")
    while await _take_back_slice(service, row=row):
        pass
    # What was dealt with is not: identities that are gone now have to be linked again when they come.
    service.resources.settled.clear()


@transactional
async def _take_back_slice(service: CustomerService, tx: Transaction, *, row: store.imports.Row) -> bool:
    await store.identities.hold_still(tx.db, alone=True)
    touched = dict(await store.imports.take_touched(tx.db, import_id=row.id, limit=AT_ONCE))
    now = service.clock.now()
    if not touched:
        await store.imports.settle(tx.db, import_id=row.id, state=UNDONE, at=now)
        return False
    roots = {found.root_id for found in await store.customers.find(tx.db, ids=list(touched))}
    records = await load(service, tx.db, roots)
    otherwise = await _told_otherwise(tx, row, list(touched))
    # Of whom somebody has told something since, by what the import said: they stay recognisable.
    adopted = {home for home, created in touched.items() if created and any(trait.rank != traits.IMPLIED for _, trait in otherwise.get(home, []))}
    gone = await store.imports.unlink(
        tx.db, homes=sorted(touched.keys() - adopted), source=_source(row), since=row.started_at or row.created_at, until=row.finished_at or now
    )
    for home, kind, key, source in await store.imports.addresses_at(tx.db, homes=list(touched)):
        otherwise.setdefault(home, []).append((kind, traits.implied(key.partition(":")[2], source=source)))
    families: dict[UUID, list[CustomerRecord]] = {}
    for record in records.values():
        families.setdefault(record.root_id, []).append(record)
    for root, family in families.items():
        before = traits.joined((member.told for member in family), records[root].definitions.weights)
        for member in family:
            if member.id in touched:
                _untell(member, row, otherwise.get(member.id, []), adopted=member.id in adopted)
        kinds = await store.identities.kinds(tx.db, customer=root)
        person = Person(root, "user" in kinds, bool(kinds - {"anon"}))
        records[root].separate(family, person, before=before, newest=max(member.version for member in family))
    for record in records.values():
        record.updated_at = now if record.dirty else record.updated_at
    await store.customers.update(tx.db, rows=[record.row() for record in records.values() if record.dirty])
    told = [each for record in records.values() for each in record.history()]
    if told:
        await store.history.add(tx.db, rows=told, recorded_at=now)
    deserted = await store.imports.deserted(tx.db, customers=[home for home, created in touched.items() if created])
    await store.imports.remove(tx.db, customers=deserted)
    for _, identity, _kind in gone:
        tx.forget(IdentityState, identity.hex())
    for customer in deserted:
        tx.forget(ProfileState, str(customer))
    await telling.profiles(tx, {customer: record for customer, record in records.items() if customer not in deserted}, now=now)
    await store.imports.count_undone(tx.db, import_id=row.id, count=len(touched))
    return True


def _untell(record: CustomerRecord, row: store.imports.Row, otherwise: list[tuple[str, traits.Trait]], *, adopted: bool) -> None:
    """Instead of what the import told: what was told before it, or since by somebody else. What follows from an identity goes with it."""
    mine = [name for name, trait in record.told.items() if _is_told(trait, row) or (not adopted and _is_implied(trait, row))]
    others = traits.joined(({name: trait} for name, trait in otherwise if name in mine), record.definitions.weights)
    record.take_back({name: others.get(name) for name in mine})


async def _told_otherwise(tx: Transaction, row: store.imports.Row, homes: list[UUID]) -> dict[UUID, list[tuple[str, traits.Trait]]]:
    found: dict[UUID, list[tuple[str, traits.Trait]]] = {}
    for told in await store.imports.told_otherwise(tx.db, homes=homes, prefix=_prefix(row)):
        trait = _trait(told)
        if not _is_implied(trait, row):
            found.setdefault(told["home_id"], []).append((told["name"], trait))
    return found


def _trait(told: dict[str, Any]) -> traits.Trait:
    position = (told["position_offset"], told["position_partition"])
    return traits.Trait(told["value"], told["rank"], told["at"], position, told["event_id"], told["source"])


def _is_told(trait: traits.Trait, row: store.imports.Row) -> bool:
    """By a row of this import."""
    return trait.event_id.startswith(_prefix(row))


def _is_implied(trait: traits.Trait, row: store.imports.Row) -> bool:
    """By an identity that a list of this name linked."""
    return trait.rank == traits.IMPLIED and trait.source == _source(row)


def _prefix(row: store.imports.Row) -> str:
    return f"import:{row.id}:"


def _source(row: store.imports.Row) -> str:
    return f"import:{row.name}"

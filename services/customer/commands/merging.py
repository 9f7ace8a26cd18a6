"""Merges by hand, and their undoing."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from chassis.ids import new_id
from chassis.unit_of_work import Transaction
from contracts.customer import CustomersUnmerged
from services.customer import errors, store
from services.customer.commands import telling
from services.customer.commands.records import CustomerRecord
from services.customer.commands.repeating import transactional
from services.customer.commands.resolving import Outcome, load, write
from services.customer.domain import graph, traits
from services.customer.domain.graph import Graph, Person
from services.customer.settings import CustomerService


class Came(msgspec.Struct, frozen=True):
    """Identities first seen, values of traits taken over, and further customers merged."""

    identities: int
    traits: int
    merges: int


class Meanwhile(msgspec.Struct, frozen=True):
    """What came while two customers were one, by the side that it belongs to."""

    since: datetime
    until: datetime
    survivor: Came
    restored: Came


class Merged(NamedTuple):
    merge_id: UUID
    survivor_id: UUID


@transactional
async def merge_customers(service: CustomerService, tx: Transaction, *, survivor_id: UUID, merged_id: UUID, reason: str) -> Merged:
    """Two customers are one person from now on; `survivor_id` answers. Raises Unknown, Conflict when they are one already."""
    return await join(service, tx, one=survivor_id, two=merged_id, reason=reason, survivor=survivor_id)


async def join(
    service: CustomerService, tx: Transaction, *, one: UUID, two: UUID, reason: str, survivor: UUID | None = None, hang: bool = False
) -> Merged:
    """Merge by hand inside the caller's transaction; without `survivor` the one with the strongest identity answers.

    `hang`: the other hangs on this very customer rather than on who answers for it. Raises Unknown, Conflict.
    """
    await store.identities.hold_still(tx.db)
    found = {row.id: row.root_id for row in await store.customers.find(tx.db, ids=[one, two])}
    if len(found) < len({one, two}):
        raise errors.unknown_customer()
    roots = [found[one], found[two]]
    if roots[0] == roots[1]:
        raise errors.same_customer()
    records = await load(service, tx.db, set(roots))
    if (records[roots[0]].type == "person") != (records[roots[1]].type == "person"):
        raise errors.different_types()
    people = {root: Person(root, records[root].has_user, records[root].known, type=records[root].type) for root in roots}
    for root, kind, count in await store.identities.count_kinds(tx.db, customers=roots):
        people[root].kinds[kind] = count
    changes = Graph(new_id, people=people, rules=service.resources.rules)
    kept = changes.merge(*roots, reason=reason, survivor=found[survivor] if survivor else None).survivor
    if hang and survivor is not None:
        changes.hang(under=survivor)
    rows = await write(service, tx, Outcome([], records=records, graph=changes), automatic=False)
    return Merged(rows[0].id, kept)


class Undone(NamedTuple):
    """The customer that answers for itself again, the one it was part of, and what came in between."""

    restored_id: UUID
    survivor_id: UUID
    meanwhile: Meanwhile


@transactional
async def undo_merge(service: CustomerService, tx: Transaction, *, merge_id: UUID, reason: str) -> Undone:
    """Take one merge back, whatever was merged before or after it, and keep the two apart from now on.

    Nothing is lost: identities go back to where they were first seen, and traits never left. Events that came in between
    belong to the identity they came under. Raises Unknown, Conflict.
    """
    await store.identities.hold_still(tx.db, alone=True)
    merge = await store.merges.find(tx.db, merge_id=merge_id)
    if merge is None:
        raise errors.unknown_merge()
    if merge.undone_at is not None:
        raise errors.already_undone()
    (survivor,) = await store.customers.find(tx.db, ids=[merge.survivor_id])
    records = await load(service, tx.db, {survivor.root_id})
    apart = graph.subtree(merge.merged_id, ((record.id, record.merged_into) for record in records.values()))
    now = service.clock.now()
    between = await _meanwhile(tx, merge.merged_at, now, survivor.root_id, kept=records.keys() - apart, apart=apart)
    moved = await store.identities.give_back(tx.db, customer=survivor.root_id, to=merge.merged_id, homes=apart)
    await store.merges.close(tx.db, merge_id=merge_id, at=now, reason=reason, meanwhile=msgspec.json.encode(between).decode())
    await store.duplicates.ask_again(tx.db, merge_id=merge_id)
    records[merge.merged_id].merged_into = None
    await _settle_apart(tx, records, survivor.root_id, merge.merged_id, apart)
    for record in records.values():
        record.updated_at = now if record.dirty else record.updated_at
    await store.customers.update(tx.db, rows=[record.row() for record in records.values() if record.dirty])
    tx.tell(
        CustomersUnmerged(
            merge_id=str(merge_id), survivor_id=str(survivor.root_id), restored_id=str(merge.merged_id), reason=reason,
            identities=[row.identity.hex() for row in moved], unmerged_at=now,
        )
    )
    telling.owners(tx, moved)
    await telling.profiles(tx, records, now=now)
    return Undone(merge.merged_id, survivor.root_id, between)


async def _meanwhile(
    tx: Transaction, since: datetime, until: datetime, root: UUID, *, kept: Collection[UUID], apart: Collection[UUID]
) -> Meanwhile:
    one = await store.merges.since(tx.db, root=root, homes=kept, at=since)
    two = await store.merges.since(tx.db, root=root, homes=apart, at=since)
    return Meanwhile(since, until, Came(*one), Came(*two))


async def _settle_apart(tx: Transaction, records: dict[UUID, CustomerRecord], kept: UUID, restored: UUID, apart: set[UUID]) -> None:
    """Two families instead of one, each with its own flags and profile."""
    together = traits.joined((record.told for record in records.values()), records[kept].definitions.weights)
    newest = max(record.version for record in records.values())
    for root, members in ((kept, records.keys() - apart), (restored, apart)):
        kinds = await store.identities.kinds(tx.db, customer=root)
        family = [records[member] for member in members]
        for record in family:
            if record.root_id != root or record.id == root:
                record.root_id, record.dirty, record.republish = root, True, True
        records[root].separate(family, Person(root, "user" in kinds, bool(kinds - {"anon"})), before=together, newest=newest)

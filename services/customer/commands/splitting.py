"""One identity taken out of a customer it never was merged into, and put back."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from chassis.ids import new_id
from chassis.unit_of_work import Transaction
from contracts.customer import CustomerRegistered, IdentitySplit
from services.customer import errors, store
from services.customer.commands import merging, telling
from services.customer.commands.merging import Merged
from services.customer.commands.records import CustomerRecord
from services.customer.commands.repeating import transactional
from services.customer.commands.resolving import load
from services.customer.domain import identifying, traits
from services.customer.domain.graph import Person
from services.customer.domain.splitting import divided
from services.customer.settings import CustomerService


class Split(NamedTuple):
    """The identity's own customer from now on, and whom it was taken from."""

    split_id: UUID
    customer_id: UUID
    from_id: UUID
    split_at: datetime


@transactional
async def split_identity(
    service: CustomerService, tx: Transaction, *, customer_id: UUID, identity: str, reason: str, versions: frozenset[int] | None = None
) -> Split:
    """Give one identity a customer of its own; what was told under it goes along, and no event ties the two again by itself.

    With `versions` only if the customer has one of these. Raises Unknown, Invalid, Conflict for the only identity, Outdated.
    """
    await store.identities.hold_still(tx.db, alone=True)
    row = await identity_of(service, tx, customer_id, identity)
    records = await load(service, tx.db, {row.customer_id})
    root, home = records[row.customer_id], records[row.home_id]
    if versions is not None and root.version not in versions:
        raise errors.changed_meanwhile(root.version)
    if len(await store.identities.of_customer(tx.db, customer=root.id, after=None, limit=2)) < 2:
        raise errors.only_identity()
    now, split_id = service.clock.now(), new_id()
    own = _begin(row, root, now=now)
    before = traits.joined((record.told for record in records.values()), root.definitions.weights)
    newest = max(record.version for record in records.values())
    await _divide(tx, row, home=home, own=own)
    await store.customers.insert(tx.db, rows=[own.row()])
    await store.history.rehome(
        tx.db, home=home.id, to=own.id, identity=row.identity, kind=row.kind, value=row.key.partition(":")[2]
    )
    await store.merges.insert(tx.db, rows=[
        store.merges.Row(
            split_id, home.id, own.id, reason, False, "", [row.identity], min(row.recorded_at, now), now, reason, split=True
        )
    ])
    for leader, family in ((root, list(records.values())), (own, [own])):
        kinds = await store.identities.kinds(tx.db, customer=leader.id)
        leader.separate(family, Person(leader.id, "user" in kinds, bool(kinds - {"anon"})), before=before if leader is root else {}, newest=newest)
    records[own.id] = own
    await _write(tx, records, now=now)
    tx.tell(CustomerRegistered(customer_id=str(own.id), registered_at=own.registered_at, source=own.source))
    tx.tell(IdentitySplit(
        split_id=str(split_id), customer_id=str(own.id), from_id=str(root.id), home_id=str(home.id), identity=row.identity.hex(),
        kind=row.kind, linked_at=row.recorded_at, split_at=now, reason=reason,
    ))
    telling.owners(tx, [row._replace(customer_id=own.id, home_id=own.id)])
    await telling.profiles(tx, records, now=now)
    return Split(split_id, own.id, root.id, now)


async def identity_of(service: CustomerService, tx: Transaction, customer_id: UUID, identity: str) -> store.identities.Row:
    """The identity of a customer. Raises Unknown, Invalid."""
    found = await store.customers.find(tx.db, ids=[customer_id])
    if not found:
        raise errors.unknown_customer()
    try:
        key = str(identifying.normal_identity(identity, region=service.settings.default_region or None))
    except ValueError as error:
        raise errors.bad_identity("/path/identity", str(error)) from None
    rows = await store.identities.find(tx.db, identities=[service.hash_identity(key)])
    if not rows or rows[0].customer_id != found[0].root_id:
        raise errors.not_their_identity()
    return rows[0]


def _begin(row: store.identities.Row, root: CustomerRecord, *, now: datetime) -> CustomerRecord:
    """The identity's own customer: known since the identity is."""
    own = CustomerRecord.begin(new_id(), definitions=root.definitions, at=row.linked_at, now=now, source=row.source, type=root.type)
    own.recorded_at = min(row.recorded_at, now)
    return own


async def _divide(tx: Transaction, row: store.identities.Row, *, home: CustomerRecord, own: CustomerRecord) -> None:
    """What was told under the identity goes; in its place comes what others told, or what other addresses imply."""
    told = await store.history.of_home(tx.db, home=home.id)
    implied = await store.identities.implied_at(tx.db, home=home.id)
    parts = divided(home.told, [*told, *implied], identity=row.identity, weights=home.definitions.weights)
    home.take_back(parts.instead)
    own.receive(parts.going)
    last = {each.name: each.trait for each in told if each.identity == row.identity and not each.aside}
    own.taken += [traits.Told(name, trait, row.identity) for name, trait in parts.going.items() if last.get(name) != trait]
    own.extended = home.extended


async def _write(tx: Transaction, records: dict[UUID, CustomerRecord], *, now: datetime) -> None:
    for record in records.values():
        record.updated_at = now if record.dirty else record.updated_at
    await store.customers.update(tx.db, rows=[record.row() for record in records.values() if record.dirty])
    told = [each for record in records.values() for each in record.history()]
    if told:
        await store.history.add(tx.db, rows=told, recorded_at=now)
    words = {word for record in records.values() for word in record.vocabulary()}
    if words:
        await store.search.note_words(tx.db, words=words)


@transactional
async def undo_split(service: CustomerService, tx: Transaction, *, customer_id: UUID, identity: str, reason: str) -> Merged:
    """Put an identity back to the customer it was taken from, with everything that came in between; a merge that can be undone.

    Raises Unknown, Conflict when nothing was split, or they are one already.
    """
    row = await identity_of(service, tx, customer_id, identity)
    splits = await store.merges.splits_of(tx.db, customer=row.home_id)
    if not splits:
        raise errors.not_split()
    if row.customer_id not in (row.home_id, splits[-1].survivor_id):
        raise errors.merged_since_split(row.customer_id)
    return await merging.join(service, tx, one=splits[-1].survivor_id, two=row.home_id, reason=reason, survivor=splits[-1].survivor_id, hang=True)

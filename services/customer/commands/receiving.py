"""One customer taken over from another installation, as it was there."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from chassis.unit_of_work import Transaction
from contracts.customer import CustomerRegistered, CustomersMerged, IdentityLinked
from services.customer import errors, store
from services.customer.commands import erasing, telling
from services.customer.commands.records import CustomerRecord
from services.customer.commands.repeating import transactional
from services.customer.domain import identifying, portable, traits
from services.customer.domain.portable import Archive, Part
from services.customer.settings import CustomerService


class Received(NamedTuple):
    """The customer, the hash of its state, the parts that were not for this service, and whether it came only now."""

    customer_id: UUID
    hash: str
    left: list[str]
    created: bool


@transactional
async def receive_customer(service: CustomerService, tx: Transaction, *, archive: Archive) -> Received:
    """Take over a customer with ids, merges, history and all that hangs on it. The same file again changes nothing.

    Raises Invalid for a file that is none or damaged, Conflict when the customer or an identity is here already.
    """
    part, hash = _checked(archive)
    await store.identities.hold_still(tx.db, alone=True)
    (root,) = [member.id for member in part.customers if member.merged_into is None]
    left = sorted(archive.parts.keys() - {portable.PART})
    if await store.customers.find(tx.db, ids=[member.id for member in part.customers]):
        return Received(root, hash, left, False)
    names = {}
    for name, account in part.accounts.items():
        names[name] = await _account(service, tx, name, account)
    for row in part.rows.get("membership", []):
        row["account_id"] = names.get(row["account_id"], row["account_id"])
    for state in part.past:
        if state.subject == "membership":
            state.key = f"{names.get(state.key, state.key)} "
            if state.document is not None:
                state.document["account_id"] = names.get(state.document["account_id"], state.document["account_id"])
    await _take(service, tx, part, root)
    return Received(root, hash, left, True)


def _checked(archive: Archive) -> tuple[Part, str]:
    if archive.format != portable.FORMAT or archive.version != portable.VERSION or portable.PART not in archive.parts:
        raise errors.bad_archive(f"it is no {portable.FORMAT} file of version {portable.VERSION} with the part {portable.PART}")
    try:
        part = msgspec.json.decode(archive.parts[portable.PART], type=Part)
    except msgspec.ValidationError as error:
        raise errors.bad_archive(str(error)[:300]) from None
    hash = portable.state_hash(part)
    if hash != archive.hashes.get(portable.PART):
        raise errors.damaged_archive()
    ids = {member.id for member in part.customers}
    whole = (
        len([member for member in part.customers if member.merged_into is None]) == 1
        and all(member.merged_into in ids for member in part.customers if member.merged_into is not None)
        and {each.home_id for each in part.identities} | {each.home_id for each in part.history} | {each.home_id for each in part.past} <= ids
        and part.rows.keys() <= store.portable.TABLES.keys()
    )
    if not whole:
        raise errors.bad_archive("it speaks of customers that are not in it")
    return part, hash


async def _account(service: CustomerService, tx: Transaction, name: str, part: Part) -> str:
    """The id that an account has here: known by an identity or its id, else taken over as well."""
    hashes = [service.hash_identity(each.key) for each in part.identities]
    known = await store.identities.find(tx.db, identities=hashes)
    if known:
        return str(known[0].customer_id)
    (root,) = [member.id for member in part.customers if member.merged_into is None]
    if not await store.customers.find(tx.db, ids=[root]):
        await _take(service, tx, part, root)
    return str(root)


async def _take(service: CustomerService, tx: Transaction, part: Part, root: UUID) -> None:
    now, hashes = service.clock.now(), {}
    for each in part.identities:
        try:
            key = identifying.normal_identity(each.key, region=None)
        except ValueError as error:
            raise errors.bad_archive(str(error)) from None
        hashes[each.key] = (service.hash_identity(str(key)), key.kind)
    rows = [
        store.identities.Row(*hashes[each.key], each.key, root, each.home_id, each.linked_at, each.source, each.recorded_at)
        for each in part.identities
    ]
    taken = await store.identities.find(tx.db, identities=[row.identity for row in rows])
    if taken:
        raise errors.identity_taken(taken[0].customer_id, taken[0].kind)
    records = await _records(service, tx, part, root, kinds={row.kind for row in rows})
    await store.customers.insert(tx.db, rows=[record.row() for record in records.values()])
    if rows:
        await store.identities.insert(tx.db, rows=rows)
        await erasing.welcome_back(service, tx, identities=[row.identity for row in rows])
    for value in part.history:
        told = traits.Told(value.name, value.trait, hashes[value.identity][0] if value.identity in hashes else None, value.aside)
        await store.history.add(tx.db, rows=[(value.home_id, told)], recorded_at=value.recorded_at)
    merges = [
        store.merges.Row(**msgspec.structs.asdict(each) | {"identities": [hashes[key][0] for key in each.identities if key in hashes]})
        for each in part.merges
    ]
    if merges:
        await store.merges.insert(tx.db, rows=merges)
    await _hang(tx, part)
    _tell(tx, rows, merges, records[root])
    words = records[root].vocabulary()
    if words:
        await store.search.note_words(tx.db, words=set(words))
    telling.owners(tx, rows)
    # An account that comes along has no members here yet who would have to hear of it.
    around = await telling.around(tx, records)
    for record in records.values():
        telling.profile(tx, record, now=now, around=around)


async def _records(service: CustomerService, tx: Transaction, part: Part, root: UUID, *, kinds: set[str]) -> dict[UUID, CustomerRecord]:
    definitions = await store.definitions.current(tx.db, service.resources.definitions)
    records = {
        member.id: CustomerRecord(
            store.customers.Row(
                member.id, root, member.merged_into, member.registered_at, member.updated_at, member.source, member.version, "user" in kinds,
                bool(kinds - {"anon"}), traits.written(member.traits), None, member.type, member.recorded_at, member.extended,
            ),
            definitions=definitions,
        )
        for member in part.customers
    }
    records[root].show_as_it_is(list(records.values()))
    return records


async def _hang(tx: Transaction, part: Part) -> None:
    for table, rows in part.rows.items():
        if rows:
            await store.portable.put_rows(tx.db, table=table, rows=rows)
    await store.portable.put_past(tx.db, customers=[member.id for member in part.customers], states=part.past)


def _tell(tx: Transaction, rows: list[store.identities.Row], merges: list[Any], head: CustomerRecord) -> None:
    tx.tell(CustomerRegistered(customer_id=str(head.id), registered_at=head.registered_at, source=head.source))
    for row in rows:
        tx.tell(IdentityLinked(customer_id=str(head.id), identity=row.identity.hex(), kind=row.kind, linked_at=row.linked_at))
    for merge in merges:
        if merge.undone_at is None:
            tx.tell(CustomersMerged(
                merge_id=str(merge.id), survivor_id=str(merge.survivor_id), merged_id=str(merge.merged_id), reason=merge.reason,
                identities=[identity.hex() for identity in merge.identities], merged_at=merge.merged_at,
            ))

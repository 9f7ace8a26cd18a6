"""Identities appear and customers turn out to be one: what was said keeps its meaning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from chassis.ids import new_id
from chassis.unit_of_work import Transaction
from contracts import consent as facts
from services.consent.commands.counting import count_entries, renew_roots
from services.consent.domain.statements import ANY, ERASED, GRANTED, LINKED, MERGED, SPLIT, UNMERGED, Entry, Said, take
from services.consent.settings import ConsentService
from services.consent.store import ledger, people, purposes


async def learn_identities(
    service: ConsentService, tx: Transaction, *, known: Mapping[bytes, tuple[str, UUID]], gone: Sequence[bytes]
) -> None:
    """Take over whose identities are whose; statements that waited for one of them count from now on."""
    await ledger.hold_identities(tx.db, learning=True)
    await ledger.learn_identities(tx.db, known, gone)
    waiting = await ledger.waiting_for(tx.db, list(known))
    if not waiting:
        return
    found = [(known[entry.identity][1], entry) for entry in waiting if entry.identity is not None]
    locked = await people.lock(tx.db, {customer for customer, _ in found})
    defined = await purposes.newest(tx.db)
    refers: dict[tuple[UUID, bytes | None], list[UUID]] = {}
    for customer, entry in found:
        refers.setdefault((customer, entry.identity), []).append(entry.id)
    lines = [_line(service, LINKED, customer, identity=identity, refers=tuple(ids)) for (customer, identity), ids in refers.items()]
    await ledger.insert_entries(tx.db, lines)
    await count_entries(tx, locked, found, defined)
    await ledger.end_waiting(tx.db, [entry.id for entry in waiting])


async def merge_customers(service: ConsentService, tx: Transaction, *, survivor: UUID, merged: UUID, merged_at: datetime) -> None:
    """Entries of both are considered together; what each said stays under its own id. Merging again changes nothing."""
    locked = await people.lock(tx.db, {survivor, merged})
    root = locked[survivor].root_id
    if locked[merged].root_id != merged or root == merged:
        return
    if not await people.insert_merge(tx.db, merged=merged, into=survivor, at=merged_at):
        return
    await ledger.insert_entries(tx.db, [_line(service, MERGED, merged, into=survivor, at=merged_at)])
    await people.move_family(tx.db, old_root=merged, new_root=root)
    version = max(locked[root].version, locked[merged].version)
    await renew_roots(tx, {root: locked[root]._replace(version=version)}, await purposes.newest(tx.db))
    tx.forget(facts.ConsentState, str(merged))


async def unmerge_customers(service: ConsentService, tx: Transaction, *, restored: UUID) -> None:
    """What each said under its own id counts for it alone again; who refused while they were one refused for both.

    What was said under an identity is whose the identity is. Undoing what is undone changes nothing.
    """
    locked = await people.lock(tx.db, {restored})
    root = locked[restored].root_id
    merged_at = await people.delete_merge(tx.db, merged=restored)
    if merged_at is None:
        return
    await ledger.insert_entries(tx.db, [_line(service, UNMERGED, restored, into=root)])
    await people.part_family(tx.db, restored=restored)
    version = max(locked[root].version, locked[restored].version)
    apart = {
        root: locked[root]._replace(version=version),
        restored: locked[restored]._replace(root_id=restored, version=version),
    }
    refused = [
        (taker, _repeated(entry, taker, service.clock.now()))
        for taker, teller in ((root, restored), (restored, root))
        for entry in await ledger.refused_since(tx.db, root=teller, since=merged_at)
    ]
    defined = await purposes.newest(tx.db)
    await ledger.insert_entries(tx.db, [entry for _, entry in refused])
    await people.save(tx.db, apart.values())
    counted = await count_entries(tx, apart, refused, defined)
    await renew_roots(tx, {customer: person for customer, person in apart.items() if customer not in counted}, defined)


async def split_identity(
    service: ConsentService, tx: Transaction, *, identity: bytes, customer: UUID, home: UUID, since: datetime
) -> None:
    """An identity that was at home at one customer since a time is another one's now: what was said under it goes along.

    What was refused counts for both; a permission given under the identity no longer counts for whom it leaves.
    """
    locked = await people.lock(tx.db, {home, customer})
    root = locked[home].root_id
    now = service.clock.now()
    defined = await purposes.newest(tx.db)
    said = await ledger.last_words(tx.db, customer=home, under=identity)
    refused = await ledger.refused_since(tx.db, root=root, since=since)
    repeated = [(customer, _repeated(entry, customer, now, source="split")) for entry in (*said, *refused)]
    await ledger.insert_entries(tx.db, [*(entry for _, entry in repeated), _line(service, SPLIT, home, identity=identity, into=customer)])
    await count_entries(tx, locked, sorted(repeated, key=lambda each: each[1].said_at), defined)
    mine = {str(entry.id) for entry in said if entry.state == GRANTED}
    held = locked[home].said
    gone = [(purpose, channel) for purpose, channels in held.items() for channel, word in channels.items() if word.entry in mine]
    if not gone:
        return
    others = {(entry.purpose, entry.channel): entry for entry in await ledger.last_words(tx.db, customer=home, other_than=identity)}
    for purpose, channel in gone:
        del held[purpose][channel]
        other = others.get((purpose, channel))
        if other is not None:
            take(held, purpose, channel, Said(other.state, other.said_at, str(other.id), other.wording_version, other.expires_at))
    await people.save(tx.db, [locked[home]])
    await renew_roots(tx, {root: locked[root]}, defined)


def _repeated(entry: Entry, customer: UUID, now: datetime, *, source: str = "unmerge") -> Entry:
    """The same word in the other's name; it points to where it was said."""
    evidence = {"entry": str(entry.id), "customer_id": str(entry.customer_id) if entry.customer_id else None, "source": entry.source}
    return entry._replace(
        id=new_id(), customer_id=customer, source=source, evidence=evidence, actor="customer", recorded_at=now, refers=(entry.id,)
    )


async def erase_person(service: ConsentService, tx: Transaction, *, customers: Sequence[UUID], identities: Sequence[bytes]) -> int:
    """The personal parts of all lines that name these are deleted; the chain keeps their commitments and a line that says which. How many."""
    named = await ledger.entry_ids_of(tx.db, customers, identities)
    if not named:
        return 0
    # The line itself names nobody: it stands for the process that carries the erasure out.
    line = _line(service, ERASED, UUID(int=0), refers=tuple(named))
    await ledger.insert_entries(tx.db, [line])
    return await ledger.erase(tx.db, line.id)


def _line(
    service: ConsentService, state: str, customer: UUID, *, identity: bytes | None = None, into: UUID | None = None,
    at: datetime | None = None, refers: tuple[UUID, ...] = (),
) -> Entry:
    """A line about a person that is not the person's own statement."""
    now = service.clock.now()
    return Entry(
        new_id(), customer, identity, None, "platform", {"into": str(into)} if into else {}, "consent", ANY, ANY, state, 0, "none", at or now, now,
        refers=refers,
    )

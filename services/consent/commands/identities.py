"""Identities appear and customers turn out to be one: what was said keeps its meaning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from chassis.ids import new_id
from chassis.unit_of_work import Transaction
from contracts import consent as facts
from services.consent.commands.counting import count_entries, renew_roots
from services.consent.domain.statements import GRANTED, Entry, Said, take
from services.consent.settings import ConsentService
from services.consent.store import ledger, people


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
    await count_entries(tx, locked, found)
    await ledger.end_waiting(tx.db, [entry.id for entry in waiting])


async def merge_customers(service: ConsentService, tx: Transaction, *, survivor: UUID, merged: UUID, merged_at: datetime) -> None:
    """Entries of both are considered together; what each said stays under its own id. Merging again changes nothing."""
    locked = await people.lock(tx.db, {survivor, merged})
    root = locked[survivor].root_id
    if locked[merged].root_id != merged or root == merged:
        return
    if not await people.insert_merge(tx.db, merged=merged, into=survivor, at=merged_at):
        return
    await people.move_family(tx.db, old_root=merged, new_root=root)
    version = max(locked[root].version, locked[merged].version)
    await renew_roots(tx, {root: locked[root]._replace(version=version)})
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
    await ledger.insert_entries(tx.db, [entry for _, entry in refused])
    await people.save(tx.db, apart.values())
    counted = await count_entries(tx, apart, refused)
    await renew_roots(tx, {customer: person for customer, person in apart.items() if customer not in counted})


async def split_identity(
    service: ConsentService, tx: Transaction, *, identity: bytes, customer: UUID, home: UUID, since: datetime
) -> None:
    """An identity that was at home at one customer since a time is another one's now: what was said under it goes along.

    What was refused counts for both; a permission given under the identity no longer counts for whom it leaves.
    """
    locked = await people.lock(tx.db, {home, customer})
    root = locked[home].root_id
    now = service.clock.now()
    said = await ledger.last_words(tx.db, customer=home, under=identity)
    refused = await ledger.refused_since(tx.db, root=root, since=since)
    repeated = [(customer, _repeated(entry, customer, now, source="split")) for entry in (*said, *refused)]
    await ledger.insert_entries(tx.db, [entry for _, entry in repeated])
    await count_entries(tx, locked, sorted(repeated, key=lambda each: each[1].said_at))
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
            take(held, purpose, channel, Said(other.state, other.said_at, str(other.id), other.wording_version))
    await people.save(tx.db, [locked[home]])
    await renew_roots(tx, {root: locked[root]})


def _repeated(entry: Entry, customer: UUID, now: datetime, *, source: str = "unmerge") -> Entry:
    """The same word in the other's name; it points to where it was said."""
    evidence = {"entry": str(entry.id), "customer_id": str(entry.customer_id) if entry.customer_id else None, "source": entry.source}
    return entry._replace(id=new_id(), customer_id=customer, source=source, evidence=evidence, actor="customer", recorded_at=now)

"""Permits: the proof that a message may start now, given in batches and closed with their outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from chassis.database import Connection
from chassis.ids import new_id
from services.consent import errors
from services.consent.domain import proofs, statements
from services.consent.domain.chain import micros
from services.consent.domain.proofs import Leaf, Stamp, Tree
from services.consent.domain.statements import ANY, Purpose
from services.consent.settings import ConsentService
from services.consent.store import ledger, people, permits, purposes

#: A batch nobody closed is closed by us after this many times the time a permit may be used.
ABANDONED_AFTER: Final = 2.0


class Member(NamedTuple):
    """One message that is about to start. `address_hash` is the keyed hash (hex) of the address as an identity, such as `email:a@b.c`."""

    customer_id: UUID
    purpose: str
    channel: str
    step: str
    address_hash: str


class Granted(NamedTuple):
    """One permitted member: its place among those asked for and in the batch, its leaf and path."""

    asked: int
    place: int
    leaf: bytes
    path: list[bytes]
    consent_version: int


class Permits(NamedTuple):
    """A signed batch, and who got nothing and why. `batch_id` is None when nobody got anything."""

    batch_id: UUID | None
    kid: str
    size: int
    root: bytes
    signature: bytes
    granted: list[Granted]
    denied: list[tuple[int, str]]
    stamp: Stamp


async def grant_permits(service: ConsentService, *, members: Sequence[Member]) -> Permits:
    """Permit what may be sent at this moment, in one transaction that holds the people's rows against any change. Raises TooManyMembers."""
    if not 0 < len(members) <= proofs.MOST_MEMBERS:
        raise errors.TooManyMembers(proofs.MOST_MEMBERS)
    while True:
        async with service.transaction() as tx:
            defined = await purposes.newest(tx.db)
            held = await people.share(tx.db, list({member.customer_id for member in members}))
            rowless = _rowless(defined, held, members)
            if not rowless:
                return await _grant(service, tx.db, defined, held, members)
        # Without a row there is nothing to hold: make it in a transaction of its own, so that no lock is kept meanwhile.
        async with service.transaction() as tx:
            await people.ensure(tx.db, rowless)


async def _grant(
    service: ConsentService, db: Connection, defined: Mapping[str, Purpose], held: Mapping[UUID, people.Held], members: Sequence[Member]
) -> Permits:
    signer = service.resources.signer
    refused = await _refused_addresses(db, members)
    now = service.clock.now()
    denied: list[tuple[int, str]] = []
    allowed: list[tuple[int, Leaf]] = []
    for asked, member in enumerate(members):
        reason = _refusal(defined, held, refused, member, now)
        if reason is not None:
            denied.append((asked, reason))
            continue
        row = held[member.customer_id]
        said = row.effective.get(member.purpose, {}).get(member.channel)
        leaf = Leaf(
            str(member.customer_id), row.version, member.purpose, member.channel, member.step, member.address_hash, said.entry if said else ""
        )
        allowed.append((asked, leaf))
    if not allowed:
        return Permits(None, signer.kid, 0, b"", b"", [], denied, Stamp(0, 0, 0))
    batch_id, granted_at = new_id(), service.clock.now()
    stamp = Stamp(await permits.draw_tick(db), micros(granted_at), int(service.settings.barrier_seconds * 1000))
    leaves = [proofs.leaf_bytes(leaf) for _, leaf in allowed]
    tree = Tree(leaves)
    signature = signer.sign(proofs.signed_bytes(batch_id, len(leaves), tree.root, stamp))
    asking = {members[asked].customer_id for asked, _ in allowed}
    await permits.insert_batch(
        db, batch_id=batch_id, kid=signer.kid, root=tree.root, signature=signature, leaves=leaves,
        people=list(asking | {held[customer].root_id for customer in asking}),
        purposes=sorted({f"{leaf.purpose}/{leaf.channel}" for _, leaf in allowed}), granted_at=granted_at,
        tick=stamp.tick, life_ms=stamp.life_ms,
    )
    granted = [
        Granted(asked, place, leaves[place], tree.path(place), leaf.consent_version) for place, (asked, leaf) in enumerate(allowed)
    ]
    return Permits(batch_id, signer.kid, len(leaves), tree.root, signature, granted, denied, stamp)


def _rowless(defined: Mapping[str, Purpose], held: Mapping[UUID, people.Held], members: Sequence[Member]) -> set[UUID]:
    """People who said nothing but may be written to, since the purpose is open until refused."""
    return {
        member.customer_id
        for member in members
        if member.customer_id not in held and member.purpose in defined and defined[member.purpose].basis == statements.OPT_OUT
    }


async def close_permits(service: ConsentService, *, batch_id: UUID, outcomes: Mapping[str, Any]) -> None:
    """No message will start under this batch any more. Closing again changes nothing. Raises UnknownBatch."""
    async with service.transaction() as tx:
        if not await permits.close(tx.db, batch_id, outcomes=dict(outcomes), at=service.clock.now()):
            raise errors.UnknownBatch
    service.resources.open_permits.note_closed(batch_id)


async def expire_permits(service: ConsentService) -> None:
    """Close batches that this process has seen open for so long that nothing can start under them, whoever forgot them."""
    seen, now = service.resources.seen_open, service.clock.monotonic()
    async with service.transaction() as tx:
        still = await permits.all_open(tx.db)
        for batch in set(seen) - still:
            del seen[batch]
        old = [batch for batch in still if now - seen.setdefault(batch, now) > ABANDONED_AFTER * service.settings.barrier_seconds]
        if old:
            await permits.expire(tx.db, old, at=service.clock.now())


def _refusal(
    defined: Mapping[str, Purpose], held: Mapping[UUID, people.Held], refused: set[tuple[str, str, str]], member: Member, now: datetime
) -> str | None:
    """Why this member gets no permit; None when it does."""
    row = held.get(member.customer_id)
    reason = statements.refusal(defined.get(member.purpose), member.channel, row.effective if row else {}, now)
    if reason is None and refused:
        return _refused(refused, member, defined[member.purpose])
    return reason


def _refused(refused: set[tuple[str, str, str]], member: Member, purpose: Purpose) -> str | None:
    """Whether somebody not known yet withdrew for the address, or stopped all that can be stopped."""
    if (member.address_hash, member.purpose, member.channel) in refused:
        return statements.WITHDRAWN
    if purpose.stoppable and any((member.address_hash, ANY, channel) in refused for channel in (ANY, member.channel)):
        return statements.STOPPED
    return None


async def _refused_addresses(db: Connection, members: Sequence[Member]) -> set[tuple[str, str, str]]:
    """(address, purpose, channel) somebody withdrew for before we knew whose address it is."""
    addresses = {_hash_of(shown): shown for shown in {member.address_hash for member in members}}
    addresses.pop(b"", None)
    latest: dict[tuple[str, str, str], str] = {}
    for entry in await ledger.waiting_for(db, list(addresses)):
        if entry.identity is not None:
            latest[addresses[entry.identity], entry.purpose, entry.channel] = entry.state
    return {scope for scope, state in latest.items() if state == statements.WITHDRAWN}


def _hash_of(shown: str) -> bytes:
    """The 16 bytes; none for anything that is no keyed hash."""
    try:
        return bytes.fromhex(shown) if len(shown) == 32 else b""
    except ValueError:
        return b""

"""People grant and withdraw; signals in events refuse. Every statement goes into the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from chassis.database import COLLISIONS, INFRASTRUCTURE
from chassis.errors import Unavailable
from chassis.ids import new_id
from chassis.unit_of_work import Transaction
from contracts.interaction import ConsentSignalSeen
from services.consent import errors
from services.consent.commands.counting import count_entries
from services.consent.domain import statements
from services.consent.domain.statements import GRANTED, WITHDRAWN, Entry, Purpose
from services.consent.settings import ConsentService
from services.consent.store import ledger, people, permits, purposes

T = TypeVar("T")


class Subject(NamedTuple):
    """Who speaks: a customer id, or the keyed hash of an identity."""

    customer_id: UUID | None = None
    identity: bytes | None = None


class Grant(NamedTuple):
    """One permission somebody gave. `said_at`: when, if not now; `language`: of the wording that was shown."""

    subject: Subject
    purpose: str
    channel: str | None
    source: str
    evidence: dict[str, Any]
    language: str | None = None
    said_at: datetime | None = None
    wording_version: int | None = None


class Recorded(NamedTuple):
    """What became of one statement. `customer_id` is None while nobody is known under the identity; then the statement waits."""

    entry_id: UUID
    customer_id: UUID | None
    purpose: str
    channel: str
    state: str
    version: int
    said_at: datetime


class Withdrawal(NamedTuple):
    """After `effective_at` no message for this person, purpose and these channels starts."""

    effective_at: datetime
    customer_id: UUID | None
    purpose: str
    channels: list[str]
    entries: list[UUID]


async def grant_consents(service: ConsentService, *, grants: Sequence[Grant], actor: str) -> list[Recorded]:
    """Record up to 1,000 grants, all or none. Raises UnknownPurpose, UnknownChannel, ChannelNeeded, SaidInFuture."""
    now = service.clock.now()

    async def act() -> list[Recorded]:
        async with service.transaction() as tx:
            defined = await purposes.newest(tx.db)
            return await _record(tx, [_entry(grant, _purpose(defined, grant.purpose), actor=actor, now=now) for grant in grants])

    return await _again_on_collision(act)


async def withdraw_consent(
    service: ConsentService, *, subject: Subject, purpose: str, channel: str | None, source: str, evidence: dict[str, Any], actor: str,
    language: str | None = None,
) -> Withdrawal:
    """Withdraw one channel, or all of the purpose, and return when no message can start any more: the barrier.

    The change waits for permits that are just being granted (their transactions hold the person's row), then for the granted ones to be
    closed, at most `barrier_seconds` after the commit by this process's monotonic clock. A statement for an identity nobody is known under
    waits that whole time. Withdrawing again records nothing and waits the same way. Raises UnknownPurpose, UnknownChannel.
    """

    async def act() -> tuple[list[Recorded], list[str]]:
        async with service.transaction() as tx:
            defined = _purpose(await purposes.newest(tx.db), purpose)
            channels = [channel] if channel is not None else defined.channels
            if channel is not None and channel not in defined.channels:
                raise errors.UnknownChannel(defined.channels)
            now = service.clock.now()
            entries = [
                Entry(
                    new_id(), subject.customer_id, subject.identity, purpose, listed, WITHDRAWN, defined.version, language,
                    defined.legal_basis, source, evidence, actor, now, now,
                )
                for listed in channels
            ]
            return await _record(tx, entries), channels

    recorded, channels = await _again_on_collision(act)
    committed = service.clock.monotonic()
    customer = recorded[0].customer_id
    await _barrier(service, customer, [f"{purpose}/{listed}" for listed in channels], committed)
    return Withdrawal(service.clock.now(), customer, purpose, channels, [listed.entry_id for listed in recorded])


async def take_signal(service: ConsentService, tx: Transaction, *, signal: ConsentSignalSeen, evidence_id: str) -> None:
    """A refusal seen in an event narrows what counts, unless the person said otherwise later. Unknown signals are an error."""
    refused = statements.SIGNALS[signal.signal]
    defined = await purposes.newest(tx.db)
    now = service.clock.now()
    said_at = min(signal.seen_at, now)
    entries = [
        Entry(
            new_id(), None, bytes.fromhex(signal.identity), purpose, channel, WITHDRAWN, defined[purpose].version, None,
            defined[purpose].legal_basis, f"signal:{signal.signal}", {**signal.evidence, "event": evidence_id, "event_source": signal.source},
            "event", said_at, now,
        )
        for purpose in refused
        if purpose in defined
        for channel in defined[purpose].channels
        if signal.channel is None or signal.channel == channel or signal.signal == "gpc"
    ]
    await _record(tx, entries)


async def _record(tx: Transaction, entries: Sequence[Entry]) -> list[Recorded]:
    """Into the ledger, and into what counts; a withdrawal of what is withdrawn already adds nothing."""
    unresolved = [entry.identity for entry in entries if entry.customer_id is None and entry.identity is not None]
    if unresolved:
        await ledger.hold_identities(tx.db, learning=False)
        known = await ledger.customers_of(tx.db, unresolved)
        waiting = {(entry.identity, entry.purpose, entry.channel): entry for entry in await ledger.waiting_for(tx.db, unresolved)}
        entries = [entry if entry.customer_id else entry._replace(customer_id=known.get(entry.identity or b"")) for entry in entries]
    else:
        waiting = {}
    locked = await people.lock(tx.db, {entry.customer_id for entry in entries if entry.customer_id is not None})
    fresh: list[Entry] = []
    kept: list[tuple[Entry, Entry | None]] = []
    for entry in entries:
        before = _already_withdrawn(locked, waiting, entry)
        if before is not None and await _is_new_of_all(tx, locked, entry, before):
            before = None
        kept.append((entry, before))
        if before is None:
            fresh.append(entry)
    await ledger.insert_entries(tx.db, fresh)
    await ledger.insert_waiting(tx.db, [(entry.id, entry.identity) for entry in fresh if entry.customer_id is None and entry.identity])
    roots = await count_entries(tx, locked, [(entry.customer_id, entry) for entry in fresh if entry.customer_id is not None])
    answers = []
    for entry, before in kept:
        root = locked[entry.customer_id].root_id if entry.customer_id else None
        version = (roots.get(root) or locked[root]).version if root else 0
        counted = before or entry
        answers.append(Recorded(counted.id, root, entry.purpose, entry.channel, entry.state, version, counted.said_at))
    return answers


def _already_withdrawn(
    locked: dict[UUID, people.Person], waiting: dict[tuple[bytes | None, str, str], Entry], entry: Entry
) -> Entry | None:
    """The entry that says the same already, in the person's own name and in what counts."""
    if entry.state != WITHDRAWN:
        return None
    if entry.customer_id is None:
        before = waiting.get((entry.identity, entry.purpose, entry.channel))
        return before if before is not None and before.state == WITHDRAWN else None
    person = locked[entry.customer_id]
    own = person.said.get(entry.purpose, {}).get(entry.channel)
    counts = locked[person.root_id].effective.get(entry.purpose, {}).get(entry.channel)
    if own is None or counts is None or own.state != WITHDRAWN or counts.state != WITHDRAWN:
        return None
    return entry._replace(id=UUID(own.entry), said_at=own.at)


async def _is_new_of_all(tx: Transaction, locked: dict[UUID, people.Person], entry: Entry, before: Entry) -> bool:
    """Whether a refusal says more than the one before it: of a customer who is several in one, for the first time since they are."""
    if entry.customer_id is None or entry.identity is not None:
        return False
    root = locked[entry.customer_id].root_id
    merged_at = (await people.last_merges(tx.db, [root])).get(root)
    return merged_at is not None and (before.said_at <= merged_at or before.id not in await ledger.own_names(tx.db, [before.id]))


async def _barrier(service: ConsentService, customer: UUID | None, scopes: list[str], committed: float) -> None:
    """Return when every permit granted before is closed or too old. Reads after the commit, so none can be missed."""
    limit = service.settings.barrier_seconds

    def left() -> float:
        return limit - (service.clock.monotonic() - committed)

    if customer is None:
        await asyncio.sleep(max(0.0, left()))
        return
    try:
        async with service.read() as db:
            _, family = await people.members(db, customer)
            found = await permits.open_for(db, people=family, purposes=scopes)
    except INFRASTRUCTURE:
        await asyncio.sleep(max(0.0, left()))
        return
    await service.resources.open_permits.wait(found, seconds=left())


def _entry(grant: Grant, purpose: Purpose, *, actor: str, now: datetime) -> Entry:
    channel = grant.channel
    if channel is None:
        if len(purpose.channels) != 1:
            raise errors.ChannelNeeded(purpose.channels)
        channel = purpose.channels[0]
    if channel not in purpose.channels:
        raise errors.UnknownChannel(purpose.channels)
    said_at = grant.said_at or now
    if said_at > now + timedelta(seconds=60):
        raise errors.SaidInFuture
    return Entry(
        new_id(), grant.subject.customer_id, grant.subject.identity, purpose.purpose, channel, GRANTED,
        grant.wording_version or purpose.version, grant.language, purpose.legal_basis, grant.source, grant.evidence, actor,
        min(said_at, now), now,
    )


def _purpose(defined: dict[str, Purpose], purpose: str) -> Purpose:
    if purpose not in defined:
        raise errors.UnknownPurpose(purpose)
    return defined[purpose]


async def _again_on_collision(act: Callable[[], Awaitable[T]]) -> T:
    """Two transactions met: the whole is simply run again."""
    for _ in range(4):
        try:
            return await act()
        except COLLISIONS:
            continue
    raise Unavailable("consent.busy", "Too many changes for the same people at once; try again.")


__all__ = ["Grant", "Recorded", "Subject", "Withdrawal", "grant_consents", "take_signal", "withdraw_consent"]

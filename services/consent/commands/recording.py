"""Lines come into the ledger and into what counts; and the barrier that a withdrawal waits at."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from chassis.database import COLLISIONS, INFRASTRUCTURE
from chassis.errors import Unavailable
from chassis.unit_of_work import Transaction
from services.consent.commands.counting import count_entries
from services.consent.domain.statements import PENDING, WITHDRAWN, Entry, Purpose
from services.consent.settings import ConsentService
from services.consent.store import ledger, people, permits

T = TypeVar("T")


class Subject(NamedTuple):
    """Who speaks: a customer id, or the keyed hash of an identity."""

    customer_id: UUID | None = None
    identity: bytes | None = None


class Recorded(NamedTuple):
    """What became of one statement. `customer_id` is None while nobody is known under the identity; then the statement waits.

    `confirm_token`: of a pending grant, what the link to confirm it carries.
    """

    entry_id: UUID
    customer_id: UUID | None
    purpose: str
    channel: str
    state: str
    version: int
    said_at: datetime
    confirm_token: str | None = None


class Withdrawal(NamedTuple):
    """After `effective_at` no message for this person, purpose and these channels starts."""

    effective_at: datetime
    customer_id: UUID | None
    purpose: str
    channels: list[str]
    entries: list[UUID]


async def record(tx: Transaction, entries: Sequence[Entry], defined: Mapping[str, Purpose]) -> list[Recorded]:
    """Into the ledger, and into what counts; a withdrawal of what is withdrawn already adds nothing."""
    unresolved = [entry.identity for entry in entries if entry.customer_id is None and entry.identity is not None]
    if unresolved:
        await ledger.hold_identities(tx.db, learning=False)
        known = await ledger.customers_of(tx.db, unresolved)
        waiting = {(entry.identity, entry.purpose, entry.channel): entry for entry in await ledger.waiting_for(tx.db, unresolved)}
        entries = [
            entry if entry.customer_id is not None or entry.identity is None else entry._replace(customer_id=known.get(entry.identity))
            for entry in entries
        ]
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
    counting = [entry for entry in fresh if entry.state != PENDING]
    await ledger.insert_waiting(tx.db, [(entry.id, entry.identity) for entry in counting if entry.customer_id is None and entry.identity])
    roots = await count_entries(
        tx, locked, [(entry.customer_id, entry) for entry in counting if entry.customer_id is not None], defined
    )
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


async def barrier(service: ConsentService, customer: UUID | None, scopes: list[str], committed: float) -> None:
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


async def again_on_collision(act: Callable[[], Awaitable[T]]) -> T:
    """Two transactions met: the whole is simply run again."""
    for _ in range(4):
        try:
            return await act()
        except COLLISIONS:
            continue
    raise Unavailable("consent.busy", "Too many changes for the same people at once; try again.")


def evidence_of(**found: Any) -> dict[str, Any]:
    """Evidence without what is not known."""
    return {name: value for name, value in found.items() if value not in (None, "")}

"""Bugs that others have had, put into the running code by the test alone: whatever is to find faults must find these.

Each is a change of one function for the time of a `with`; nothing in the product knows of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest

from chassis import dead_letters, inbox, reacting
from chassis import positions as kept
from chassis.eventlog import NotConfirmed, Partition, Record, Stored
from chassis.outbox import ROWS_A_LOOK, Relay, _unpack
from chassis.reacting import ReaderLoop
from services.campaign.commands import permits
from services.campaign.commands.permits import Asked, Permit, Permits
from services.interaction.api.collector_confirming import Confirmer
from services.interaction.commands import recording

Patch = Callable[[pytest.MonkeyPatch], None]


def no_inbox(patch: pytest.MonkeyPatch) -> None:
    """A record that comes twice is new both times."""

    async def unseen(_db: Any, fingerprints: Sequence[bytes]) -> set[bytes]:
        return set(fingerprints)

    patch.setattr(inbox, "unseen", unseen)


def commit_before_effects(patch: pytest.MonkeyPatch) -> None:
    """The position moves in a transaction of its own, before anything was done."""

    async def apply_once(self: ReaderLoop, owned: Mapping[Partition, list[Stored]], held: Any, *, nobody_waits: bool, careful: bool) -> None:
        async with self.service.transaction() as work:
            await kept.advance(work.db, self.group, owned)
        async with self.service.transaction() as work:
            await _effects(self, work, owned, careful=careful)

    patch.setattr(ReaderLoop, "_apply_once", apply_once)


def position_outside(patch: pytest.MonkeyPatch) -> None:
    """The position moves in a transaction of its own, after what was done."""

    async def apply_once(self: ReaderLoop, owned: Mapping[Partition, list[Stored]], held: Any, *, nobody_waits: bool, careful: bool) -> None:
        async with self.service.transaction() as work:
            await _effects(self, work, owned, careful=careful)
        async with self.service.transaction() as work:
            await kept.advance(work.db, self.group, owned)

    patch.setattr(ReaderLoop, "_apply_once", apply_once)


async def _effects(loop: ReaderLoop, work: Any, owned: Mapping[Partition, list[Stored]], *, careful: bool) -> None:
    records = [record for listed in owned.values() for record in listed]
    if loop.subscription.batch is None:
        await loop._apply_facts(work, records, careful=careful)
    else:
        await loop.subscription.batch(loop.service, work, records)


def fence_unchecked(patch: pytest.MonkeyPatch) -> None:
    """Whoever comes with a batch may apply it, wherever the position is."""

    async def advance(_db: Any, _reader: str, batch: Mapping[Partition, list[Stored]]) -> dict[Partition, int | None]:
        return dict.fromkeys(batch)

    async def advance_held(*_given: Any) -> bool:
        return False

    patch.setattr(kept, "advance", advance)
    patch.setattr(kept, "advance_held", advance_held)


def relay_with_cursor(patch: pytest.MonkeyPatch) -> None:
    """The outbox is read from where the last look ended."""
    last = 0

    async def look(self: Relay, db: Any) -> int:
        nonlocal last
        rows = await db.fetch("SELECT id, payload FROM outbox WHERE id > $1 ORDER BY id LIMIT $2", last, ROWS_A_LOOK)
        if rows:
            await self._eventlog.append([Record(t, k, v, tuple(h)) for row in rows for t, k, v, h in _unpack(row["payload"])], deadline=10)
            last = rows[-1]["id"]
        return len(rows)

    patch.setattr(Relay, "_look", look)


def relay_deletes_first(patch: pytest.MonkeyPatch) -> None:
    """Rows of the outbox go before the log has confirmed them."""

    async def look(self: Relay, db: Any) -> int:
        rows = await db.fetch("DELETE FROM outbox WHERE id IN (SELECT id FROM outbox ORDER BY id LIMIT $1) RETURNING id, payload", ROWS_A_LOOK)
        if rows:
            ordered = sorted(rows, key=lambda row: int(row["id"]))
            await self._eventlog.append([Record(t, k, v, tuple(h)) for row in ordered for t, k, v, h in _unpack(row["payload"])], deadline=10)
        return len(rows)

    patch.setattr(Relay, "_look", look)


def answer_before_confirmation(patch: pytest.MonkeyPatch) -> None:
    """200 is said whatever the log says."""
    append = Confirmer.append

    async def hopeful(self: Confirmer, records: Sequence[Record], *, deadline: float = 5.0) -> None:
        try:
            await append(self, records, deadline=deadline)
        except Exception:
            self._failures = 0

    patch.setattr(Confirmer, "append", hopeful)


def dead_letter_outside(patch: pytest.MonkeyPatch) -> None:
    """A dead letter is committed at once, whatever becomes of the batch."""
    add = dead_letters.add

    async def set_aside(self: ReaderLoop, _work: Any, record: Stored, error: Exception) -> None:
        async with self.service.transaction() as own:
            await add(own.db, self.group, record, error, park_key=False)

    patch.setattr(reacting.ReaderLoop, "_set_aside", set_aside)


def permit_unchecked(patch: pytest.MonkeyPatch) -> None:
    """Everybody who was planned may be written to."""

    async def ask(service: Any, *, members: Sequence[Asked]) -> Permits:
        return Permits(None, service.clock.monotonic() + 4, {member.message_id: Permit(str(uuid4()), 1) for member in members}, {})

    patch.setattr(permits, "ask", ask)


def no_mark_of_erasure(patch: pytest.MonkeyPatch) -> None:
    """What comes late about somebody who was erased is kept."""

    async def unerased(_service: Any, _db: Any, incoming: list[Any], _tally: Any) -> list[Any]:
        return incoming

    patch.setattr(recording, "_unerased", unerased)


def no_table_of_duplicates(patch: pytest.MonkeyPatch) -> None:
    """An event that is posted again is stored again."""

    async def unseen(_service: Any, _db: Any, incoming: list[Any], _tally: Any) -> tuple[list[Any], list[Any]]:
        return incoming, []

    patch.setattr(recording, "_unseen", unseen)


@contextmanager
def seeded(bug: Patch | None) -> Iterator[None]:
    """The code with this bug; None: as it is."""
    with pytest.MonkeyPatch.context() as patch:
        if bug is not None:
            bug(patch)
        yield


@contextmanager
def unreliable(log: Any) -> Iterator[None]:
    """Of the appends of a log every third is not confirmed, in turn before and after it was done; and time passes."""
    append, calls = log.append, 0

    async def troubled(records: Sequence[Record], **given: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls % 6 == 2:
            raise NotConfirmed("lost before")
        done = await append(records, **given)
        if calls % 6 == 5:
            raise NotConfirmed("lost after")
        return done

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "append", troubled)
        yield


@contextmanager
def losing_connections(places: Sequence[int]) -> Iterator[None]:
    """The connection is lost at these moves of a position, counted from 0: the statement was sent and nobody knows more."""
    calls = 0
    advance = kept.advance

    async def troubled(db: Any, reader: str, batch: Any) -> Any:
        nonlocal calls
        calls += 1
        done = await advance(db, reader, batch)
        if calls - 1 in places:
            raise ConnectionResetError("lost")
        return done

    async def not_held(*_given: Any) -> bool:
        return False

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "advance", troubled)
        patch.setattr(kept, "advance_held", not_held)
        yield

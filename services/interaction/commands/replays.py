"""Sending again what a source sent within a time: step by step, so that a stop costs nothing but the step.

`quarantine`: what was set aside, through the same checks again (after a plan was corrected, say). `dead_letters`: what could not be processed.
`collected`: what the collected log still holds; whatever is stored is recognised as a duplicate and counted, whatever got lost is stored now.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from chassis import dead_letters, ids
from chassis.errors import Conflict, Invalid, Unknown
from chassis.eventlog import LogGap, Partition, Record, Stored
from contracts import collected
from contracts.envelope import header
from services.interaction.commands import publishing, releasing
from services.interaction.settings import InteractionService
from services.interaction.store import quarantine
from services.interaction.store import replays as store

QUARANTINE: Final = "quarantine"
DEAD_LETTERS: Final = "dead_letters"
COLLECTED: Final = "collected"
AT_ONCE: Final = 200
RECORDS: Final = 1000

_encode = msgspec.json.Encoder().encode


class Step(NamedTuple):
    """What one step did, and where the next begins; `done` when there is none."""

    found: int
    sent: int
    refused: int
    place: Any
    done: bool


async def begin(
    service: InteractionService, *, what: str, source: str, since: datetime, until: datetime, code: str | None, actor: str
) -> UUID:
    """Ask for a replay; it is worked off in the background. What comes in from now on is no part of it."""
    place: Any = None
    if what == COLLECTED:
        bounds = [await service.log.bounds(Partition(collected.TOPIC, number)) for number in range(await service.log.partitions(collected.TOPIC))]
        place = [list(each) for each in bounds]
    replay_id = ids.new_id()
    async with service.transaction() as tx:
        await store.insert(
            tx.db, replay_id=replay_id, what=what, source=source, since=since, until=until, code=code, place=_encode(place).decode(), by=actor,
            at=service.clock.now(),
        )
    return replay_id


async def work_off(service: InteractionService) -> bool:
    """One step of the oldest unfinished replay. Returns whether there is more to do. Raises Unavailable: then the step is done again."""
    async with service.transaction() as tx:
        replay = await store.next_running(tx.db)
        if replay is None:
            return False
        place = msgspec.json.decode(replay["place"])
        if replay["what"] == QUARANTINE:
            step = await _quarantine(service, replay, place)
        elif replay["what"] == DEAD_LETTERS:
            step = await _letters(service, replay, place)
        else:
            step = await _collected(service, replay, place)
        await store.advance(
            tx.db, replay["id"], found=step.found, sent=step.sent, refused=step.refused, place=_encode(step.place).decode(),
            finished_at=service.clock.now() if step.done else None,
        )
    return True


async def _quarantine(service: InteractionService, replay: Any, place: str | None) -> Step:
    async with service.read() as db:
        entries = await quarantine.list_between(
            db, source=replay["source"], code=replay["code"], since=replay["since"], until=replay["until"],
            after=UUID(place) if place else None, limit=AT_ONCE,
        )
    refused = 0
    for entry in entries:
        try:
            await releasing.release(service, entry_id=entry)
        except (Invalid, Conflict, Unknown):  # refused once more, or somebody was quicker: it stays as it is
            refused += 1
    return Step(len(entries), len(entries) - refused, refused, str(entries[-1]) if entries else place, len(entries) < AT_ONCE)


async def _letters(service: InteractionService, replay: Any, place: str | None) -> Step:
    """Back into the collected log, each in a transaction with its closing."""
    async with service.read() as db:
        letters = await store.list_letters(
            db, publishing.READER, since=replay["since"], until=replay["until"], after=UUID(place) if place else None, limit=AT_ONCE
        )
    found = 0
    for letter in letters:
        async with service.transaction() as tx:
            try:
                _, records = await dead_letters.taken(tx.db, letter)
            except Unknown:
                continue
            if (header(records[0].headers, "ce_source") or b"").decode() != replay["source"]:
                continue
            await dead_letters.close(tx.db, letter, "replayed")
            await dead_letters.note(tx.db, letter, act="replayed", actor=replay["requested_by"], at=service.clock.now())
            await publishing.append_again(service, records)
            found += 1
    return Step(found, found, 0, str(letters[-1]) if letters else place, len(letters) < AT_ONCE)


async def _collected(service: InteractionService, replay: Any, place: list[list[int]]) -> Step:
    """The next stretch of one partition, up to where the log stood when the replay was asked for."""
    for number, (offset, end) in enumerate(place):
        if offset >= end:
            continue
        partition = Partition(collected.TOPIC, number)
        try:
            records = await service.log.read(partition, offset, max_records=RECORDS)
        except LogGap:  # its beginning is kept no longer
            place[number][0] = min(end, (await service.log.bounds(partition))[0])
            return Step(0, 0, 0, place, False)
        chosen = [record for record in records if record.offset < end and _belongs(record, replay)]
        if chosen:
            await service.log.append([Record(record.topic, record.key, record.value, record.headers) for record in chosen])
        place[number][0] = records[-1].next if records else end
        return Step(len(chosen), len(chosen), 0, place, False)
    return Step(0, 0, 0, place, True)


def _belongs(record: Stored, replay: Any) -> bool:
    stamp = header(record.headers, collected.STAMP)
    if stamp is None:
        return False
    told = collected.read_stamp(stamp)
    return bool(told.source == replay["source"] and replay["since"] <= told.received_at < replay["until"])

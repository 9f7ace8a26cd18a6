"""Publishing what was stored: in the order of the collected log, partition by partition, nothing skipped.

    recorder transaction  --stage-->  commit  --hand_over-->  queue  --publish-->  ecrm.interaction
                                                                |
                            rows behind the published position <+  after a crash or a change of owner

How far a partition is published is the only state. A record told twice carries its collected offset, so readers skip it; a record
told too early would make them skip others, so a partition's stretch is published only behind everything stored before it.

The published position is the last offset below what comes next (`Stored.next` - 1): offsets have holes that belong to no record.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import asyncpg
import msgspec

from chassis import telemetry
from chassis.database import INFRASTRUCTURE, Connection
from chassis.eventlog import Headers, NotConfirmed, Record, Stored
from contracts import catalogue, collected
from contracts.envelope import ORIGIN
from contracts.interaction import InteractionRecorded
from services.interaction.domain.recording import Outgoing
from services.interaction.settings import InteractionService, Stretch
from services.interaction.store import interactions

READER: Final = "interaction.recorder"
SOURCE: Final = b"/interaction"
BACKOFF: Final = (0.2, 10.0)
ROWS: Final = 1000

_ENTRY: Final = catalogue.entry_of(InteractionRecorded)
_TOPIC: Final = _ENTRY.topic
_FIXED: Final[Headers] = (("ce_specversion", b"1.0"), ("ce_type", _ENTRY.wire.encode()), ("ce_source", SOURCE))

_log = telemetry.logger(__name__)


class _Received(msgspec.Struct):
    received_at: datetime


_read_received = msgspec.json.Decoder(_Received).decode


def unstage(service: InteractionService, records: Sequence[Stored]) -> None:
    """Forget what an earlier, rolled back attempt prepared for these records."""
    staged = service.resources.publishing.staged
    for record in records:
        waiting = staged.get(record.partition)
        if waiting:
            waiting.pop(record.offset, None)


def stage(service: InteractionService, stored: Sequence[Outgoing]) -> None:
    """Prepare what was stored in the open transaction; the last step of it, since nothing may fail afterwards but the commit."""
    staged = service.resources.publishing.staged
    partition, prepared = -1, dict[int, Record]()
    received_at, shared = None, _FIXED
    for out in stored:
        incoming = out.incoming
        stamp = incoming.event.stamp
        if stamp.received_at != received_at:  # events of one request follow each other
            received_at = stamp.received_at
            shared = _shared(stamp.received_at)
        if incoming.partition != partition:
            partition = incoming.partition
            prepared = staged.setdefault(partition, {})
        offset = incoming.offset
        prepared[offset] = _record(shared, out.key, out.record, stamp.receipt_id, partition, offset)


async def is_replay(service: InteractionService, db: Connection, record: Stored) -> bool:
    """Whether a record lies behind what was handed over: a dead letter that an operator applies again.

    Published now it would be skipped by every reader; it has to go through the collected log once more.
    """
    publishing = service.resources.publishing
    last = publishing.handed.get(record.partition)
    if last is None:
        last = publishing.handed[record.partition] = await interactions.find_published(db, record.partition)
    return record.offset <= last


async def append_again(service: InteractionService, records: Sequence[Stored]) -> None:
    """Put records into the collected log anew. Raises NotConfirmed."""
    await service.log.append([Record(record.topic, record.key, record.value, record.headers) for record in records])


async def hand_over(service: InteractionService, records: list[Stored]) -> None:
    """After the commit: what was staged for these records may be published. Waits while the publisher is far behind."""
    publishing = service.resources.publishing
    by_partition: dict[int, list[Stored]] = {}
    for record in records:
        by_partition.setdefault(record.partition, []).append(record)
    for partition, committed in by_partition.items():
        first, last = committed[0].offset, committed[-1].next - 1
        staged = publishing.staged.get(partition, {})
        ready = [staged.pop(record.offset) for record in committed if record.offset in staged]
        for left in [offset for offset in staged if offset <= last]:
            del staged[left]
        publishing.handed[partition] = last
        await publishing.waiting.put(Stretch(partition, first, last, ready))


async def publish(service: InteractionService) -> None:
    """Publish what is handed over, until cancelled. While the log is away nothing is lost and nothing is skipped."""
    waiting = service.resources.publishing.waiting
    while True:
        stretches = [await waiting.get()]
        while not waiting.empty():
            stretches.append(waiting.get_nowait())
        failures = 0
        while True:
            try:
                await _publish(service, stretches)
                break
            except Exception as error:
                failures += 1
                level = _log.warning if isinstance(error, (*INFRASTRUCTURE, asyncpg.PostgresError, NotConfirmed)) else _log.error
                level("publisher_waits", service=service.name, error=error, attempt=failures)
                await asyncio.sleep(random.uniform(0.05, min(BACKOFF[1], BACKOFF[0] * 2**failures)))  # noqa: S311 - jitter
        for _ in stretches:
            waiting.task_done()


async def _publish(service: InteractionService, stretches: Sequence[Stretch]) -> None:
    """Append in order; a stretch that does not follow what this process published is preceded by the rows in between."""
    reached = service.resources.publishing.reached
    ahead: dict[int, int] = {}
    records: list[Record] = []
    for stretch in stretches:
        partition = stretch.partition
        at = ahead.get(partition, reached.get(partition))
        if at != stretch.first - 1:
            await _append(service, records, ahead)
            records, ahead = [], {}
            await _publish_rows(service, partition, stretch.first)
        records.extend(stretch.records)
        ahead[partition] = stretch.last
    await _append(service, records, ahead)


async def _publish_rows(service: InteractionService, partition: int, before: int) -> None:
    """Publish the stored rows behind the published position and below `before`."""
    async with service.read() as db:
        after = await interactions.find_published(db, partition)
    while True:
        async with service.read() as db:
            rows = await interactions.list_unpublished(db, partition, after, before, ROWS)
        if not rows:
            break
        after = rows[-1]["collected_offset"]
        await _append(service, [_from_row(row, partition) for row in rows], {partition: after})
    reached = service.resources.publishing.reached
    reached[partition] = max(reached.get(partition, -1), before - 1)


async def _append(service: InteractionService, records: list[Record], positions: dict[int, int]) -> None:
    if records:
        await service.log.append(records, deadline=10)
    if positions:
        service.resources.publishing.reached.update(positions)
        async with service.read() as db:
            await interactions.note_published(db, sorted(positions.items()))


async def publish_leftovers(service: InteractionService) -> bool:
    """Publish what a process left behind that stopped between commit and append. Returns whether there was anything.

    A partition is looked at when its position stood still between two looks although more was read.
    """
    publishing = service.resources.publishing
    async with service.read() as db:
        behind = {
            partition: (position, following) for partition, position, following in await interactions.list_behind(db, READER, collected.TOPIC)
        }
    stuck = [partition for partition, (position, _) in behind.items() if publishing.behind.get(partition) == position]
    publishing.behind = {partition: position for partition, (position, _) in behind.items()}
    if publishing.waiting.qsize():
        return False
    for partition in sorted(stuck):
        following = behind[partition][1]
        await _publish_rows(service, partition, following)
        async with service.read() as db:
            await interactions.note_published(db, [(partition, following - 1)])
    return bool(stuck)


def _shared(received_at: datetime) -> Headers:
    return (*_FIXED, ("ce_time", received_at.isoformat().encode()))


def _record(shared: Headers, key: bytes, value: bytes, event_id: str, partition: int, offset: int) -> Record:
    return Record(_TOPIC, key, value, (*shared, ("ce_id", event_id.encode()), (ORIGIN, b"%d" % offset)), partition)


def _from_row(row: Any, partition: int) -> Record:
    key, value = row["identity"].hex().encode(), row["record"].encode()
    return _record(_shared(_read_received(value).received_at), key, value, str(row["id"]), partition, row["collected_offset"])

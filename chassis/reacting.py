"""Facts in: effects, position, outbox and dead letters in one transaction; never acknowledged and forgotten.

    reader loop (one per subscription)
      poll -> lock -> apply -> poll
    apply (PostgreSQL)
      fenced UPDATE of the positions  ->  handlers  ->  outbox  ->  dead letters  ->  commit

An infrastructure error rolls everything back and is tried again with growing pauses, never set aside. A deterministic error
is tried three times, narrowed down to the record that causes it, and that record becomes a dead letter in the same
transaction that advances the position.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Protocol

import asyncpg

from chassis import dead_letters, inbox, measuring, telemetry
from chassis import positions as kept
from chassis.database import COLLISIONS, INFRASTRUCTURE
from chassis.errors import Unknown
from chassis.eventlog import SKIMMED, LogGap, NotConfirmed, Partition, Reader, Stored
from chassis.positions import StaleOffset
from chassis.service import Service
from chassis.unit_of_work import Transaction
from contracts import catalogue, decoding
from contracts.envelope import ORIGIN, Envelope, header, read_envelope
from contracts.fact import Fact

AnyService = Service[Any, Any]
FactHandler = Callable[[Any, Transaction, Any, Envelope], Awaitable[None]]
BatchHandler = Callable[[Any, Transaction, list[Stored]], Awaitable[None]]

TRIES: Final = 3
BACKOFF: Final = (0.2, 30.0)

_log = telemetry.logger(__name__)


class PositionKeeper(Protocol):
    """Another place than PostgreSQL where a reader's effects and positions are kept together."""

    async def positions(self, reader: str, partitions: Sequence[Partition]) -> Mapping[Partition, int | None]:
        """The next offset to read of each partition; None if it was never read."""
        ...

    async def apply(self, reader: str, batch: Mapping[Partition, list[Stored]]) -> None:
        """Effects and new positions in one transaction. Raises StaleOffset when another process advanced meanwhile."""
        ...


@dataclass(frozen=True)
class Subscription:
    """What a service hears. Exactly one of `facts`, `batch`, `keeper` does the work.

    `facts`: handlers by fact class; each record is applied once (inbox), alone (savepoint). `batch`: all records of the
    micro-batch in order; must change nothing when a record comes twice. `keeper`: effects live outside PostgreSQL.
    `wanted`: whether anything is done with records at all at the moment; while not, they are passed over unread. It is asked in the
    transaction that moves the position, so nothing is missed that was appended after the want was there. Not for compacted topics.
    `linger`: seconds from the beginning of one batch to the next, unless a batch is full: what a transaction costs is shared by
    the records that come meanwhile. A record that comes after a quiet time never waits.
    """

    reader: str
    topics: tuple[str, ...]
    facts: Mapping[type[Fact], FactHandler] = field(default_factory=dict)
    batch: BatchHandler | None = None
    keeper: Callable[[Any], PositionKeeper] | None = None
    after_commit: Callable[[Any, list[Stored]], Awaitable[None]] | None = None
    wanted: Callable[[Any, Transaction], Awaitable[bool]] | None = None
    max_records: int = 2000
    linger: float = 0.0


class ReaderLoop:
    """Runs one subscription of a service until cancelled."""

    def __init__(self, service: AnyService, subscription: Subscription) -> None:
        self.service = service
        self.subscription = subscription
        self.group = f"{service.name}.{subscription.reader}"
        self.last_progress = service.clock.monotonic()
        self.lag = 0
        self.applied: dict[str, int] = dict.fromkeys(subscription.topics, 0)  # records by topic, since the start
        self.stopped_by: str | None = None
        self.reader: Reader | None = None
        self._failures = 0
        self._held: kept.Held = {}  # positions as this process left them, while nobody else moved them
        self._unwanted = False  # what came last was passed over
        self._nobody_waits = False  # no open dead letter; only who moves a position can add one, so it holds as long as `_held`
        self._keeper = subscription.keeper(service) if subscription.keeper else None

    async def run(self) -> None:
        """Join the group and read; on trouble leave it and join again."""
        while True:
            try:
                self.reader = await self.service.log.reader(
                    group=self.group, topics=self.subscription.topics, positions=self.positions, gather=self.subscription.linger
                )
                try:
                    while True:
                        await self._step(self.reader)
                finally:
                    await asyncio.shield(self.reader.close())
            except LogGap:
                self.stopped_by = "log_gap"
                _log.error("log_gap", service=self.service.name, reader=self.group)
                await asyncio.sleep(30)
            except (*INFRASTRUCTURE, asyncpg.PostgresError, NotConfirmed) as error:
                await self._wait(error)

    async def positions(self, partitions: Sequence[Partition]) -> Mapping[Partition, int | None]:
        """The next offset to apply of each partition."""
        if self._keeper is not None:
            return await self._keeper.positions(self.group, partitions)
        async with self.service.read() as db:
            return await kept.read(db, self.group, partitions)

    async def _step(self, reader: Reader) -> None:
        reader.skim = self._unwanted
        batch = await reader.poll(timeout=0.5, max_records=self.subscription.max_records)
        if not batch:
            self.last_progress = self.service.clock.monotonic()
            self.lag = 0
            telemetry.READER_LAG.labels(self.service.name, self.subscription.reader).set(0)
            return
        began = self.service.clock.monotonic()
        async with reader.lock:
            owned = {partition: records for partition, records in batch.items() if records and reader.owns(partition)}
            if not owned:
                return
            try:
                await self._apply(owned)
            except StaleOffset as stale:
                for partition, offset in stale.positions.items():
                    reader.seek(partition, offset)
                return
            except (*INFRASTRUCTURE, *COLLISIONS, NotConfirmed) as error:
                for partition, records in owned.items():
                    reader.seek(partition, records[0].offset)
                failed: BaseException | None = error
            else:
                failed = None
        if failed is not None:
            await self._wait(failed)
            return
        await self._advanced(reader, owned)
        await self._rest(began, owned)

    async def _rest(self, began: float, owned: Mapping[Partition, list[Stored]]) -> None:
        """Let records gather before the next batch, unless this one was full."""
        rest = began + self.subscription.linger - self.service.clock.monotonic()
        if rest > 0 and sum(len(records) for records in owned.values()) < self.subscription.max_records:
            await asyncio.sleep(rest)

    async def _advanced(self, reader: Reader, owned: Mapping[Partition, list[Stored]]) -> None:
        self._failures = 0
        self.last_progress = self.service.clock.monotonic()
        telemetry.READER_PROGRESS.labels(self.service.name, self.subscription.reader).set_to_current_time()
        count = sum(len(records) for records in owned.values())
        telemetry.RECORDS.labels(self.service.name, self.subscription.reader, "applied").inc(count)
        measuring.delays(self.service, self.subscription.reader, owned.values())
        for partition, records in owned.items():
            self.applied[partition.topic] += len(records)
        await reader.commit({partition: records[-1].next for partition, records in owned.items()})
        if self.subscription.after_commit is not None:
            await self.subscription.after_commit(self.service, [record for records in owned.values() for record in records])

    async def _wait(self, error: BaseException) -> None:
        """A growing pause with full jitter; the first failure is tried again at once, for a pool's one dead connection."""
        self._failures += 1
        least, most = BACKOFF
        pause = 0.0 if self._failures == 1 else random.uniform(0, min(most, least * 2**self._failures))  # noqa: S311 - jitter
        _log.warning("reader_waits", service=self.service.name, reader=self.group, error=error, retry_in_s=round(pause, 2))
        await asyncio.sleep(pause)

    async def _apply(self, owned: Mapping[Partition, list[Stored]]) -> None:
        if self._keeper is not None:
            await self._keeper.apply(self.group, owned)
            return
        held, nobody_waits = self._held, self._nobody_waits
        self._held, self._nobody_waits = {}, False  # until the commit is certain
        try:
            await self._apply_once(owned, held, nobody_waits=nobody_waits, careful=False)
        except (*INFRASTRUCTURE, *COLLISIONS, NotConfirmed, StaleOffset):
            raise
        except Exception as error:  # something in it cannot be applied: rolled back, and once more with a savepoint around each step
            _log.info("batch_in_steps", service=self.service.name, reader=self.group, error=error)
            await self._apply_once(owned, {}, nobody_waits=False, careful=True)

    async def _apply_once(self, owned: Mapping[Partition, list[Stored]], held: kept.Held, *, nobody_waits: bool, careful: bool) -> None:
        """`careful`: an error is narrowed down to its record, which is set aside; else it is raised."""
        async with self.service.transaction() as work:
            self._unwanted = not await self._wants(work, owned)
            if await kept.advance_held(work.db, self.group, owned, held):
                origins = {partition: held[partition][1] for partition in owned}
            else:
                held, nobody_waits = {}, False
                origins = await kept.advance(work.db, self.group, owned)
            records = [
                record for partition, listed in owned.items() for record in _above_origin(listed, origins.get(partition))
            ]
            if self._unwanted:
                records = []
            elif not nobody_waits:
                records, nobody_waits = await dead_letters.park_known(work.db, self.group, records)
            if self.subscription.batch is None:
                await self._apply_facts(work, records, careful=careful)
            elif careful:
                await self._apply_batch(work, self.subscription.batch, records)
            elif records:
                await self.subscription.batch(self.service, work, records)
        self._held = held | {partition: kept.moved(listed, origins.get(partition)) for partition, listed in owned.items()}
        self._nobody_waits = nobody_waits and not careful

    async def _wants(self, work: Transaction, owned: Mapping[Partition, list[Stored]]) -> bool:
        """Raises StaleOffset when records were passed over that are wanted by now."""
        if self.subscription.wanted is None:
            return True
        if not await self.subscription.wanted(self.service, work):
            return False
        if any(record.headers is SKIMMED for records in owned.values() for record in records):
            self._unwanted = False
            raise StaleOffset({partition: records[0].offset for partition, records in owned.items()})
        return True

    async def apply_outside(self, partition: Partition, records: list[Stored]) -> None:
        """Apply the next records of a partition that were read without joining the group, as a replay does. Any error is raised."""
        await self._apply({partition: records})

    async def again(self, work: Transaction, records: list[Stored]) -> None:
        """Apply records of a dead letter once more, inside the caller's transaction; any error is raised."""
        if self._keeper is not None:
            raise Unknown("dead_letter.no_replay", "This reader keeps its own rejects.")
        if self.subscription.batch is not None:
            await self.subscription.batch(self.service, work, records)
            return
        for record in records:
            found = self._read(record)
            if found is None:
                continue
            envelope, handler, fact = found
            await self._handle(work, handler, fact, envelope)

    async def _apply_batch(self, work: Transaction, handler: BatchHandler, records: list[Stored]) -> None:
        """The whole batch in one go; when it fails, halves, down to the record at fault."""
        if not records:
            return
        error = await self._attempt(work, partial(handler, self.service, work, records), tries=TRIES if len(records) == 1 else 1)
        if error is None:
            return
        if len(records) == 1:
            await self._set_aside(work, records[0], error)
            return
        middle = len(records) // 2
        await self._apply_batch(work, handler, records[:middle])
        await self._apply_batch(work, handler, records[middle:])

    async def _apply_facts(self, work: Transaction, records: list[Stored], *, careful: bool) -> None:
        todo: list[tuple[Stored, Envelope, FactHandler, Fact]] = []
        waiting: dict[tuple[str, bytes], int] = {}  # keys whose later records wait behind a dead letter of this batch
        for record in records:
            try:
                found = self._read(record)
            except (ValueError, KeyError) as unreadable:
                if not careful:
                    raise
                await self._set_aside(work, record, unreadable)
                waiting.setdefault((record.topic, record.key), record.offset)
                continue
            if found is not None:
                todo.append((record, *found))
        if not todo:
            return
        marks = [inbox.fingerprint(self.group, envelope.source, envelope.id) for _, envelope, _, _ in todo]
        fresh = await inbox.unseen(work.db, marks)
        for mark, (record, envelope, handler, fact) in zip(marks, todo, strict=True):
            if mark not in fresh:
                continue
            fresh.discard(mark)
            if not careful:
                await self._handle(work, handler, fact, envelope)
                continue
            if waiting.get((record.topic, record.key), record.offset) < record.offset:
                await dead_letters.park(work.db, self.group, [record])
                continue
            error = await self._attempt(work, partial(self._handle, work, handler, fact, envelope), tries=TRIES)
            if error is not None:
                await self._set_aside(work, record, error)
                waiting.setdefault((record.topic, record.key), record.offset)

    async def _handle(self, work: Transaction, handler: FactHandler, fact: Fact, envelope: Envelope) -> None:
        telemetry.follow(envelope.traceparent)
        telemetry.correlation.set(envelope.correlation)
        work.causation = envelope.id
        await handler(self.service, work, fact, envelope)

    def _read(self, record: Stored) -> tuple[Envelope, FactHandler, Fact] | None:
        wire = header(record.headers, "ce_type")
        entry = catalogue.BY_WIRE.get(wire.decode()) if wire else None
        if entry is None or record.value is None:
            return None
        handler = self.subscription.facts.get(entry.fact)
        if handler is None:
            return None
        return read_envelope(record.headers), handler, decoding.decode(entry.fact, record.value)

    async def _attempt(self, work: Transaction, act: Callable[[], Awaitable[None]], *, tries: int) -> Exception | None:
        """Run in a savepoint; the error of the last try, or None. Infrastructure errors go through."""
        failure: Exception | None = None
        for _ in range(tries):
            told = work.mark()
            try:
                async with work.db.transaction():
                    await act()
                    return None
            except (*INFRASTRUCTURE, *COLLISIONS, NotConfirmed):
                raise
            except Exception as error:
                work.rewind(told)
                failure = error
        return failure

    async def _set_aside(self, work: Transaction, record: Stored, error: Exception) -> None:
        _log.error(
            "dead_letter", service=self.service.name, reader=self.group, topic=record.topic, partition=record.partition,
            offset=record.offset, error=error,
        )
        telemetry.RECORDS.labels(self.service.name, self.subscription.reader, "dead_letter").inc()
        await dead_letters.add(work.db, self.group, record, error, park_key=self.subscription.batch is None)


def _above_origin(records: list[Stored], last: int | None) -> list[Stored]:
    """Records told twice after a crash of their teller carry an origin that was already applied."""
    if last is None or not records or header(records[0].headers, ORIGIN) is None:
        return records
    kept, seen = [], last
    for record in records:
        origin = int(header(record.headers, ORIGIN) or b"-1")
        if origin > seen:
            kept.append(record)
            seen = origin
    return kept

"""One member of a reader group on Kafka: positions come from the reader's own database, never from the log."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import IllegalStateError, KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError
from aiokafka.structs import TopicPartition

from chassis.eventlog import SKIMMED, LogGap, NotConfirmed, Partition, Positions, Stored, unbroken
from chassis.eventlog.kafka import records as decoding
from chassis.eventlog.kafka import stopping
from chassis.eventlog.kafka.access import OPEN, Access
from chassis.eventlog.kafka.inspecting import Inspector, distance
from chassis.eventlog.kafka.packing import holder

log = logging.getLogger(__name__)

COMMIT_SECONDS = 1.0
CLOSE_SECONDS = 3.0
LAG_SECONDS = 2.0


class Pace(NamedTuple):
    """What is asked of the broker: an answer with so many bytes, or after so many milliseconds."""

    min_bytes: int
    max_wait_ms: int


#: Nothing comes: the first record is answered at once, and the broker is asked every two seconds only. Longer would save little more, and
#: what is seeked to or resumed meanwhile waits for the answer that is on its way.
QUIET = Pace(1, 2000)
#: Records come: many small answers would cost broker and readers more than the records in them; nobody waits longer than a tenth of a second,
#: for readers that gather anyway a fifth: each question names all partitions anew, also the many where nothing happens.
BUSY = Pace(64 * 1024, 100)
MOST_WAIT_MS = 200


def busy(gather: float) -> Pace:
    """The pace while records come, for a reader that gathers so many seconds."""
    wait = min(MOST_WAIT_MS, max(BUSY.max_wait_ms, int(gather * 1000)))
    return Pace(BUSY.min_bytes * wait // BUSY.max_wait_ms, wait)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Takes partitions away between batches only."""

    def __init__(self, reader: GroupReader) -> None:
        self._reader = reader

    async def on_partitions_revoked(self, revoked: Any) -> None:
        async with self._reader.lock:
            self._reader.forget()

    async def on_partitions_assigned(self, assigned: Any) -> None:
        self._reader.own(frozenset(Partition(*where) for where in assigned))


class GroupReader:
    """See `chassis.eventlog.Reader`."""

    def __init__(
        self,
        bootstrap: str,
        *,
        access: Access = OPEN,
        group: str,
        topics: Sequence[str],
        positions: Positions,
        compacted: frozenset[str],
        inspector: Inspector,
        gather: float,
    ) -> None:
        self._topics = list(topics)
        self._positions = positions
        self._compacted = compacted
        self._inspector = inspector
        self._busy = busy(gather)
        self._lock = asyncio.Lock()
        self._assigned: frozenset[Partition] = frozenset()
        self._next: dict[Partition, int] = {}  # what poll gives next; a partition without an entry is not placed yet
        self._doubt: dict[Partition, int] = {}  # where a gap was seen once and is looked at again
        self._stopped: set[Partition] = set()  # at a gap; a seek goes on
        self._polling: asyncio.Task[dict[Any, list[Stored]]] | None = None
        self._placing: asyncio.Task[None] | None = None
        self._committing: asyncio.Task[None] | None = None
        self._to_commit: dict[Partition, int] = {}
        self._closed = False
        self._skim = decoding.Skim()
        decoding.install()
        self._consumer: Any = AIOKafkaConsumer(
            bootstrap_servers=bootstrap,
            **access.options(),
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="none",
            partition_assignment_strategy=(StickyPartitionAssignor,),
            session_timeout_ms=10_000,
            heartbeat_interval_ms=2_000,
            rebalance_timeout_ms=60_000,
            request_timeout_ms=70_000,  # joining may take as long as the rebalance timeout
            fetch_max_bytes=2 * 1024 * 1024,
            fetch_min_bytes=QUIET.min_bytes,
            fetch_max_wait_ms=QUIET.max_wait_ms,
            max_partition_fetch_bytes=256 * 1024,  # compressed; what is larger comes alone
            value_deserializer=self._skim,
        )

    async def start(self, *, seconds: float) -> None:
        """Connect and ask to join; the assignment follows while polling. Raises NotConfirmed."""
        try:
            connected = await stopping.within(seconds, self._consumer.start())
        except KafkaError as error:
            await stopping.stop_consumer(self._consumer, seconds=0.5)
            raise NotConfirmed(f"no reader: {type(error).__name__}") from error
        if not connected:
            await stopping.stop_consumer(self._consumer, seconds=0.5)
            raise NotConfirmed(f"no reader within {seconds:g} s")
        self._consumer.subscribe(self._topics, listener=_Listener(self))

    @property
    def lock(self) -> asyncio.Lock:
        """Held while a batch is applied."""
        return self._lock

    @property
    def assigned(self) -> frozenset[Partition]:
        """The partitions of this member."""
        return self._assigned

    @property
    def skim(self) -> bool:
        """Whether records are passed over."""
        return self._skim.on

    @skim.setter
    def skim(self, on: bool) -> None:
        self._skim.on = on

    def own(self, partitions: frozenset[Partition]) -> None:
        """The listener's side of an assignment; `poll` asks for the positions, where an error can be told."""
        self._assigned = partitions

    def forget(self) -> None:
        """The listener's side of a revocation."""
        self._assigned = frozenset()
        self._next.clear()
        self._doubt.clear()
        self._stopped.clear()

    async def poll(self, *, timeout: float = 0.5, max_records: int = 2000) -> dict[Partition, list[Stored]]:
        """Records in order for each placed partition; raises LogGap, and whatever the positions callback raises."""
        until = asyncio.get_running_loop().time() + timeout
        while True:
            accepted, more = await self._poll(max(0.0, until - asyncio.get_running_loop().time()), max_records)
            if accepted or not more or asyncio.get_running_loop().time() >= until:
                return accepted

    def owns(self, partition: Partition) -> bool:
        """Whether the partition is still this member's."""
        return partition in self._assigned

    def seek(self, partition: Partition, offset: int) -> None:
        """Read this offset next; of a partition that was taken away meanwhile nothing is read."""
        if partition not in self._assigned:
            return
        try:
            self._consumer.seek(TopicPartition(*partition), holder(offset))
        except IllegalStateError:  # revoked, the listener has not been told yet
            return
        self._next[partition] = offset
        if partition in self._stopped:
            self._stopped.discard(partition)
            self.resume(partition)

    def pause(self, partition: Partition) -> None:
        """Leave it out of `poll`; an assignment forgets this."""
        if partition in self._assigned:
            self._consumer.pause(TopicPartition(*partition))

    def resume(self, partition: Partition) -> None:
        """Undo `pause`."""
        if partition in self._assigned:
            self._consumer.resume(TopicPartition(*partition))

    async def commit(self, positions: Mapping[Partition, int]) -> None:
        """Told to the broker by a side task, at once and then once a second at most; not waited for, errors are logged only."""
        self._to_commit.update(positions)
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit())

    async def lag(self) -> int:
        """Records appended but not yet polled; the last known figure of the client when the log does not answer."""
        placed = dict(self._next)
        if not placed:
            return 0
        ends = asyncio.ensure_future(self._inspector.ends(list(placed)))
        await asyncio.wait([ends], timeout=LAG_SECONDS)
        if ends.done() and not ends.exception():
            known = ends.result()
            return sum(distance(offset, known[partition]) for partition, offset in placed.items())
        ends.cancel()
        lag = 0
        for partition, offset in placed.items():
            if partition in self._assigned and (highwater := self._consumer.highwater(TopicPartition(*partition))):
                lag += max(0, highwater - holder(offset))
        return lag

    async def close(self) -> None:
        """Leave the group; at once for the others when the broker answers."""
        if self._closed:
            return
        self._closed = True
        self.forget()
        for task in (self._committing, self._placing):
            if task is not None and not task.done():
                await stopping.cancelled(task)
        await stopping.stop_consumer(self._consumer, seconds=CLOSE_SECONDS)
        if self._polling is not None:
            await stopping.cancelled(self._polling)

    async def _poll(self, timeout: float, max_records: int) -> tuple[dict[Partition, list[Stored]], bool]:
        """Also whether the log gave something, although nothing that is wanted, like the first records of a pack."""
        if not await self._placed_within(timeout):
            return {}, False
        if self._polling is None:  # one that outlives a rebalance is taken up again: it is never cancelled
            self._polling = asyncio.create_task(self._fetch(timeout, max_records))
        await asyncio.wait([self._polling], timeout=timeout + 0.5)
        if not self._polling.done():
            return {}, False
        task, self._polling = self._polling, None
        try:
            fetched: dict[Any, list[Stored]] = task.result()
        except NoOffsetForPartitionError:  # asked for before it was placed
            return {}, False
        except OffsetOutOfRangeError as error:
            await self._check(error)
            return {}, False
        accepted: dict[Partition, list[Stored]] = {}
        gap: LogGap | None = None
        for where, records in fetched.items():
            partition = Partition(*where)
            try:
                batch = self._accept(partition, records)
            except LogGap as error:
                gap = error
                continue
            if batch:
                accepted[partition] = batch
        if gap is not None and not accepted:
            raise self._stop(gap)  # with other partitions' records at hand they go first: it is found again
        return accepted, bool(fetched)

    async def _placed_within(self, seconds: float) -> bool:
        """Whether every assigned partition has its position; what was begun goes on while the caller polls again."""
        if self._placing is None:
            if self._assigned <= self._next.keys():
                return True
            self._placing = asyncio.create_task(self._place())
        await asyncio.wait([self._placing], timeout=seconds)
        if not self._placing.done():
            return False
        task, self._placing = self._placing, None
        try:
            task.result()
        except NotConfirmed:  # the log cannot say where a partition begins: as if nothing had come
            return False
        return True

    async def _place(self) -> None:
        unplaced = [partition for partition in self._assigned if partition not in self._next]
        if not unplaced:
            return
        wanted = await self._positions(unplaced)
        for partition in unplaced:
            offset = wanted.get(partition)
            if offset is None:
                offset, _end = await self._inspector.bounds(partition)
            self.seek(partition, offset)

    async def _fetch(self, timeout: float, max_records: int) -> dict[Any, list[Stored]]:
        """What is there, at most `max_records` of each partition; the client's own limit is over all of them."""
        fetched: dict[Any, list[Stored]] = await self._consumer.getmany(
            timeout_ms=int(timeout * 1000), max_records=max_records
        )
        self._pace(self._busy if fetched else QUIET)
        if not fetched:
            return fetched
        for partition in self._assigned:
            where = TopicPartition(*partition)
            if where not in fetched:
                await asyncio.sleep(0)  # decoding is work: let others run between two partitions
                try:
                    fetched.update(await self._consumer.getmany(where, timeout_ms=0, max_records=max_records))
                except (NoOffsetForPartitionError, OffsetOutOfRangeError):
                    break  # found again by the next poll, which has nothing else to give
        return fetched

    def _pace(self, pace: Pace) -> None:
        """Takes effect from the next question on."""
        fetcher = self._consumer._fetcher
        fetcher._fetch_min_bytes, fetcher._fetch_max_wait_ms = pace

    def _accept(self, partition: Partition, records: list[Stored]) -> list[Stored]:
        """The records that continue the position; raises LogGap at the second sight of a gap at the same place."""
        expected = self._next.get(partition)
        if expected is None or partition not in self._assigned:
            return []
        if records[0].offset < expected:  # fetched before the position was set, or the position is within a pack
            if records[-1].offset < expected < records[-1].next and records[-1].headers is not SKIMMED:
                self.seek(partition, expected)
                raise LogGap(partition, expected, records[-1].next)  # the pack never had so many
            records = [
                _from(record, expected) for record in records
                if record.offset >= expected or (record.headers is SKIMMED and record.next > expected)
            ]
        if not records:
            return []
        if partition.topic in self._compacted:
            self._next[partition] = records[-1].next
            return records
        if not unbroken(expected, records):
            offset, keep = expected, 0
            for record in records:
                if record.offset != offset:
                    break
                keep, offset = keep + 1, record.next
            records, missing = records[:keep], records[keep]
            if not records and self._doubt.get(partition) == expected:
                self.seek(partition, expected)
                raise LogGap(partition, expected, missing.offset)
            self._doubt[partition] = offset  # look again from here: a seek may have crossed the fetch
            self.seek(partition, offset)
            if not records:
                return []
        self._next[partition] = records[-1].next
        return records

    async def _check(self, error: OffsetOutOfRangeError) -> None:
        for where, offset in error.args[0].items():
            partition = Partition(*where)
            position = self._next.get(partition)
            if position is not None and holder(position) == offset and partition not in self._stopped:
                first, end = await self._inspector.bounds(partition)
                if not first <= position <= end:
                    raise self._stop(LogGap(partition, position, first if position < first else end))

    def _stop(self, gap: LogGap) -> LogGap:
        """Told once; the others go on."""
        self.pause(gap.partition)
        self._stopped.add(gap.partition)
        return gap

    async def _commit(self) -> None:
        while self._to_commit:
            positions, self._to_commit = self._to_commit, {}
            owned = {TopicPartition(*p): holder(offset) for p, offset in positions.items() if p in self._assigned}
            try:
                if owned:
                    await self._consumer.commit(owned)
            except (KafkaError, IllegalStateError) as error:
                log.info("positions were not told to the log: %s", type(error).__name__)
            await asyncio.sleep(COMMIT_SECONDS)  # figures only: after every batch they would be half of all that is asked of the broker


def _from(record: Stored, offset: int) -> Stored:
    """What of a record lies at the offset or behind it: all, but of many that were passed over."""
    return record if record.offset >= offset else record._replace(offset=offset, step=record.next - offset)

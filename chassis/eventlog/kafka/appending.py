"""Group commit over one idempotent producer: requests that wait together share a batch for each partition, in packed topics a record."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Container, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError, UnknownTopicOrPartitionError

from chassis.eventlog import NotConfirmed, Partition, Record
from chassis.eventlog.kafka import stopping
from chassis.eventlog.kafka.access import OPEN, Access
from chassis.eventlog.kafka.batches import BATCH_BYTES, COMPRESSED_FROM, RECORD_BYTES, Batch, PackedBatch, size_of

log = logging.getLogger(__name__)

WAITING_BYTES = 32 * 1024 * 1024  # of records not yet handed over; beyond it appends are refused at once
REQUEST_SECONDS = 10.0
SEQUENCE_LIMIT = 2**30  # the client wraps sequence numbers wrongly at 2^31
#: What is waiting is measured without headers in packed topics; they are about this long.
HEADERS_BYTES = 256


class Lane:
    """The batches of one partition: at most one is on its way, the last one still takes records."""

    def __init__(self, partition: Partition, *, packed: bool) -> None:
        self.partition = partition
        self.packed = packed
        self.queue: deque[Batch] = deque()
        self.open: Batch | None = None
        self.task: asyncio.Task[None] | None = None
        self.last_count = 0
        self.sent = 0

    def begin(self) -> Batch:
        """An empty batch at the end."""
        self.open = PackedBatch() if self.packed else Batch(compressed=self.last_count >= COMPRESSED_FROM)
        self.queue.append(self.open)
        return self.open


class Appender:
    """Appends in order per partition, bounded in time and memory whatever the broker does.

    While one batch of a partition is on its way, the next one fills; so the batches grow with the load and an idle log
    answers at once. Nothing handed to the producer is ever cancelled: a caller whose deadline passes leaves, the batch
    goes on. After an error that the producer does not repeat by itself its sequence numbers have a gap: it is
    discarded and a new one takes over.
    """

    def __init__(self, bootstrap: str, *, packed: Container[str], access: Access = OPEN) -> None:
        self._bootstrap = bootstrap
        self._access = access
        self._packed = packed
        self._lanes: dict[Partition, Lane] = {}
        self._producer: Any = None
        self._ready = asyncio.Event()
        self._renewal: asyncio.Task[None] | None = None
        self._waiting = 0
        self._closed = False

    async def start(self) -> None:
        """Make the first producer; raises KafkaError when the broker is away. To be bounded by the caller."""
        self._producer = await self._make()
        self._ready.set()

    async def append(self, records: Mapping[Partition, Sequence[Record]], *, deadline: float) -> None:
        """Return when all are confirmed; raises NotConfirmed after `deadline` seconds, ValueError for a record too large."""
        sizes = {partition: self._sizes(partition, listed) for partition, listed in records.items()}
        for partition, listed in sizes.items():
            if max(listed) > RECORD_BYTES:
                raise ValueError(f"a record for {partition.topic} is larger than {RECORD_BYTES} bytes")
        if self._closed or self._waiting > WAITING_BYTES:
            raise NotConfirmed("the log is closed" if self._closed else "too much is waiting for the log")
        batches: list[Batch] = []  # no await before the last record is placed
        for partition, listed in sizes.items():
            batches += self._place(partition, records[partition], listed)
        for batch in batches:
            batch.callers += 1
        try:
            done, pending = await asyncio.wait([batch.done for batch in batches], timeout=deadline)
        finally:
            for batch in batches:
                batch.callers -= 1
        failures = [error for future in done if (error := future.exception())]
        if failures:
            raise NotConfirmed(str(failures[0]))
        if pending:
            raise NotConfirmed(f"no answer from the log within {deadline:g} s")

    async def close(self, *, seconds: float = 2.0) -> None:
        """Let what is on its way arrive, at most `seconds`; then fail it and stop."""
        self._closed = True
        if self._renewal is not None:
            await stopping.cancelled(self._renewal)
        if self._producer is not None:
            tasks = [lane.task for lane in self._lanes.values() if lane.task is not None]
            if tasks:
                await asyncio.wait(tasks, timeout=seconds)
            await stopping.stop_producer(self._producer, seconds=0.5)
        for lane in self._lanes.values():
            if lane.task is not None:
                await stopping.cancelled(lane.task)
            for batch in lane.queue:
                batch.fail("the log was closed")

    def _sizes(self, partition: Partition, records: Sequence[Record]) -> list[int]:
        """What each record weighs; exactly where it could be too large."""
        if partition.topic not in self._packed:
            return [size_of(record) for record in records]
        return [
            size if size < RECORD_BYTES // 2 else size_of(record)
            for record in records
            if (size := len(record.key) + len(record.value or b"") + HEADERS_BYTES)
        ]

    def _place(self, partition: Partition, records: Sequence[Record], sizes: Sequence[int]) -> list[Batch]:
        lane = self._lanes.get(partition)
        if lane is None:
            lane = self._lanes[partition] = Lane(partition, packed=partition.topic in self._packed)
        used = []
        begin = 0
        while begin < len(records):
            end = lane.open.take(records, sizes, begin) if lane.open is not None else begin
            if end == begin:
                end = lane.begin().take(records, sizes, begin)
                if lane.task is None:
                    lane.task = asyncio.create_task(self._drain(lane))
            assert lane.open is not None
            used.append(lane.open)
            self._waiting += sum(sizes[begin:end])
            begin = end
        return used

    async def _drain(self, lane: Lane) -> None:
        """Deliver the lane's batches one after another; ends when none is left."""
        try:
            while lane.queue:
                batch = lane.queue[0]
                while not self._ready.is_set():
                    await self._ready.wait()
                if lane.open is batch:
                    lane.open = None
                self._waiting -= batch.size
                if batch.callers:  # else everybody gave up while it waited: not stored is what they were told
                    await self._deliver(lane, batch)
                else:
                    batch.fail("given up before it was sent")
                lane.queue.popleft()
        finally:
            lane.task = None

    async def _deliver(self, lane: Lane, batch: Batch) -> None:
        producer = self._producer
        lane.last_count = batch.count
        try:
            built = batch.close()
        except (TypeError, ValueError) as error:
            batch.fail(str(error))
            return
        try:
            for one in built:
                sent = await producer.send_batch(one, lane.partition.topic, partition=lane.partition.number)
                await sent
        except (KafkaTimeoutError, UnknownTopicOrPartitionError, AssertionError) as error:
            batch.fail(type(error).__name__)  # no room, no such topic or partition: it got no sequence number yet
        except Exception as error:  # whatever it is, this producer's sequence may have a gap from here on
            batch.fail(type(error).__name__)
            self._replace(producer, why=type(error).__name__)
        else:
            if not batch.done.done():
                batch.done.set_result(None)
        lane.sent += lane.last_count
        if lane.sent > SEQUENCE_LIMIT:
            self._replace(producer, why="sequence numbers used up")

    def _replace(self, bad: Any, *, why: str) -> None:
        if bad is not self._producer or self._closed:
            return
        log.warning("log producer replaced: %s", why)
        self._ready.clear()
        self._producer = None
        for lane in self._lanes.values():
            lane.sent = 0
        self._renewal = asyncio.create_task(self._renew(bad))

    async def _renew(self, bad: Any) -> None:
        await stopping.stop_producer(bad, seconds=0.5)
        pause = 0.1
        while True:
            try:
                self._producer = await self._make()
            except KafkaError:
                await asyncio.sleep(pause)
                pause = min(2 * pause, 2.0)
            else:
                self._ready.set()
                return

    async def _make(self) -> Any:
        producer: Any = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            **self._access.options(),
            acks="all",
            enable_idempotence=True,
            max_batch_size=BATCH_BYTES,
            linger_ms=0,  # own batches are handed over when they are due
            request_timeout_ms=int(REQUEST_SECONDS * 1000),
            max_request_size=2 * RECORD_BYTES,
        )
        try:
            await producer.start()
        except BaseException:
            await stopping.stop_producer(producer, seconds=0.5)
            raise
        return producer

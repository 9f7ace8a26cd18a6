"""Group commit over one idempotent producer: requests that wait together share a batch for each partition."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError, UnknownTopicOrPartitionError
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.default_records import DefaultRecordBatch

from chassis.eventlog import NotConfirmed, Partition, Record
from chassis.eventlog.kafka import stopping

log = logging.getLogger(__name__)

BATCH_BYTES = 128 * 1024
RECORD_BYTES = 1024 * 1024  # the broker takes 64 KiB more: headers of the record and of the batch
WAITING_BYTES = 32 * 1024 * 1024  # of records not yet handed over; beyond it appends are refused at once
REQUEST_SECONDS = 10.0
SEQUENCE_LIMIT = 2**30  # the client wraps sequence numbers wrongly at 2^31
#: zstd pays from a few records a batch on (a tenth more client time, a sixth of the bytes), not below.
COMPRESSED_FROM = 8


class Batch:
    """Records of one partition that are confirmed or lost together."""

    def __init__(self, *, compressed: bool) -> None:
        codec = DefaultRecordBatch.CODEC_ZSTD if compressed else 0
        self.builder: Any = BatchBuilder(BATCH_BYTES, codec)
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.callers = 0
        self.size = 0

    def put(self, record: Record) -> bool:
        """False when the batch is full or already handed over."""
        builder, number = self.builder, self.builder._relative_offset
        if builder._closed:
            return False
        # Straight to the compiled builder: the layer between makes nothing that is wanted here.
        if builder._builder.append(number, None, record.key, record.value, list(record.headers)) is None:
            builder.close()
            return False
        builder._relative_offset = number + 1
        return True

    def fail(self, reason: str) -> None:
        """Tell every caller that the outcome is unknown."""
        if not self.done.done():
            self.done.set_exception(NotConfirmed(reason))
            self.done.exception()  # callers that gave up never look


class Lane:
    """The batches of one partition: at most one is on its way, the last one still takes records."""

    def __init__(self, partition: Partition) -> None:
        self.partition = partition
        self.queue: deque[Batch] = deque()
        self.open: Batch | None = None
        self.task: asyncio.Task[None] | None = None
        self.last_count = 0
        self.sent = 0


class Appender:
    """Appends in order per partition, bounded in time and memory whatever the broker does.

    While one batch of a partition is on its way, the next one fills; so the batches grow with the load and an idle log
    answers at once. Nothing handed to the producer is ever cancelled: a caller whose deadline passes leaves, the batch
    goes on. After an error that the producer does not repeat by itself its sequence numbers have a gap: it is
    discarded and a new one takes over.
    """

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
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

    async def append(self, records: Sequence[tuple[Partition, Record]], *, deadline: float) -> None:
        """Return when all are confirmed; raises NotConfirmed after `deadline` seconds, ValueError for a record too large."""
        sizes = [_size(record) for _, record in records]
        if max(sizes, default=0) > RECORD_BYTES:
            partition, _ = records[sizes.index(max(sizes))]
            raise ValueError(f"a record for {partition.topic} is larger than {RECORD_BYTES} bytes")
        if self._closed or self._waiting > WAITING_BYTES:
            raise NotConfirmed("the log is closed" if self._closed else "too much is waiting for the log")
        batches: dict[Batch, None] = {}  # a set in order; no await before the last record is placed
        for (partition, record), size in zip(records, sizes, strict=True):
            batches.setdefault(self._place(partition, record, size))
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

    def _place(self, partition: Partition, record: Record, size: int) -> Batch:
        lane = self._lanes.get(partition)
        if lane is None:
            lane = self._lanes[partition] = Lane(partition)
        batch = lane.open
        if batch is None or not batch.put(record):
            batch = lane.open = Batch(compressed=lane.last_count >= COMPRESSED_FROM)
            batch.put(record)  # an empty batch takes any record
            lane.queue.append(batch)
            if lane.task is None:
                lane.task = asyncio.create_task(self._drain(lane))
        batch.size += size
        self._waiting += size
        return batch

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
        batch.builder.close()  # a closed batch does not linger
        lane.last_count = batch.builder.record_count()
        try:
            sent = await producer.send_batch(batch.builder, lane.partition.topic, partition=lane.partition.number)
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


def _size(record: Record) -> int:
    return len(record.key) + len(record.value or b"") + sum([len(name) + len(value) for name, value in record.headers])

"""The one appender of a process: gathers the requests that wait and commits once for all of them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import asyncpg

from chassis.eventlog import NotConfirmed, Partition, Record, partition_of
from chassis.eventlog.postgres import codec

COMMIT_BYTES = 4 << 20  # about as much as one transaction takes
QUEUE_BYTES = 64 << 20  # what may wait; more is refused at once
STATEMENT_SECONDS = 5.0
RETRY_SECONDS = 0.1

LOST = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, TimeoutError)
APPEND = "SELECT base, appended_at FROM log_append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"  # generic only in its stubs
logger = logging.getLogger(__name__)


class KnownTopic(NamedTuple):
    """What the appender needs to know of a topic."""

    id: int
    name: str
    partitions: int
    compacted: bool


class Request:
    """Records of one caller, by partition, and whether they are confirmed."""

    __slots__ = ("confirmed", "groups", "size")

    def __init__(self, confirmed: asyncio.Future[None]) -> None:
        self.confirmed = confirmed
        self.groups: dict[tuple[int, int], codec.Batch] = {}
        self.size = 0


class Written(NamedTuple):
    """A batch on its way into the table."""

    topic: KnownTopic
    partition: int
    batch: codec.Batch


class Appender:
    """Appends in the order of the calls. One per process, because its order is what the memory tail relies on."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[Connection]],
        stored: Callable[[Partition, int, float, codec.Batch], None],
        committed: Callable[[Sequence[Partition]], None],
    ) -> None:
        """`stored` is told each batch that is durable, `committed` then once which partitions have something new."""
        self._connect = connect
        self._stored = stored
        self._committed = committed
        self._connection: Connection | None = None
        self._waiting: deque[Request] = deque()
        self._waiting_bytes = 0
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._topics: Mapping[int, KnownTopic] = {}
        self._task: asyncio.Task[None] | None = None
        self.pid = -1

    def start(self, topics: Mapping[int, KnownTopic]) -> None:
        """Begin to work. `topics` may grow later."""
        self._topics = topics
        self._task = asyncio.create_task(self._run(), name="eventlog-appender")

    async def close(self) -> None:
        """Finish what waits, at most 2 s; the rest is not confirmed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                await self._idle.wait()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._fail(list(self._waiting), "the log is closed")
        self._waiting.clear()
        self._disconnect()

    async def append(self, records: Sequence[Record], topics: Mapping[str, KnownTopic]) -> None:
        """Return when all records are durable; the caller bounds the time by cancelling."""
        request = self._request(records, topics)
        if self._waiting_bytes + request.size > QUEUE_BYTES:
            raise NotConfirmed("too much is waiting for the log")
        self._waiting.append(request)
        self._waiting_bytes += request.size
        self._idle.clear()
        self._wake.set()
        await request.confirmed

    @staticmethod
    def _request(records: Sequence[Record], topics: Mapping[str, KnownTopic]) -> Request:
        request = Request(asyncio.get_running_loop().create_future())
        groups: dict[tuple[int, int], tuple[list[bytes], list[Record]]] = {}
        encode = codec.encode
        for record in records:
            name, key, value, headers, number = record
            if type(key) is not bytes or (value is not None and type(value) is not bytes):
                raise ValueError("key and value of a record are bytes")
            topic = topics[name]
            if number is None:
                number = partition_of(key, topic.partitions)
            elif not 0 <= number < topic.partitions:
                raise ValueError(f"{name} has {topic.partitions} partitions, not {number + 1}")
            part = encode((key, headers, value))
            if len(part) > codec.MAX_RECORD_BYTES:
                raise ValueError(f"a record of {len(part)} bytes is too large, the limit is {codec.MAX_RECORD_BYTES}")
            place = (topic.id, number)
            if place in groups:
                parts, kept = groups[place]
                parts.append(part)
                kept.append(record)
            else:
                groups[place] = ([part], [record])
        for place, (parts, kept) in groups.items():
            size = sum(map(len, parts))
            request.groups[place] = codec.Batch(parts, kept, size)
            request.size += size
        return request

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while work := self._take():
                try:
                    await self._commit(work)
                except LOST as error:
                    self._fail(work, type(error).__name__)
                    self._disconnect()
                    await asyncio.sleep(RETRY_SECONDS)
                except asyncio.CancelledError:
                    self._fail(work, "the log is closed")
                    raise
                except Exception:
                    logger.exception("appending to the log failed")
                    self._fail(work, "the log failed")
                    self._disconnect()
            self._idle.set()

    def _take(self) -> list[Request]:
        work: list[Request] = []
        size = 0
        while self._waiting and size < COMMIT_BYTES:
            request = self._waiting.popleft()
            self._waiting_bytes -= request.size
            if not request.confirmed.done():  # its caller has given up before anything was sent
                work.append(request)
                size += request.size
        return work

    async def _commit(self, work: list[Request]) -> None:
        groups: dict[tuple[int, int], list[codec.Batch]] = {}
        for request in work:
            for place, batch in request.groups.items():
                groups.setdefault(place, []).append(batch)
        written = [
            Written(self._topics[place[0]], place[1], batch)
            for place in sorted(groups)  # everybody locks partitions in the same order
            for batch in codec.batches(groups[place])
        ]
        arguments = _arguments(written)
        async with asyncio.timeout(STATEMENT_SECONDS):
            if self._connection is None or self._connection.is_closed():
                self._connection = await self._connect()
                self.pid = self._connection.get_server_pid()
            try:
                rows = await self._connection.fetch(APPEND, *arguments)
            except asyncpg.CheckViolationError:  # the first record of a day that nobody has prepared
                await self._connection.execute("SELECT log_days()")
                rows = await self._connection.fetch(APPEND, *arguments)
        changed: dict[Partition, None] = {}
        for (topic, number, batch), (base, appended_at) in zip(written, rows, strict=True):
            partition = Partition(topic.name, number)
            self._stored(partition, base, appended_at, batch)
            changed[partition] = None
        for request in work:
            if not request.confirmed.done():
                request.confirmed.set_result(None)
        self._committed(list(changed))

    def _fail(self, work: Sequence[Request], reason: str) -> None:
        for request in work:
            if not request.confirmed.done():
                request.confirmed.set_exception(NotConfirmed(reason))

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


def _arguments(written: Sequence[Written]) -> tuple[object, ...]:
    s_batch: list[int] = []
    s_at: list[int] = []
    s_key: list[bytes] = []
    s_tombstone: list[bool] = []
    s_blob: list[bytes] = []
    for place, (topic, _, batch) in enumerate(written, 1):
        if topic.compacted:
            s_batch += [place] * len(batch.parts)
            s_at += range(len(batch.parts))
            s_key += [record.key for record in batch.records]
            s_tombstone += [record.value is None for record in batch.records]
            s_blob += [codec.pack((part,)) for part in batch.parts]
    return (
        [topic.id for topic, _, _ in written],
        [number for _, number, _ in written],
        [len(batch.parts) for _, _, batch in written],
        [None if topic.compacted else codec.pack(batch.parts) for topic, _, batch in written],
        " ".join(dict.fromkeys(f"{topic.id}/{number}" for topic, number, _ in written)),
        s_batch,
        s_at,
        s_key,
        s_tombstone,
        s_blob,
    )

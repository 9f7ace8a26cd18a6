"""The event log on PostgreSQL: one row per batch of records, one appender per process, readers that share partitions."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from importlib import resources

import asyncpg

from chassis.eventlog import NotConfirmed, Partition, Positions, Record, Stored, Topic
from chassis.eventlog.postgres import codec
from chassis.eventlog.postgres.appending import LOST, Appender, Connection, KnownTopic
from chassis.eventlog.postgres.membership import Membership
from chassis.eventlog.postgres.reading import READ_BYTES, Found, PostgresReader, Wanted, found
from chassis.eventlog.postgres.tail import Tail

__all__ = ["PostgresEventLog", "UnsafeDatabase", "migrate"]

START_SECONDS = 10.0
CALL_SECONDS = 5.0
RETENTION_SECONDS = 600.0
TOMBSTONE_DAYS = 7
SAFE = {"fsync": ("on",), "full_page_writes": ("on",), "synchronous_commit": ("on", "remote_apply")}

TOPICS = "SELECT id, name, partitions, keep FROM topic"
READ = "SELECT entry, base, n, appended_at, blob FROM log_read($1, $2, $3, $4, $5)"
ENDS = """
    SELECT t.name, c.partition, c.next FROM counter c JOIN topic t ON t.id = c.topic
    JOIN unnest($1::text[], $2::smallint[]) AS w (name, partition) ON w.name = t.name AND w.partition = c.partition
"""
FIRSTS = """
    SELECT w.name, w.partition, CASE WHEN t.keep = 0 THEN 0 ELSE coalesce(
        (SELECT b.base FROM batch b WHERE b.keep = t.keep AND b.topic = t.id AND b.partition = c.partition
         ORDER BY b.base LIMIT 1), c.next) END AS first
    FROM unnest($1::text[], $2::smallint[]) AS w (name, partition)
    JOIN topic t ON t.name = w.name JOIN counter c ON c.topic = t.id AND c.partition = w.partition
"""

CREATE_TOPICS = """
    WITH made AS (
        INSERT INTO topic (name, partitions, keep) SELECT name, $3, keep
        FROM unnest($1::text[], $2::smallint[]) AS wanted (name, keep) ON CONFLICT (name) DO NOTHING
        RETURNING id, partitions, keep
    )
    INSERT INTO counter (topic, partition, keep) SELECT id, p, keep FROM made, generate_series(0, partitions - 1) AS p
"""
PROBE = "INSERT INTO probe VALUES (true, clock_timestamp()) ON CONFLICT (one) DO UPDATE SET at = excluded.at"

logger = logging.getLogger(__name__)


class UnsafeDatabase(Exception):
    """The database may lose what it has confirmed, so it cannot carry the log."""


async def migrate(owner_url: str) -> None:
    """Create or complete the schema, as the owner of the database. May be run at every start, also by several at once."""
    schema = resources.files(__package__).joinpath("schema.sql").read_text()
    connection = await asyncpg.connect(owner_url, timeout=START_SECONDS)
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(-1, 0)")
            await connection.execute(schema)
    finally:
        await connection.close()


async def _keep_session(_connection: object) -> None:
    """Nothing here changes a session, so none is reset: that would be a round trip for each use."""


class PostgresEventLog:
    """See `chassis.eventlog.EventLog` for the promise."""

    def __init__(self, url: str, *, partitions: int = 4) -> None:
        """`url` is `postgresql://…` of the role that may not change tables; `partitions` is for topics made here."""
        self._url = url
        self._partitions = partitions
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._topics: dict[str, KnownTopic] = {}
        self._topics_by_id: dict[int, KnownTopic] = {}
        self._readers: list[PostgresReader] = []
        self._read_here: set[str] = set()  # topics: only their tails are kept
        self._tasks: list[asyncio.Task[None]] = []
        self._abandoned: set[asyncio.Future[list[asyncpg.Record]]] = set()
        self._appender = Appender(self._connect, self._stored, self._committed)
        self.tails: dict[Partition, Tail] = {}

    async def start(self) -> None:
        """Connect. Raises NotConfirmed after 10 s without the database, UnsafeDatabase for one that may lose records."""
        try:
            async with asyncio.timeout(START_SECONDS):
                self._pool = await asyncpg.create_pool(
                    self._url, min_size=1, max_size=8, command_timeout=CALL_SECONDS, reset=_keep_session
                )
                await self._assert_safe()
                await self._load_topics()
                await self.rows("SELECT log_days()")
        except LOST as error:
            if self._pool is not None:
                self._pool.terminate()
            raise NotConfirmed(f"the log cannot be reached: {type(error).__name__}") from error
        self._appender.start(self._topics_by_id)
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._keep_retention())]

    async def create_topics(self, topics: Sequence[Topic]) -> None:
        """Create what is missing; existing topics keep their partitions and retention."""
        names = [topic.name for topic in topics]
        kept = [0 if topic.compacted else max(1, topic.retention_days) for topic in topics]
        await self._confirmed(CREATE_TOPICS, names, kept, self._partitions)
        await self._confirmed("SELECT log_days()")
        await self._load_topics()

    async def partitions(self, topic: str) -> int:
        """How many partitions the topic has. Raises LookupError for a topic that was not created."""
        return (await self.known(topic)).partitions

    async def append(self, records: Sequence[Record], *, deadline: float = 5.0) -> None:
        """See the promise. All records of one call are in one transaction: all are stored or none."""
        if not records:
            return
        try:
            async with asyncio.timeout(deadline):
                for name in {record.topic for record in records}:
                    if name not in self._topics:
                        await self.known(name)
                await self._appender.append(records, self._topics)
        except LOST as error:
            raise NotConfirmed(f"not confirmed within {deadline} s: {type(error).__name__}") from error

    async def reader(self, *, group: str, topics: Sequence[str], positions: Positions, gather: float = 0.0) -> PostgresReader:
        """Join a reader group. `gather` saves nothing here, so nothing is kept back."""
        membership = Membership(self, group, topics, lambda: reader.lock)
        reader = PostgresReader(self, membership, positions, self._forget_reader)
        self._readers.append(reader)
        self._read_here.update(topics)
        await reader.start()
        return reader

    async def read(self, partition: Partition, offset: int, *, max_records: int = 2000) -> list[Stored]:
        """Records from `offset` on. Raises NotConfirmed when the log is away."""
        try:
            want = Wanted(await self.known(partition.topic), partition, offset)
            return (await self.find([want], max_records))[0].records[:max_records]
        except LOST as error:
            raise NotConfirmed(f"the log cannot be read: {type(error).__name__}") from error

    async def bounds(self, partition: Partition) -> tuple[int, int]:
        """The first offset still kept and the offset the next record will get."""
        first = await self.first([partition])  # asked first, so that it is never above the end
        return first[partition], (await self.ends([partition]))[partition]

    async def behind(self, positions: Mapping[Partition, int | None]) -> int:
        """Records behind these positions. Raises NotConfirmed."""
        firsts = await self.first([partition for partition, position in positions.items() if position is None])
        ends = await self.ends(list(positions))
        return sum(max(0, ends[each] - (firsts[each] if position is None else position)) for each, position in positions.items())

    async def healthy(self) -> bool:
        """Whether an append would probably be confirmed now: commits one small row."""
        try:
            await self.rows(PROBE, seconds=2)
        except LOST:
            return False
        return True

    async def retention(self) -> int:
        """Drop the days and tombstones that are older than kept; returns how many tables. Runs by itself, too."""
        rows = await self._confirmed("SELECT log_retention($1) AS dropped", TOMBSTONE_DAYS)
        await self._confirmed("SELECT log_days()")
        return int(rows[0]["dropped"])

    async def close(self) -> None:
        """Stop appending and disconnect within 5 s; readers that are still open leave their groups."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(4):
                await asyncio.gather(self._appender.close(), *(reader.close() for reader in list(self._readers)))
        if self._pool is not None:
            try:
                async with asyncio.timeout(0.5):
                    await self._pool.close()
            except TimeoutError:
                self._pool.terminate()

    # -- what appender, readers and memberships use ------------------------------------------------------------------

    async def rows(self, query: str, *arguments: object, seconds: float = CALL_SECONDS) -> list[asyncpg.Record]:
        """One statement on some connection. Raises TimeoutError in time also when the server is frozen."""
        if self._pool is None:
            raise NotConfirmed("the log is not started")
        call = asyncio.ensure_future(self._pool.fetch(query, *arguments))
        try:
            done, _ = await asyncio.wait({call}, timeout=seconds)
        finally:
            if not call.done():  # the driver waits for the server when it is cancelled, so nobody waits for the driver
                call.cancel()
                self._abandoned.add(call)
                call.add_done_callback(self._abandoned.discard)
        if not done:
            raise TimeoutError
        return call.result()

    async def known(self, topic: str) -> KnownTopic:
        """A topic, also one that another process created meanwhile. Raises LookupError."""
        if topic not in self._topics:
            await self._load_topics()
        if topic not in self._topics:
            raise LookupError(f"no topic {topic}")
        return self._topics[topic]

    async def find(self, wanted: Sequence[Wanted], max_records: int) -> list[Found]:
        """What the table has for each of them."""
        rows = await self.rows(
            READ,
            [want.topic.id for want in wanted],
            [want.partition.number for want in wanted],
            [want.position for want in wanted],
            max_records,
            READ_BYTES,
        )
        each: list[list[tuple[int, int, float, bytes | None]]] = [[] for _ in wanted]
        for entry, base, n, appended_at, blob in rows:
            each[entry - 1].append((base, n, appended_at, blob))
        return [found(want, batches, max_records) for want, batches in zip(wanted, each, strict=True)]

    async def first(self, partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        """The first offset still kept of each."""
        return await self._by_partition(FIRSTS, partitions)

    async def ends(self, partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        """The next offset of each."""
        return await self._by_partition(ENDS, partitions)

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _by_partition(self, query: str, partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        if not partitions:
            return {}
        names, numbers = [one.topic for one in partitions], [one.number for one in partitions]
        return {Partition(name, number): at for name, number, at in await self._confirmed(query, names, numbers)}

    async def _confirmed(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        try:
            return await self.rows(query, *arguments)
        except LOST as error:
            raise NotConfirmed(f"the log did not answer: {type(error).__name__}") from error

    async def _connect(self) -> Connection:
        settings = {"statement_timeout": f"{CALL_SECONDS:.0f}s", "application_name": "eventlog"}
        return await asyncpg.connect(self._url, timeout=CALL_SECONDS, server_settings=settings)

    async def _assert_safe(self) -> None:
        rows = await self.rows("SELECT name, setting FROM pg_settings WHERE name = ANY ($1)", list(SAFE))
        wrong = [f"{name} = {value}" for name, value in rows if value not in SAFE[name]]
        if wrong:
            raise UnsafeDatabase(f"the log would lose confirmed records with {', '.join(wrong)}")

    async def _load_topics(self) -> None:
        for topic, name, partitions, keep in await self.rows(TOPICS):
            self._topics[name] = self._topics_by_id[topic] = KnownTopic(topic, name, partitions, keep == 0)

    def _stored(self, partition: Partition, base: int, appended_at: float, batch: codec.Batch) -> None:
        if partition.topic in self._read_here:
            self.tails.setdefault(partition, Tail(partition)).add(base, appended_at, batch.records, batch.size)

    def _committed(self, partitions: Sequence[Partition]) -> None:
        for reader in self._readers:
            reader.appended(partitions, here=True)

    def _forget_reader(self, reader: PostgresReader) -> None:
        if reader in self._readers:
            self._readers.remove(reader)

    def _notified(self, _connection: object, pid: int, _channel: str, payload: object) -> None:
        if pid == self._appender.pid:
            return  # its readers know already
        partitions = []
        for place in str(payload).split():
            topic, number = place.split("/")
            if known := self._topics_by_id.get(int(topic)):
                partitions.append(Partition(known.name, int(number)))
        for reader in self._readers:
            reader.appended(partitions, here=False)

    async def _listen(self) -> None:
        while True:
            try:
                connection = await self._connect()
                try:
                    ended = asyncio.Event()
                    connection.add_termination_listener(lambda _connection, ended=ended: ended.set())
                    await connection.add_listener("eventlog", self._notified)
                    for reader in self._readers:
                        reader.look_again()
                    await ended.wait()
                finally:
                    connection.terminate()
            except LOST as error:  # polling goes on without it
                logger.warning("no notifications from the log: %s", type(error).__name__)
            await asyncio.sleep(0.5)

    async def _keep_retention(self) -> None:
        while True:
            try:
                await self.retention()
            except NotConfirmed as error:
                logger.warning("retention of the log waits: %s", error)
            await asyncio.sleep(RETENTION_SECONDS)

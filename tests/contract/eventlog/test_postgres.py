"""What only the log on PostgreSQL promises: retention by days, its rights, its safety, a frozen server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import asyncpg
import psutil
import pytest
import pytest_asyncio

from chassis.eventlog import LogGap, NotConfirmed, Partition, Record, Stored, Topic, partition_of
from chassis.eventlog.postgres import PostgresEventLog, UnsafeDatabase, migrate
from launcher.embedded_postgres import PrivateCluster
from tests.contract.eventlog.reading import PositionTable, numbered, read_all, take_count
from tests.support.cluster import fresh_database, running_cluster

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def cluster() -> Iterator[PrivateCluster]:
    with running_cluster(in_memory=True) as cluster:
        yield cluster


@pytest_asyncio.fixture
async def database(cluster: PrivateCluster) -> AsyncIterator[str]:
    async with fresh_database(cluster, "log") as name:
        await migrate(cluster.url(name, role="owner"))
        yield name


@pytest_asyncio.fixture
async def log(cluster: PrivateCluster, database: str) -> AsyncIterator[PostgresEventLog]:
    log = PostgresEventLog(cluster.url(database))
    await log.start()
    await log.create_topics([Topic("t"), Topic("short", retention_days=1), Topic("s", compacted=True)])
    yield log
    await log.close()


@pytest_asyncio.fixture
async def owner(cluster: PrivateCluster, database: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    connection = await asyncpg.connect(cluster.url(database, role="owner"))
    yield connection
    await connection.close()


async def days(owner: asyncpg.Connection[asyncpg.Record]) -> set[str]:
    rows = await owner.fetch("SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'batch'::regclass")
    return {row["name"] for row in rows}


async def test_retention_drops_whole_days(log: PostgresEventLog, owner: asyncpg.Connection[asyncpg.Record]) -> None:
    await log.append(numbered("t", range(10), partition=0))
    prepared = await days(owner)
    moved = """
        CREATE TABLE batch_7_20200102 PARTITION OF batch FOR VALUES FROM (7, '2020-01-02') TO (7, '2020-01-03');
        UPDATE batch SET day = '2020-01-02';
    """
    await owner.execute(moved)
    assert await log.bounds(Partition("t", 0)) == (0, 10)
    assert await log.retention() == 1
    assert await days(owner) == prepared
    assert await log.bounds(Partition("t", 0)) == (10, 10)
    late = await log.reader(group="late", topics=["t"], positions=PositionTable({Partition("t", 0): 4}))
    with pytest.raises(LogGap):
        await take_count(late, 1)
    new = await log.reader(group="new", topics=["t"], positions=PositionTable())
    await log.append(numbered("t", range(10, 12), partition=0))
    assert [record.offset for record in await take_count(new, 2)] == [10, 11]


async def test_each_retention_has_days_of_its_own(
    log: PostgresEventLog, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    assert {name.split("_")[1] for name in await days(owner)} == {"1", "7"}
    yesterday = "SELECT to_char((clock_timestamp() AT TIME ZONE 'UTC')::date - 2, 'YYYYMMDD')"
    name = f"batch_{{}}_{await owner.fetchval(yesterday)}"
    for keep in (1, 7):
        await owner.execute(
            f"DO $$ BEGIN EXECUTE format('CREATE TABLE {name.format(keep)} PARTITION OF batch FOR VALUES"
            f" FROM ({keep}, %L) TO ({keep}, %L)', current_date - 2, current_date - 1); END $$"
        )
    assert await log.retention() == 1
    assert name.format(7) in await days(owner)


async def test_an_unprepared_day_is_made_by_the_append(
    log: PostgresEventLog, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    for name in await days(owner):
        await owner.execute(f"DROP TABLE {name}")
    await log.append(numbered("t", range(3)))
    assert len(await read_all(log, "t")) == 3


async def test_tombstones_go_after_their_time(log: PostgresEventLog, owner: asyncpg.Connection[asyncpg.Record]) -> None:
    await log.append([Record("s", b"a", b"1"), Record("s", b"a", None), Record("s", b"b", b"1")])
    await log.retention()
    assert {record.key for record in await read_all(log, "s")} == {b"a", b"b"}
    await owner.execute("UPDATE state SET appended_at = appended_at - interval '8 days'")
    await log.retention()
    assert [record.key for record in await read_all(log, "s")] == [b"b"]
    number = partition_of(b"a", 4)
    reader = await log.reader(group="g", topics=["s"], positions=PositionTable())
    await take_count(reader, 1)
    await reader.poll(timeout=0.1)
    assert await reader.lag() == 0, f"partition {number} has offsets that nobody can read"


async def test_the_role_of_the_log_changes_no_table(log: PostgresEventLog, cluster: PrivateCluster, database: str) -> None:
    connection = await asyncpg.connect(cluster.url(database))
    try:
        for statement in ("DROP TABLE batch", "TRUNCATE state", "CREATE TABLE mine (a int)", "ALTER TABLE topic ADD x int"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()
    assert await log.partitions("t") == 4


async def test_unsafe_settings_are_refused(cluster: PrivateCluster, database: str) -> None:
    connection = await asyncpg.connect(cluster.url(database))
    try:
        await connection.execute(f"ALTER ROLE {database}_app SET synchronous_commit = off")
    finally:
        await connection.close()
    log = PostgresEventLog(cluster.url(database))
    with pytest.raises(UnsafeDatabase, match="synchronous_commit"):
        await log.start()
    await log.close()


async def test_migrations_may_run_again_and_together(cluster: PrivateCluster, database: str, log: PostgresEventLog) -> None:
    await log.append(numbered("t", range(5)))
    await asyncio.gather(*(migrate(cluster.url(database, role="owner")) for _ in range(4)))
    assert len(await read_all(log, "t")) == 5


async def test_a_frozen_server_confirms_nothing_and_holds_nobody_up(cluster: PrivateCluster, log: PostgresEventLog) -> None:
    positions = PositionTable()
    reader = await log.reader(group="g", topics=["t"], positions=positions)
    await log.append(numbered("t", range(5)))
    positions.store(await take_count(reader, 5))
    assert cluster.pid is not None
    server = psutil.Process(cluster.pid)
    frozen = [server, *server.children()]
    for process in frozen:
        process.suspend()
    try:
        for _ in range(2):
            begin = time.monotonic()
            with pytest.raises(NotConfirmed):
                await log.append(numbered("t", [100]), deadline=1.0)
            assert time.monotonic() - begin < 1.5
        begin = time.monotonic()
        assert not await log.healthy()
        assert time.monotonic() - begin < 2.5
    finally:
        for process in frozen:
            process.resume()
    begin = time.monotonic()
    while True:
        try:
            await log.append(numbered("t", [200]))
            break
        except NotConfirmed:
            assert time.monotonic() - begin < 10
    seen: set[int] = set()
    while 200 not in seen:
        seen |= {int(record.value or b"") for record in await take_count(reader, 1)}
    assert seen <= {100, 200}


async def test_a_deadline_in_the_queue_stores_nothing(log: PostgresEventLog) -> None:
    """A caller that gives up before its records were sent has nothing in the log."""
    with pytest.raises(NotConfirmed):
        await log.append(numbered("t", [1]), deadline=0)
    await log.append(numbered("t", [2]))
    assert [record.value for record in await read_all(log, "t")] == [b"2"]


async def test_a_poll_that_was_cancelled_loses_nothing(log: PostgresEventLog) -> None:
    reader = await log.reader(group="g", topics=["t"], positions=PositionTable())
    received: list[Stored] = []
    appending = asyncio.create_task(append_slowly(log, 60))
    while not appending.done() or len(received) < 60:
        poll = asyncio.create_task(reader.poll(timeout=0.2))
        await asyncio.sleep(0.004)
        if not poll.done() and len(received) < 40:
            poll.cancel()
        for result in await asyncio.gather(poll, return_exceptions=True):
            if isinstance(result, dict):
                received += [record for records in result.values() for record in records]
    assert sorted(int(record.value or b"") for record in received) == list(range(60))
    await reader.close()


async def append_slowly(log: PostgresEventLog, count: int) -> None:
    for n in range(count):
        await log.append(numbered("t", [n]))
        await asyncio.sleep(0.003)

"""Replay: state that only facts make is made anew from the log in shadow tables, compared with what is there, and taken over on request.

    live tables --same columns--> temporary tables of one session --facts of the log, through the same reactions--> filled
    compare (both at the position of the live reader, which waits)  ->  the same | different  ->  swap in one transaction

A temporary table hides the live one of its name from its session, so the reactions run as they are. The session is read-only
for everything else: what a reaction might write anywhere but into the shadows is refused by PostgreSQL, not overlooked. What it tells
lands in a shadow of the outbox, which nobody publishes; the log takes nothing, neighbours are not there and no job runs: no message
is sent, nothing is told twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import asyncpg

from chassis.database import Connection, Database
from chassis.eventlog import EventLog, LogGap, NotConfirmed, Partition, Record, Stored
from chassis.peers import Peers
from chassis.reacting import ReaderLoop
from chassis.service import Service

if TYPE_CHECKING:
    from chassis.manifest import Manifest

#: What every service has beside its own tables, and what a reader writes there.
SHARED: Final = ("consumer_offset", "inbox", "outbox", "dead_letter", "parked")
AT_ONCE: Final = 1000
#: Looks, half a second apart, until the live readers of state topics are at the end of the log.
TRIES: Final = 40


@dataclass(frozen=True)
class Rebuilt:
    """State that readers of facts make.

    `tables`: by name, the columns that are left out when states are compared (times of processing, ids without meaning); `only`: by name, the rows that are compared. `beside`: what the
    readers also write; a swap replaces it where `carried`. `whole`: nobody else writes these tables, so that they may be swapped; else
    the comparison alone says what commands added. `resources`: the readers need what the manifest opens.
    """

    name: str
    readers: tuple[str, ...]
    tables: Mapping[str, tuple[str, ...]]
    only: Mapping[str, str] = field(default_factory=dict)
    beside: tuple[str, ...] = ()
    carried: tuple[str, ...] = ()
    whole: bool = True
    resources: bool = False


class State(NamedTuple):
    """Rows of a table and a digest over them in order; the same content gives the same digest, whenever and in whatever order it was written."""

    rows: int
    digest: str


@dataclass
class Compared:
    """A table as it is and as the facts make it."""

    table: str
    live: State
    replayed: State

    @property
    def same(self) -> bool:
        return self.live == self.replayed


@dataclass
class Result:
    """What a replay found. `told`: what reactions wanted to tell (nobody published it); `aside`: records that could not be applied."""

    name: str
    records: int = 0
    told: int = 0
    aside: int = 0
    tables: list[Compared] = field(default_factory=list)
    swapped: bool = False

    @property
    def same(self) -> bool:
        return all(table.same for table in self.tables)


class CannotReplay(Exception):
    """The message says why, and what to do."""


class _Session(Database):
    """One connection for everything. When it breaks, the replay ends: another one would not have the shadow tables."""

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        super().__init__("", connections=1)
        self._connection = connection
        self._alone = asyncio.Lock()

    async def open(self) -> None:
        """It is open."""

    async def close(self) -> None:
        await self._connection.close(timeout=5)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        async with self._alone:
            yield self._connection


class _ReadOnlyLog:
    """The log for whoever may only read it."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def __getattr__(self, name: str) -> Any:
        if name in {"read", "bounds", "partitions", "behind", "healthy"}:
            return getattr(self._log, name)
        raise AttributeError(f"a replay may not {name}")

    async def append(self, records: Sequence[Record], *, deadline: float = 5.0) -> None:
        raise NotConfirmed(f"a replay tells nothing: {len(records)} records refused after 0 of {deadline:g} s")


async def replay(manifest: Manifest, service: Service[Any, Any], rebuilt: Rebuilt, *, swap: bool = False) -> Result:
    """Make the state anew beside the live one, which may be in use meanwhile, and compare both at the same position.

    `service` is made but not started. Raises CannotReplay when the log no longer has all facts, records cannot be applied, or `swap` is asked
    for where commands write, too.
    """
    if swap and not rebuilt.whole:
        raise CannotReplay(f"{manifest.name} {rebuilt.name}: commands write these tables, too: restore a backup and let the readers go on from there.")
    live = await asyncpg.connect(service.database.url, server_settings={"timezone": "UTC", "idle_in_transaction_session_timeout": "0"})
    try:
        session = await _shadow_session(service.database.url, (*SHARED, *rebuilt.tables, *rebuilt.beside, *rebuilt.carried))
        quiet = replace(service, database=session, log=_ReadOnlyLog(service.log), peers=Peers({}, service.tokens, service.name))
        try:
            if rebuilt.resources and manifest.open is not None:
                async with manifest.open(quiet) as resources:
                    quiet.resources = resources
                    return await _replayed(manifest, quiet, rebuilt, live, swap=swap)
            return await _replayed(manifest, quiet, rebuilt, live, swap=swap)
        finally:
            await session.close()
    finally:
        await live.close(timeout=5)


async def _replayed(
    manifest: Manifest, quiet: Service[Any, Any], rebuilt: Rebuilt, live: asyncpg.Connection[asyncpg.Record], *, swap: bool
) -> Result:
    loops = [ReaderLoop(quiet, subscription) for subscription in manifest.subscriptions if subscription.reader in rebuilt.readers]
    result = Result(rebuilt.name)
    groups = [loop.group for loop in loops]
    # Nearly all while the live readers work; only the rest while they wait.
    await _apply(loops, await _positions(live, groups), result)
    for _ in range(TRIES):
        async with live.transaction():
            await live.fetch("SELECT 1 FROM consumer_offset WHERE reader = ANY($1::text[]) FOR UPDATE", groups)
            positions = await _positions(live, groups)
            if not await _superseded(quiet.log, positions):
                await _apply(loops, positions, result)
                await _compare(quiet, rebuilt, live, result)
                if swap and not result.same:
                    for table in (*rebuilt.tables, *rebuilt.carried):
                        await _swap(quiet, live, table)
                    result.swapped = True
                return result
        await asyncio.sleep(0.5)
    raise CannotReplay(f"{rebuilt.name}: the live readers are behind the log and do not catch up: start them, look at `ecrm doctor`, then replay.")


async def _superseded(log: EventLog, positions: Mapping[str, Mapping[Partition, int]]) -> bool:
    """Whether a state topic goes on behind where a live reader is: what it has read may be gone there, replaced by what comes."""
    states = {partition: at for each in positions.values() for partition, at in each.items() if partition.topic.startswith("ecrm.state.")}
    for partition, at in states.items():
        if (await log.bounds(partition))[1] > at:
            return True
    return False


async def _compare(quiet: Service[Any, Any], rebuilt: Rebuilt, live: asyncpg.Connection[asyncpg.Record], result: Result) -> None:
    result.told = int(await quiet.database.fetch_value("SELECT coalesce(sum(records), 0) FROM outbox"))
    result.aside = int(await quiet.database.fetch_value("SELECT count(*) FROM dead_letter"))
    if result.aside:
        raise CannotReplay(f"{rebuilt.name}: {result.aside} records could not be applied; nothing was changed. `ecrm dlq list` says whether the live reader set them aside, too.")
    for table, less in rebuilt.tables.items():
        async with quiet.read() as db:
            replayed = await state(db, table, less, rebuilt.only.get(table, "true"))
        result.tables.append(Compared(table, await state(live, table, less, rebuilt.only.get(table, "true")), replayed))


async def state(db: Connection, table: str, less: Sequence[str] = (), only: str = "true") -> State:
    """The rows of a table that a condition names, without some columns, each as canonical JSON, in order."""
    digest, rows = hashlib.blake2b(digest_size=16), 0
    statement = f'SELECT line FROM (SELECT (to_jsonb(t) - $1::text[])::text AS line FROM {table} t WHERE {only}) lines ORDER BY line COLLATE "C"'  # noqa: S608 - fixed names of the service
    async with db.transaction():
        async for row in db.cursor(statement, list(less), prefetch=2000):
            digest.update(row[0].encode() + b"\n")
            rows += 1
    return State(rows, digest.hexdigest())


async def _shadow_session(url: str, tables: Sequence[str]) -> _Session:
    connection = await asyncpg.connect(url, server_settings={"timezone": "UTC", "application_name": "replay"}, command_timeout=600)
    try:
        for table in dict.fromkeys(tables):
            if await connection.fetchval("SELECT to_regclass($1)", f"public.{table}") is not None:
                await connection.execute(_named("CREATE TEMPORARY TABLE {0} (LIKE public.{0} INCLUDING ALL)", table))
                await _own_numbers(connection, table)
        # Temporary tables may be written in a read-only transaction, others may not.
        await connection.execute("SET default_transaction_read_only = on")
    except BaseException:
        connection.terminate()
        raise
    return _Session(connection)


def _named(statement: str, *names: str) -> str:
    """A statement about things of our own whose names cannot be bound. Raises ValueError for what is no plain name."""
    if not all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names):
        raise ValueError("no name of a table, column or sequence")
    return statement.format(*names)


async def _own_numbers(connection: asyncpg.Connection[asyncpg.Record], table: str) -> None:
    """Numbers of shadow rows come from shadow sequences, not from those of the live table."""
    for row in await connection.fetch(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1 AND column_default LIKE 'nextval(%'", table
    ):
        sequence = f"{table}_{row['column_name']}_shadow"
        await connection.execute(_named("CREATE TEMPORARY SEQUENCE {}", sequence))
        await connection.execute(_named("ALTER TABLE pg_temp.{} ALTER COLUMN {} SET DEFAULT nextval('{}')", table, row["column_name"], sequence))


async def _positions(live: asyncpg.Connection[asyncpg.Record], groups: Sequence[str]) -> dict[str, dict[Partition, int]]:
    """How far the live readers are."""
    found: dict[str, dict[Partition, int]] = {group: {} for group in groups}
    for row in await live.fetch("SELECT reader, topic, partition, next FROM consumer_offset WHERE reader = ANY($1::text[])", list(groups)):
        found[row["reader"]][Partition(row["topic"], row["partition"])] = row["next"]
    return found


async def _apply(loops: Sequence[ReaderLoop], until: Mapping[str, Mapping[Partition, int]], result: Result) -> None:
    """Apply what lies below these positions: of all readers and partitions the oldest record first, so that causes come before effects."""
    heads: dict[tuple[int, Partition], list[Stored]] = {}
    known = [await loop.positions(list(until[loop.group])) for loop in loops]
    position = {(place, partition): known[place][partition] or 0 for place, loop in enumerate(loops) for partition in until[loop.group]}

    async def fill(place: int, partition: Partition) -> None:
        loop, end = loops[place], until[loops[place].group][partition]
        if position[place, partition] >= end:
            return
        compacted = partition.topic.startswith("ecrm.state.")
        first, _ = await loop.service.log.bounds(partition)
        if first > position[place, partition] and not compacted:
            raise CannotReplay(
                f"The log no longer has the first {first} records of {partition.topic}/{partition.number}: "
                "what they made is in the backup only. Restore it and let the readers go on from there."
            )
        try:
            found = await loop.service.log.read(partition, max(first, position[place, partition]), max_records=AT_ONCE)
        except LogGap as gap:
            raise CannotReplay(str(gap)) from gap
        records = [record for record in found if record.offset < end]
        if records:
            heads[place, partition] = records

    for place, loop in enumerate(loops):
        for partition in until[loop.group]:
            await fill(place, partition)
    while heads:
        key = min(heads, key=lambda each: (heads[each][0].appended_at, each))
        place, partition = key
        others = min((records[0].appended_at for each, records in heads.items() if each != key), default=None)
        listed = heads.pop(key)
        count = next((n for n, record in enumerate(listed) if n and others is not None and record.appended_at > others), len(listed))
        await loops[place].apply_outside(partition, listed[:count])
        result.records += count
        position[key] = listed[count - 1].next
        if listed[count:]:
            heads[key] = listed[count:]
        else:
            await fill(place, partition)
        await asyncio.sleep(0)


async def _swap(quiet: Service[Any, Any], live: asyncpg.Connection[asyncpg.Record], table: str) -> None:
    """The live table holds what its shadow holds, in the open transaction of `live`."""
    await live.execute(_named("DELETE FROM {}", table))
    columns = [
        row["column_name"] for row in await live.fetch(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1 AND is_generated = 'NEVER' "
            "ORDER BY ordinal_position", table,
        )
    ]
    async with quiet.read() as db, db.transaction():
        rows: list[tuple[Any, ...]] = []
        async for row in db.cursor(f"SELECT {', '.join(columns)} FROM {table}", prefetch=2000):  # noqa: S608 - fixed names of the service
            rows.append(tuple(row))
            if len(rows) == 2000:
                await live.copy_records_to_table(table, records=rows, columns=columns)
                rows = []
        await live.copy_records_to_table(table, records=rows, columns=columns)


__all__ = ["CannotReplay", "Compared", "Rebuilt", "Result", "State", "replay", "state"]

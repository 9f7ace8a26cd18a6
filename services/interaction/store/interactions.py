"""Events: the table of duplicates, the events themselves, how far they are published, and what became of the rest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from chassis.database import Connection

GENERATIONS: Final = 6
#: Below it one statement is faster than COPY.
COPY_FROM: Final = 30

COLUMNS: Final = (
    "id", "identity", "kind", "channel", "initiator", "purpose", "occurred_at", "received_at", "collected_partition", "collected_offset",
    "record",
)


#: Asked of its own table a generation answers at less than half the price it has as a part of `seen`.
_MARKED: Final = tuple(
    f"SELECT found.id, found.digest FROM unnest($1::bytea[]) AS wanted (id) "  # noqa: S608 - the numbers of the generations
    f"CROSS JOIN LATERAL (SELECT id, digest FROM seen_{slot} s WHERE s.id = wanted.id LIMIT 1) AS found"
    for slot in range(GENERATIONS)
)


class AlreadySeen(Exception):
    """Somebody else stored one of the marks meanwhile; look again."""


async def find_seen(db: Connection, slots: Sequence[int], marks: Sequence[bytes]) -> dict[bytes, bytes]:
    """Mark -> digest of those that came within the window, looked up in the given generations.

    One index probe for each mark, whatever the planner knows of the tables: `id = ANY(...)` reads a growing table from end to end.
    """
    rows = await db.fetch(
        """
        SELECT wanted.id, found.digest FROM unnest($2::bytea[]) AS wanted (id) CROSS JOIN LATERAL (
            SELECT digest FROM seen WHERE seen.id = wanted.id AND seen.slot = ANY($1::smallint[]) LIMIT 1) AS found
        """,
        slots, marks,
    )
    return {row[0]: row[1] for row in rows}


async def find_marked(db: Connection, slot: int, marks: Sequence[bytes]) -> dict[bytes, bytes]:
    """Mark -> digest of those that a single generation holds."""
    return {row[0]: row[1] for row in await db.fetch(_MARKED[slot], marks)}


async def insert_seen(db: Connection, slot: int, marks: Sequence[tuple[bytes, bytes]]) -> None:
    """Mark (id, digest) as seen. Raises AlreadySeen, and then nothing was written.

    In the order of the ids, so that neighbours in the index follow each other and two processes never wait for each other in turn.
    """
    rows = [(slot, mark, digest) for mark, digest in sorted(marks)]
    try:
        async with db.transaction():
            await db.copy_records_to_table(f"seen_{slot}", records=rows, columns=("slot", "id", "digest"))
    except asyncpg.UniqueViolationError:
        raise AlreadySeen from None


async def list_generations(db: Connection) -> dict[int, int]:
    """Slot -> the week it holds."""
    return {row[0]: row[1] for row in await db.fetch("SELECT slot, week FROM seen_generation")}


async def begin_generation(db: Connection, slot: int, week: int) -> None:
    """Empty a generation and give it to a week; whoever comes second does nothing."""
    await db.execute("SELECT pg_advisory_xact_lock(7305101)")
    if (await list_generations(db)).get(slot) != week:
        await db.execute("SELECT forget_seen($1)", slot)
        await db.execute(
            "INSERT INTO seen_generation (slot, week) VALUES ($1, $2) ON CONFLICT (slot) DO UPDATE SET week = excluded.week", slot, week
        )


async def insert_interactions(db: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Rows in the order of `COLUMNS`, known to be new."""
    await db.copy_records_to_table("interaction", records=rows, columns=COLUMNS)


async def find_published(db: Connection, partition: int) -> int:
    """Up to which collected offset a partition was published; -1 for not at all."""
    position: int | None = await db.fetchval("SELECT position FROM published WHERE partition = $1", partition)
    return -1 if position is None else position


async def note_published(db: Connection, positions: Sequence[tuple[int, int]]) -> None:
    """Move positions forward. Losing this in a crash only means publishing again, so nobody waits for the disk."""
    await db.execute(
        """
        WITH unhurried AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
        INSERT INTO published AS p (partition, position)
        SELECT partition, position FROM unnest($1::int[], $2::bigint[]) AS given (partition, position), unhurried
        ON CONFLICT (partition) DO UPDATE SET position = excluded.position, at = now() WHERE p.position < excluded.position
        """,
        [partition for partition, _ in positions],
        [position for _, position in positions],
    )


async def list_unpublished(db: Connection, partition: int, after: int, before: int, limit: int = 1000) -> list[asyncpg.Record]:
    """Stored events of a partition with collected offsets between (both exclusive), in order."""
    return await db.fetch(
        """
        SELECT id, identity, collected_offset, record FROM interaction
        WHERE collected_partition = $1 AND collected_offset > $2 AND collected_offset < $3 ORDER BY collected_offset LIMIT $4
        """,
        partition, after, before, limit,
    )


async def list_behind(db: Connection, reader: str, topic: str) -> list[tuple[int, int, int]]:
    """(partition, published, next to read) of partitions whose publisher is behind their reader."""
    rows = await db.fetch(
        """
        SELECT o.partition, coalesce(p.position, -1) AS position, o.next FROM consumer_offset o
        LEFT JOIN published p USING (partition)
        WHERE o.reader = $1 AND o.topic = $2 AND coalesce(p.position, -1) < o.next - 1
        """,
        reader, topic,
    )
    return [(row["partition"], row["position"], row["next"]) for row in rows]


async def find_interaction(db: Connection, interaction_id: UUID) -> asyncpg.Record | None:
    """One event."""
    return await db.fetchrow("SELECT * FROM interaction WHERE id = $1", interaction_id)


async def list_timeline(
    db: Connection, *, identities: Sequence[bytes], kind: str | None, channel: str | None, initiator: str | None, purpose: str | None,
    since: datetime | None, until: datetime | None, before: tuple[datetime, UUID] | None, limit: int, received_since: datetime,
) -> list[asyncpg.Record]:
    """Events of several identities, newest first; each identity is read along its own index, and only what is shown is fetched.

    Only months from `received_since` on are looked at.
    """
    before_at, before_id = before or (None, None)
    return await db.fetch(
        """
        WITH chosen AS MATERIALIZED (
            SELECT found.* FROM unnest($1::bytea[]) AS wanted (identity) CROSS JOIN LATERAL (
                SELECT id, occurred_at, received_at FROM interaction i
                WHERE i.identity = wanted.identity AND i.received_at >= $11::timestamptz
                  AND ($2::text IS NULL OR i.kind = $2) AND ($3::text IS NULL OR i.channel = $3)
                  AND ($4::text IS NULL OR i.initiator = $4) AND ($5::text IS NULL OR i.purpose = $5)
                  AND ($6::timestamptz IS NULL OR i.occurred_at >= $6) AND ($7::timestamptz IS NULL OR i.occurred_at < $7)
                  AND ($8::timestamptz IS NULL OR (i.occurred_at, i.id) < ($8, $9::uuid))
                ORDER BY i.occurred_at DESC, i.id DESC LIMIT $10) AS found
            ORDER BY found.occurred_at DESC, found.id DESC LIMIT $10)
        SELECT shown.* FROM chosen CROSS JOIN LATERAL (
            SELECT id, kind, channel, initiator, purpose, occurred_at, record FROM interaction i
            WHERE i.id = chosen.id AND i.received_at = chosen.received_at LIMIT 1) AS shown
        ORDER BY shown.occurred_at DESC, shown.id DESC
        """,
        identities, kind, channel, initiator, purpose, since, until, before_at, before_id, limit, received_since,
    )


async def list_latest(db: Connection, identity: bytes) -> list[asyncpg.Record]:
    """The newest event of an identity, if there is one."""
    return await db.fetch("SELECT id, record FROM interaction WHERE identity = $1 ORDER BY occurred_at DESC, id DESC LIMIT 1", identity)

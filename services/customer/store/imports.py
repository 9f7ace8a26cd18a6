"""SQL on imports: what was asked for, the file, how far it is, what it touched."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from chassis.database import Connection


class Row(NamedTuple):
    """An import as stored; `layout` and `origin` are JSON."""

    id: UUID
    name: str
    format: str
    layout: str
    origin: str
    dry_run: bool
    state: str
    created_at: datetime
    created_by: str
    as_of: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    parts: int = 0
    bytes: int = 0
    total: int | None = None
    done: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    undone: int = 0
    error: str | None = None


COLUMNS = ", ".join(Row._fields)
_FIND = f"SELECT {COLUMNS} FROM import_job WHERE id = $1"  # noqa: S608 - constant columns
_PAGE = f"SELECT {COLUMNS} FROM import_job WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2"  # noqa: S608 - constant columns
_NEXT = f"SELECT {COLUMNS} FROM import_job WHERE state IN ('queued', 'running', 'undoing') ORDER BY created_at LIMIT 1"  # noqa: S608 - constant columns


async def insert(db: Connection, *, row: Row) -> None:
    await db.execute(
        """
        INSERT INTO import_job (id, name, format, layout, origin, dry_run, state, created_at, created_by, as_of)
        VALUES ($1, $2, $3, $4::text::jsonb, $5::text::jsonb, $6, $7, $8, $9, $10)
        """,
        *row[:10],
    )


async def find(db: Connection, *, import_id: UUID, lock: bool = False) -> Row | None:
    """One import; `lock`: nobody else changes it until the end of the transaction."""
    row = await db.fetchrow(_FIND + (" FOR UPDATE" if lock else ""), import_id)
    return Row(*row) if row else None


async def page(db: Connection, *, before: UUID | None, limit: int) -> list[Row]:
    """Imports, the newest first."""
    return [Row(*row) for row in await db.fetch(_PAGE, before, limit)]


async def next_waiting(db: Connection) -> Row | None:
    """The import to work on: the oldest that waits or was begun."""
    row = await db.fetchrow(_NEXT)
    return Row(*row) if row else None


async def put_part(db: Connection, *, import_id: UUID, number: int, content: bytes) -> None:
    """A piece of the file; sent again it takes the place of the first."""
    await db.execute(
        "INSERT INTO import_part (import_id, number, content) VALUES ($1, $2, $3) ON CONFLICT (import_id, number) DO UPDATE SET content = excluded.content",
        import_id, number, content,
    )


async def measure_parts(db: Connection, *, import_id: UUID) -> tuple[int, int, int]:
    """(pieces, highest number, bytes)."""
    row = await db.fetchrow(
        "SELECT count(*), coalesce(max(number), 0), coalesce(sum(octet_length(content)), 0) FROM import_part WHERE import_id = $1", import_id
    )
    assert row is not None
    return row[0], row[1], row[2]


async def parts(db: Connection, *, import_id: UUID) -> AsyncIterator[bytes]:
    """The pieces in their order, one at a time."""
    number = 0
    while row := await db.fetchrow(
        "SELECT number, content FROM import_part WHERE import_id = $1 AND number > $2 ORDER BY number LIMIT 1", import_id, number
    ):
        number = row["number"]
        yield row["content"]


async def drop_parts(db: Connection, *, import_id: UUID) -> None:
    await db.execute("DELETE FROM import_part WHERE import_id = $1", import_id)


async def queue(db: Connection, *, import_id: UUID, parts: int, size: int) -> None:
    """Everything has arrived."""
    await db.execute("UPDATE import_job SET state = 'queued', parts = $2, bytes = $3 WHERE id = $1", import_id, parts, size)


async def begin(db: Connection, *, import_id: UUID, total: int | None, at: datetime) -> None:
    await db.execute(
        "UPDATE import_job SET state = 'running', total = $2, started_at = coalesce(started_at, $3) WHERE id = $1", import_id, total, at
    )


async def advance(
    db: Connection, *, import_id: UUID, since: int, done: int, created: int, updated: int, unchanged: int, refused: int
) -> bool:
    """Count a slice of rows from `since` on; False when another process did, or the import was cancelled."""
    status: str = await db.execute(
        """
        UPDATE import_job SET done = $3, created = created + $4, updated = updated + $5, unchanged = unchanged + $6, refused = refused + $7
        WHERE id = $1 AND done = $2 AND state = 'running'
        """,
        import_id, since, done, created, updated, unchanged, refused,
    )
    return status.endswith(" 1")


async def settle(db: Connection, *, import_id: UUID, state: str, at: datetime, error: str | None = None) -> None:
    """The end, or the beginning of undoing."""
    await db.execute(
        "UPDATE import_job SET state = $2, finished_at = $3, error = $4, total = coalesce(total, done) WHERE id = $1", import_id, state, at, error
    )


async def note_customers(db: Connection, *, import_id: UUID, homes: Sequence[tuple[UUID, bool]]) -> None:
    """Customers that the import touched, and whether it made them."""
    await db.execute(
        """
        INSERT INTO import_customer (import_id, home_id, created) SELECT $1, * FROM unnest($2::uuid[], $3::boolean[])
        ON CONFLICT DO NOTHING
        """,
        import_id, [home for home, _ in homes], [created for _, created in homes],
    )


async def note_errors(db: Connection, *, import_id: UUID, errors: Sequence[tuple[int, str, str]]) -> None:
    """Refused rows: line, code, reason."""
    await db.execute(
        "INSERT INTO import_error SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::text[]) ON CONFLICT DO NOTHING",
        import_id, *zip(*errors, strict=True),
    )


async def errors_of(db: Connection, *, import_id: UUID, after: int, limit: int) -> list[tuple[int, str, str]]:
    """Refused rows in the order of the file."""
    rows = await db.fetch(
        "SELECT line, code, reason FROM import_error WHERE import_id = $1 AND line > $2 ORDER BY line LIMIT $3", import_id, after, limit
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def take_touched(db: Connection, *, import_id: UUID, limit: int) -> list[tuple[UUID, bool]]:
    """Some of the customers that the import touched (home, whether it made them); they are looked at once."""
    rows = await db.fetch(
        """
        DELETE FROM import_customer WHERE import_id = $1 AND home_id IN (
            SELECT home_id FROM import_customer WHERE import_id = $1 ORDER BY home_id LIMIT $2) RETURNING home_id, created
        """,
        import_id, limit,
    )
    return [(row[0], row[1]) for row in rows]


async def count_undone(db: Connection, *, import_id: UUID, count: int) -> None:
    await db.execute("UPDATE import_job SET undone = undone + $2 WHERE id = $1", import_id, count)


async def last_undone(db: Connection) -> datetime | None:
    """When an import was taken back last."""
    at: datetime | None = await db.fetchval("SELECT max(finished_at) FROM import_job WHERE state = 'undone'")
    return at


async def merges_of(db: Connection, *, prefix: str) -> list[UUID]:
    """Standing merges that came about by the rows of an import, the last one first."""
    rows = await db.fetch("SELECT id FROM merge WHERE undone_at IS NULL AND starts_with(event_id, $1) ORDER BY id DESC", prefix)
    return [row[0] for row in rows]


async def told_otherwise(db: Connection, *, homes: Collection[UUID], prefix: str) -> list[dict[str, Any]]:
    """Every value of these customers that did not come from the import."""
    rows = await db.fetch(
        """
        SELECT home_id, name, value, rank, at, position_offset, position_partition, event_id, source FROM trait_value
        WHERE home_id = ANY($1::uuid[]) AND NOT starts_with(event_id, $2) ORDER BY home_id, id
        """,
        list(homes), prefix,
    )
    return [{**row, "value": None if row["value"] is None else json.loads(row["value"])} for row in rows]


async def unlink(
    db: Connection, *, homes: Collection[UUID], source: str, since: datetime, until: datetime
) -> list[tuple[UUID, bytes, str]]:
    """Take away the identities that the import linked at these customers; returns (home, identity, kind)."""
    rows = await db.fetch(
        """
        DELETE FROM identity WHERE home_id = ANY($1::uuid[]) AND source = $2 AND recorded_at BETWEEN $3 AND $4
        RETURNING home_id, identity, kind
        """,
        list(homes), source, since, until,
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def addresses_at(db: Connection, *, homes: Collection[UUID]) -> list[tuple[UUID, str, str, str]]:
    """(home, kind, key, source) of the addresses and numbers by which these customers are recognised."""
    rows = await db.fetch(
        "SELECT home_id, kind, key, source FROM identity WHERE home_id = ANY($1::uuid[]) AND kind IN ('email', 'phone')", list(homes)
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


async def deserted(db: Connection, *, customers: Collection[UUID]) -> list[UUID]:
    """Those customers of whom nothing is left: no identity, no value, no merge, no membership, need, choice or state of an address."""
    rows = await db.fetch(
        """
        SELECT c.id FROM customer c WHERE c.id = ANY($1::uuid[]) AND c.root_id = c.id AND c.traits = '{}'::jsonb
          AND NOT EXISTS (SELECT FROM identity i WHERE i.customer_id = c.id OR i.home_id = c.id)
          AND NOT EXISTS (SELECT FROM customer m WHERE m.root_id = c.id AND m.id <> c.id)
          AND NOT EXISTS (SELECT FROM merge e WHERE e.survivor_id = c.id OR e.merged_id = c.id)
          AND NOT c.extended
        """,
        list(customers),
    )
    return [row[0] for row in rows]


async def remove(db: Connection, *, customers: Collection[UUID]) -> None:
    """As if they had never been registered."""
    await db.execute("DELETE FROM trait_value WHERE home_id = ANY($1::uuid[])", list(customers))
    await db.execute("DELETE FROM customer WHERE id = ANY($1::uuid[])", list(customers))

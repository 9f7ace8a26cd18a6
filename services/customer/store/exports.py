"""SQL on exports: what was asked for, how far it is, the bytes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from chassis.database import Connection


class Row(NamedTuple):
    """An export as stored; `filter` is JSON."""

    id: UUID
    format: str
    fields: list[str]
    filter: str
    sensitive: bool
    state: str
    created_at: datetime
    created_by: str
    started_at: datetime | None = None
    finished_at: datetime | None = None
    total: int | None = None
    done: int = 0
    parts: int = 0
    bytes: int = 0
    error: str | None = None


COLUMNS = ", ".join(Row._fields)
_FIND = f"SELECT {COLUMNS} FROM export_job WHERE id = $1"  # noqa: S608 - constant columns
_PAGE = f"SELECT {COLUMNS} FROM export_job WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2"  # noqa: S608 - constant columns
_NEXT = f"SELECT {COLUMNS} FROM export_job WHERE state IN ('queued', 'running') ORDER BY created_at LIMIT 1"  # noqa: S608 - constant columns


async def insert(db: Connection, *, row: Row) -> None:
    await db.execute(
        """
        INSERT INTO export_job (id, format, fields, filter, sensitive, state, created_at, created_by)
        VALUES ($1, $2, $3, $4::text::jsonb, $5, $6, $7, $8)
        """,
        *row[:8],
    )


async def find(db: Connection, *, export_id: UUID) -> Row | None:
    row = await db.fetchrow(_FIND, export_id)
    return Row(*row) if row else None


async def page(db: Connection, *, before: UUID | None, limit: int) -> list[Row]:
    """Exports, the newest first."""
    return [Row(*row) for row in await db.fetch(_PAGE, before, limit)]


async def next_waiting(db: Connection) -> Row | None:
    """The export to work on."""
    row = await db.fetchrow(_NEXT)
    return Row(*row) if row else None


async def begin(db: Connection, *, export_id: UUID, at: datetime) -> None:
    """From the first row on, also when an earlier try was cut off."""
    await db.execute("DELETE FROM export_part WHERE export_id = $1", export_id)
    await db.execute(
        """
        UPDATE export_job SET state = 'running', started_at = $2, done = 0, parts = 0, bytes = 0,
            total = (SELECT count(*) FROM customer WHERE merged_into IS NULL) WHERE id = $1
        """,
        export_id, at,
    )


async def add_part(db: Connection, *, export_id: UUID, number: int, content: bytes) -> None:
    await db.execute("INSERT INTO export_part (export_id, number, content) VALUES ($1, $2, $3)", export_id, number, content)
    await db.execute("UPDATE export_job SET parts = parts + 1, bytes = bytes + $2 WHERE id = $1", export_id, len(content))


async def count(db: Connection, *, export_id: UUID, done: int) -> None:
    await db.execute("UPDATE export_job SET done = $2 WHERE id = $1", export_id, done)


async def settle(db: Connection, *, export_id: UUID, state: str, done: int, at: datetime, error: str | None = None) -> None:
    await db.execute(
        "UPDATE export_job SET state = $2, done = $3, total = $3, finished_at = $4, error = $5 WHERE id = $1", export_id, state, done, at, error
    )


async def remove(db: Connection, *, export_id: UUID) -> None:
    """The file and what was asked for."""
    await db.execute("DELETE FROM export_part WHERE export_id = $1", export_id)
    await db.execute("DELETE FROM export_job WHERE id = $1", export_id)


async def remove_older(db: Connection, *, than: datetime) -> None:
    """Files are personal data: they do not stay."""
    await db.execute("DELETE FROM export_part p USING export_job e WHERE p.export_id = e.id AND e.finished_at < $1", than)
    await db.execute("DELETE FROM export_job WHERE finished_at < $1", than)


async def parts(db: Connection, *, export_id: UUID) -> AsyncIterator[bytes]:
    """The pieces in their order, one at a time."""
    number = 0
    while row := await db.fetchrow(
        "SELECT number, content FROM export_part WHERE export_id = $1 AND number > $2 ORDER BY number LIMIT 1", export_id, number
    ):
        number = row["number"]
        yield row["content"]


async def names_in_use(db: Connection) -> list[str]:
    """The names of all traits that any customer has."""
    rows = await db.fetch("SELECT DISTINCT jsonb_object_keys(traits) AS name FROM customer ORDER BY 1")
    return [row[0] for row in rows]


async def identities_of(db: Connection, *, customers: list[UUID]) -> dict[UUID, list[str]]:
    """The keys of the identities that customers answer for."""
    rows = await db.fetch("SELECT customer_id, key FROM identity WHERE customer_id = ANY($1::uuid[]) ORDER BY customer_id, kind, key", customers)
    found: dict[UUID, list[str]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row[1])
    return found

"""SQL on values of events that did not fit and were left out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from chassis.database import Connection


class Row(NamedTuple):
    """A refused value; `value` is None where it is sensitive."""

    id: UUID
    name: str
    source: str
    event_id: str
    reason: str
    value: str | None
    at: datetime


COLUMNS = "id, name, source, event_id, reason, value, at"

_NOTE = f"""
INSERT INTO trait_refusal ({COLUMNS})
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
ON CONFLICT DO NOTHING
"""  # noqa: S608 - constant columns
_PAGE = f"SELECT {COLUMNS} FROM trait_refusal WHERE name = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3"  # noqa: S608 - constant columns


async def note(db: Connection, *, rows: Sequence[Row]) -> None:
    """Keep refusals; the same event is noted once."""
    ordered = sorted(rows, key=lambda row: (row.name, row.source, row.event_id))  # one order for all: nobody waits for each other
    await db.execute(_NOTE, *zip(*ordered, strict=True))


async def page(db: Connection, *, name: str, after: UUID | None, limit: int) -> list[Row]:
    """Refusals of a trait, newest first."""
    return [Row(*row) for row in await db.fetch(_PAGE, name, after, limit)]


async def hide(db: Connection, *, name: str) -> None:
    """Of a trait that became sensitive no refused value is kept."""
    await db.execute("UPDATE trait_refusal SET value = NULL WHERE name = $1 AND value IS NOT NULL", name)


async def names(db: Connection) -> list[str]:
    """Of which traits values were refused, each found by one step in the index."""
    rows = await db.fetch(
        """
        WITH RECURSIVE found (name) AS (
            (SELECT name FROM trait_refusal ORDER BY name LIMIT 1)
            UNION ALL
            SELECT (SELECT next.name FROM trait_refusal AS next WHERE next.name > found.name ORDER BY next.name LIMIT 1)
            FROM found WHERE found.name IS NOT NULL
        ) SELECT name FROM found WHERE name IS NOT NULL
        """
    )
    return [row["name"] for row in rows]


async def trim(db: Connection, *, name: str, keep: int) -> None:
    """Keep the newest of one trait."""
    await db.execute(
        """
        DELETE FROM trait_refusal WHERE name = $1 AND id < (
            SELECT id FROM trait_refusal WHERE name = $1 ORDER BY id DESC OFFSET $2 LIMIT 1)
        """,
        name, keep - 1,
    )

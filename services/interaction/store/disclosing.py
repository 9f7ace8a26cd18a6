"""Which fields of a source were met, and when first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from chassis.database import Connection


async def counts(db: Connection, sources: Sequence[str]) -> dict[str, int]:
    """Source -> how many of its fields are listed."""
    return {row[0]: row[1] for row in await db.fetch("SELECT source, count(*) FROM field_seen WHERE source = ANY($1::text[]) GROUP BY source", sources)}


async def put(db: Connection, fields: Sequence[tuple[str, str]], *, at: datetime) -> set[tuple[str, str]]:
    """List (source, place); returns those that were not listed before."""
    rows = await db.fetch(
        """
        INSERT INTO field_seen (source, place, first_seen) SELECT f.*, $3 FROM unnest($1::text[], $2::text[]) AS f (source, place)
        ORDER BY 1, 2 ON CONFLICT DO NOTHING RETURNING source, place
        """,
        [field[0] for field in fields], [field[1] for field in fields], at,
    )
    return {(row["source"], row["place"]) for row in rows}

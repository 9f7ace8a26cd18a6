"""The counters that must add up: what collectors said they accepted, what became of it, and where the two differ."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from chassis.database import Connection


async def add(db: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Add to the counters of (minute, source)."""
    if not rows:
        return
    await db.executemany(
        """
        INSERT INTO intake AS i (minute, source, stored, duplicate, conflict, dropped, refused, violated, erased, xor_high, xor_low)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (minute, source) DO UPDATE
        SET stored = i.stored + excluded.stored, duplicate = i.duplicate + excluded.duplicate, conflict = i.conflict + excluded.conflict,
            dropped = i.dropped + excluded.dropped, refused = i.refused + excluded.refused, violated = i.violated + excluded.violated,
            erased = i.erased + excluded.erased,
            xor_high = i.xor_high # excluded.xor_high, xor_low = i.xor_low # excluded.xor_low
        """,
        rows,
    )


async def put_told(db: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """What collectors said of a minute; the higher count is the later word, so hearing it twice or out of order changes nothing."""
    await db.executemany(
        """
        INSERT INTO intake_told AS t (minute, source, collector, accepted, xor_high, xor_low) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (minute, source, collector) DO UPDATE
        SET accepted = excluded.accepted, xor_high = excluded.xor_high, xor_low = excluded.xor_low WHERE t.accepted < excluded.accepted
        """,
        rows,
    )


async def list_minutes(db: Connection, *, since: datetime, until: datetime) -> list[asyncpg.Record]:
    """For each minute and source from `since` to before `until`: what was told (NULL: nothing) and what became of the events."""
    return await db.fetch(
        """
        WITH told AS (
            SELECT minute, source, sum(accepted)::bigint AS told, bit_xor(xor_high) AS told_high, bit_xor(xor_low) AS told_low
            FROM intake_told WHERE minute >= $1 AND minute < $2 GROUP BY minute, source),
        done AS (SELECT * FROM intake WHERE minute >= $1 AND minute < $2)
        SELECT minute, source, told, told_high, told_low, coalesce(stored, 0) AS stored, coalesce(duplicate, 0) AS duplicate,
               coalesce(conflict, 0) AS conflict, coalesce(dropped, 0) AS dropped, coalesce(refused, 0) AS refused,
               coalesce(violated, 0) AS violated, coalesce(erased, 0) AS erased,
               coalesce(xor_high, 0) AS xor_high, coalesce(xor_low, 0) AS xor_low
        FROM told FULL JOIN done USING (minute, source) ORDER BY minute, source
        """,
        since, until,
    )


async def delete_older(db: Connection, before: datetime) -> None:
    """Forget the counters of minutes before a time."""
    await db.execute("DELETE FROM intake WHERE minute < $1", before)
    await db.execute("DELETE FROM intake_told WHERE minute < $1", before)

"""Requests to send again what a source sent, and how far they are."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import asyncpg

from chassis.database import Connection


async def insert(
    db: Connection, *, replay_id: UUID, what: str, source: str, since: datetime, until: datetime, code: str | None, place: str, by: str, at: datetime
) -> None:
    await db.execute(
        """
        INSERT INTO replay (id, what, source, since, until, code, place, requested_by, requested_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        replay_id, what, source, since, until, code, place, by, at,
    )


async def find(db: Connection, replay_id: UUID) -> asyncpg.Record | None:
    return await db.fetchrow("SELECT * FROM replay WHERE id = $1", replay_id)


async def list_newest(db: Connection, limit: int) -> list[asyncpg.Record]:
    return await db.fetch("SELECT * FROM replay ORDER BY id DESC LIMIT $1", limit)


async def next_running(db: Connection) -> asyncpg.Record | None:
    """The oldest that is not finished, locked."""
    return await db.fetchrow("SELECT * FROM replay WHERE state = 'running' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED")


async def advance(
    db: Connection, replay_id: UUID, *, found: int, sent: int, refused: int, place: str, finished_at: datetime | None
) -> None:
    """Add to the counts and go on from `place`, or be done."""
    await db.execute(
        """
        UPDATE replay SET found = found + $2, sent = sent + $3, refused = refused + $4, place = $5, finished_at = $6,
            state = CASE WHEN $6::timestamptz IS NULL THEN state ELSE 'done' END WHERE id = $1
        """,
        replay_id, found, sent, refused, place, finished_at,
    )


async def list_letters(
    db: Connection, reader: str, *, since: datetime, until: datetime, after: UUID | None, limit: int
) -> list[UUID]:
    """Open dead letters of a reader appended within a time, oldest first."""
    rows = await db.fetch(
        """
        SELECT id FROM dead_letter WHERE state = 'open' AND reader = $1 AND appended_at >= $2 AND appended_at < $3
          AND ($4::uuid IS NULL OR id > $4) ORDER BY id LIMIT $5
        """,
        reader, since, until, after, limit,
    )
    return [row[0] for row in rows]

"""Grants that wait for their confirmation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis.database import Connection


async def insert(db: Connection, entries: Sequence[UUID], *, expires_at: datetime) -> None:
    await db.executemany("INSERT INTO pending (entry_id, expires_at) VALUES ($1, $2)", [(entry, expires_at) for entry in entries])


async def waits(db: Connection, entry: UUID) -> bool:
    """Whether it waits still."""
    return bool(await db.fetchval("SELECT EXISTS (SELECT FROM pending WHERE entry_id = $1)", entry))


async def take(db: Connection, entry: UUID) -> bool:
    """End the waiting of one; False when it waits no more."""
    return bool(await db.fetchval("DELETE FROM pending WHERE entry_id = $1 RETURNING true", entry))


async def overdue(db: Connection, *, until: datetime, limit: int) -> list[UUID]:
    """Those nobody confirmed by then, taken out."""
    rows = await db.fetch(
        """
        DELETE FROM pending WHERE entry_id IN (
            SELECT entry_id FROM pending WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)
        RETURNING entry_id
        """,
        until, limit,
    )
    return [row["entry_id"] for row in rows]

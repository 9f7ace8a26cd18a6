"""Recorded events in the order in which they were received."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import asyncpg

from chassis.database import Connection


async def page(db: Connection, *, since: datetime, after: UUID | None, until: datetime, limit: int) -> list[asyncpg.Record]:
    """Events received from `since` (behind the id `after` at that moment) until before `until`, whatever they are."""
    return await db.fetch(
        """
        SELECT id, received_at, record FROM interaction
        WHERE received_at >= $1 AND received_at < $3 AND (received_at > $1 OR $2::uuid IS NULL OR id > $2) ORDER BY received_at, id LIMIT $4
        """,
        since, after, until, limit,
    )

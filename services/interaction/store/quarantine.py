"""Payloads that were refused, kept for a while so that people can correct and release them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from chassis.database import Connection


async def count_since(db: Connection, sources: Sequence[str], since: datetime) -> dict[str, int]:
    """How many payloads of each source were kept since a time, beside those that a tracking plan set aside."""
    rows = await db.fetch(
        "SELECT source, count(*) AS kept FROM quarantine WHERE received_at >= $2 AND source = ANY($1::text[]) AND errors IS NULL GROUP BY source",
        sources, since,
    )
    return {row["source"]: row["kept"] for row in rows}


async def insert(db: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """(id, source, code, detail, message_id, payload, stamp, digest, size, received_at, partition, offset, errors)."""
    await db.executemany(
        """
        INSERT INTO quarantine (id, source, code, detail, message_id, payload, stamp, digest, size, received_at, collected_partition,
                                collected_offset, errors)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (collected_partition, collected_offset) DO NOTHING
        """,
        rows,
    )


async def list_kept(
    db: Connection, *, state: str, source: str | None, code: str | None, after: UUID | None, limit: int
) -> list[asyncpg.Record]:
    """Oldest first."""
    return await db.fetch(
        """
        SELECT * FROM quarantine WHERE state = $1 AND ($2::text IS NULL OR source = $2) AND ($3::text IS NULL OR code = $3)
          AND ($4::uuid IS NULL OR id > $4) ORDER BY id LIMIT $5
        """,
        state, source, code, after, limit,
    )


async def list_between(
    db: Connection, *, source: str, code: str | None, since: datetime, until: datetime, after: UUID | None, limit: int
) -> list[UUID]:
    """Open payloads of a source received within a time, oldest first."""
    rows = await db.fetch(
        """
        SELECT id FROM quarantine WHERE state = 'open' AND source = $1 AND ($2::text IS NULL OR code = $2)
          AND received_at >= $3 AND received_at < $4 AND ($5::uuid IS NULL OR id > $5) ORDER BY id LIMIT $6
        """,
        source, code, since, until, after, limit,
    )
    return [row[0] for row in rows]


async def find(db: Connection, entry_id: UUID) -> asyncpg.Record | None:
    """One payload."""
    return await db.fetchrow("SELECT * FROM quarantine WHERE id = $1", entry_id)


async def find_for_update(db: Connection, entry_id: UUID) -> asyncpg.Record | None:
    """One payload, locked."""
    return await db.fetchrow("SELECT * FROM quarantine WHERE id = $1 FOR UPDATE", entry_id)


async def close(db: Connection, entry_id: UUID, *, state: str, at: datetime) -> None:
    """`state`: released or discarded. A discarded payload is not kept."""
    await db.execute(
        "UPDATE quarantine SET state = $2, closed_at = $3, payload = CASE WHEN $2 = 'discarded' THEN ''::bytea ELSE payload END WHERE id = $1",
        entry_id, state, at,
    )


async def delete_older(db: Connection, before: datetime, limit: int = 5000) -> int:
    """Forget what was received before a time; returns how many."""
    status = await db.execute(
        "DELETE FROM quarantine WHERE id IN (SELECT id FROM quarantine WHERE received_at < $1 LIMIT $2)", before, limit
    )
    return int(status.rpartition(" ")[2])

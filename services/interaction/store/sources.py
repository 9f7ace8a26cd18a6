"""What is known of sources: tracking plans, names of events, violations, and how much was never collected."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import asyncpg

from chassis.database import Connection


async def list_plan_versions(db: Connection) -> dict[str, int]:
    """Source -> the version of its plan that is in force."""
    return {row[0]: row[1] for row in await db.fetch("SELECT source, max(version) FROM tracking_plan GROUP BY source")}


async def find_plan(db: Connection, source: str, *, version: int | None = None) -> asyncpg.Record | None:
    """The plan of a source: the newest, or that version."""
    return await db.fetchrow(
        "SELECT * FROM tracking_plan WHERE source = $1 AND ($2::int IS NULL OR version = $2) ORDER BY version DESC LIMIT 1", source, version
    )


async def lock_plan(db: Connection, source: str) -> None:
    """One change of a source's plan at a time."""
    await db.execute("SELECT pg_advisory_xact_lock(7305104, hashtext($1))", source)


async def insert_plan(db: Connection, *, source: str, version: int, plan: str, at: datetime, by: str) -> None:
    await db.execute(
        "INSERT INTO tracking_plan (source, version, plan, changed_at, changed_by) VALUES ($1, $2, $3, $4, $5)", source, version, plan, at, by
    )


async def list_plans(db: Connection, source: str) -> list[asyncpg.Record]:
    """All versions without their content, newest first."""
    return await db.fetch("SELECT version, changed_at, changed_by FROM tracking_plan WHERE source = $1 ORDER BY version DESC", source)


async def add_names(db: Connection, rows: Sequence[tuple[str, str, str, int, int, datetime]]) -> None:
    """Add (source, kind, name, stored, violating, when) to the counts."""
    ordered = sorted(rows)
    await db.execute(
        """
        INSERT INTO event_name AS e (source, kind, name, stored, violating, first_seen, last_seen)
        SELECT source, kind, name, stored, violating, at, at
        FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::timestamptz[])
            AS given (source, kind, name, stored, violating, at)
        ON CONFLICT (source, kind, name) DO UPDATE
        SET stored = e.stored + excluded.stored, violating = e.violating + excluded.violating,
            first_seen = least(e.first_seen, excluded.first_seen), last_seen = greatest(e.last_seen, excluded.last_seen)
        """,
        *([row[column] for row in ordered] for column in range(6)),
    )


async def list_known_names(db: Connection, source: str, limit: int) -> list[tuple[str, str]]:
    """(kind, name) that were counted before."""
    return [(row[0], row[1]) for row in await db.fetch("SELECT kind, name FROM event_name WHERE source = $1 LIMIT $2", source, limit)]


async def list_names(db: Connection, source: str) -> list[asyncpg.Record]:
    """All counts of a source, the most frequent first."""
    return await db.fetch("SELECT * FROM event_name WHERE source = $1 ORDER BY stored + violating DESC, kind, name", source)


async def add_violations(db: Connection, rows: Sequence[tuple[str, str, str, str, str, int, datetime]]) -> None:
    """Add (source, name, code, pointer, keyword, count, when)."""
    await db.executemany(
        """
        INSERT INTO plan_violation AS v (source, name, code, pointer, keyword, count, first_seen, last_seen)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
        ON CONFLICT (source, name, code, pointer, keyword) DO UPDATE
        SET count = v.count + excluded.count, first_seen = least(v.first_seen, excluded.first_seen),
            last_seen = greatest(v.last_seen, excluded.last_seen)
        """,
        sorted(rows),
    )


async def list_violations(db: Connection, source: str, limit: int) -> list[asyncpg.Record]:
    """The most frequent first."""
    return await db.fetch(
        "SELECT name, code, pointer, keyword, count, first_seen, last_seen FROM plan_violation WHERE source = $1 "
        "ORDER BY count DESC, name, code, pointer, keyword LIMIT $2",
        source, limit,
    )


async def add_drops(db: Connection, rows: Sequence[tuple[str, date, str, int]]) -> None:
    """Add (source, day, reason, count)."""
    await db.executemany(
        """
        INSERT INTO collection_drop AS d (source, day, reason, count) VALUES ($1, $2, $3, $4)
        ON CONFLICT (source, day, reason) DO UPDATE SET count = d.count + excluded.count
        """,
        sorted(rows),
    )


async def list_drops(db: Connection, source: str, *, since: date | None, until: date | None) -> list[asyncpg.Record]:
    """Counts by day and reason, newest first."""
    return await db.fetch(
        "SELECT day, reason, count FROM collection_drop WHERE source = $1 AND ($2::date IS NULL OR day >= $2) AND ($3::date IS NULL OR day < $3) "
        "ORDER BY day DESC, reason",
        source, since, until,
    )


async def list_recent(db: Connection, source: str, *, before: Any, look_at: int) -> list[asyncpg.Record]:
    """(id, record or null) of the `look_at` events before an id, newest first; the record only where it is of this source."""
    return await db.fetch(
        """
        SELECT id, CASE WHEN strpos(left(record, 1000), $2) > 0 THEN record END AS record
        FROM interaction WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $3
        """,
        before, f'"source":"{source}"', look_at,
    )

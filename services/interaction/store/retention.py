"""The parts of the table of events, and how long events of each kind are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import asyncpg

from chassis.database import Connection


async def list_months(db: Connection) -> list[str]:
    """The names of the parts that hold a month, oldest first."""
    rows = await db.fetch(
        r"""
        SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
        WHERE inhparent = 'interaction'::regclass AND child.relname ~ '^interaction_\d{6}$' ORDER BY child.relname
        """
    )
    return [row[0] for row in rows]


async def make_month(db: Connection, first: date) -> bool:
    """Add the part of a month; false when it is there."""
    made: bool = await db.fetchval("SELECT make_interaction_month($1)", first)
    return made


async def drop_month(db: Connection, name: str) -> None:
    """Drop the part of a month with all that is in it."""
    await db.execute("SELECT drop_interaction_month($1)", name)


async def list_rules(db: Connection) -> list[asyncpg.Record]:
    """All rules, in the order of their kinds."""
    return await db.fetch("SELECT kind, days, reason, swept_until, changed_at FROM retention_rule ORDER BY kind")


async def put_rules(db: Connection, rows: Sequence[tuple[str, int | None, str]], *, at: datetime) -> None:
    """(kind, days, reason) are all rules from now on; what was swept by a changed one is looked through again."""
    await db.execute("DELETE FROM retention_rule WHERE NOT kind = ANY($1::text[])", [row[0] for row in rows])
    await db.executemany(
        """
        INSERT INTO retention_rule (kind, days, reason, changed_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (kind) DO UPDATE SET days = excluded.days, reason = excluded.reason, changed_at = excluded.changed_at, swept_until = NULL
        """,
        [(*row, at) for row in rows],
    )


async def note_swept(db: Connection, kind: str, until: datetime) -> None:
    """Nothing of this kind is left that was received before."""
    await db.execute("UPDATE retention_rule SET swept_until = $2 WHERE kind = $1", kind, until)


async def count_expired(db: Connection, *, kind: str, others: Sequence[str], before: datetime) -> int:
    """Events received before a time: of a kind, or for `*` of all but the others."""
    found: int = await db.fetchval(
        "SELECT count(*) FROM interaction WHERE received_at < $3 AND CASE WHEN $1 = '*' THEN NOT kind = ANY($2::text[]) ELSE kind = $1 END",
        kind, others, before,
    )
    return found


async def delete_expired(db: Connection, *, kind: str, others: Sequence[str], since: datetime | None, before: datetime, limit: int) -> int:
    """Delete at most `limit` of what `count_expired` counts, received since a time; returns how many."""
    status = await db.execute(
        """
        WITH expired AS (
            SELECT id, received_at FROM interaction
            WHERE received_at < $4 AND ($3::timestamptz IS NULL OR received_at >= $3)
              AND CASE WHEN $1 = '*' THEN NOT kind = ANY($2::text[]) ELSE kind = $1 END
            LIMIT $5)
        DELETE FROM interaction i USING expired e WHERE i.id = e.id AND i.received_at = e.received_at
        """,
        kind, others, since, before, limit,
    )
    return int(status.rpartition(" ")[2])

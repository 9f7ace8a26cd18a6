"""SQL of the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from chassis.database import Connection
from gateway.domain.auditing import Noted, Sealed


class Wanted(NamedTuple):
    """What to look for; times in microseconds since the epoch."""

    subject: str | None
    actor: str | None
    action: str | None
    from_at: int | None
    to_at: int | None


async def note(db: Connection, noted: Sequence[Noted]) -> None:
    await db.executemany(
        "INSERT INTO audit_waiting (at, actor, action, method, object, subject, status, request_id, sees) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)", noted
    )


async def take_waiting(db: Connection, *, limit: int) -> list[Noted]:
    """The oldest, removed: they are chained in the same transaction."""
    rows = await db.fetch(
        "DELETE FROM audit_waiting WHERE id IN (SELECT id FROM audit_waiting ORDER BY id LIMIT $1) RETURNING *", limit
    )
    return [Noted(*list(row.values())[1:]) for row in sorted(rows, key=lambda row: int(row["id"]))]


async def last(db: Connection) -> Sealed | None:
    row = await db.fetchrow("SELECT seq, body, hash FROM audit_entry ORDER BY seq DESC LIMIT 1")
    return Sealed(**row) if row else None


async def add(db: Connection, entries: Sequence[Sealed]) -> None:
    await db.executemany("INSERT INTO audit_entry (seq, body, hash) VALUES ($1, $2, $3)", entries)


async def after(db: Connection, seq: int, *, limit: int) -> list[Sealed]:
    return [Sealed(**row) for row in await db.fetch("SELECT seq, body, hash FROM audit_entry WHERE seq > $1 ORDER BY seq LIMIT $2", seq, limit)]


async def at(db: Connection, seq: int) -> Sealed | None:
    row = await db.fetchrow("SELECT seq, body, hash FROM audit_entry WHERE seq = $1", seq)
    return Sealed(**row) if row else None


async def page(db: Connection, wanted: Wanted, *, before: int | None, limit: int) -> list[Sealed]:
    """The newest first."""
    rows = await db.fetch(
        """
        SELECT seq, body, hash FROM audit_entry
        WHERE ($1::text IS NULL OR subject = $1) AND ($2::text IS NULL OR actor = $2) AND ($3::text IS NULL OR action = $3)
            AND ($4::bigint IS NULL OR at >= $4) AND ($5::bigint IS NULL OR at < $5) AND ($6::bigint IS NULL OR seq < $6)
        ORDER BY seq DESC LIMIT $7
        """,
        *wanted, before, limit,
    )
    return [Sealed(**row) for row in rows]


async def anchor(db: Connection, seq: int, attested: str, *, now: datetime) -> None:
    await db.execute("INSERT INTO audit_anchor (seq, attested, anchored_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", seq, attested, now)


async def anchored(db: Connection) -> int:
    """The place of the newest anchor; 0: none."""
    return int(await db.fetchval("SELECT coalesce(max(seq), 0) FROM audit_anchor"))


async def anchors(db: Connection) -> list[str]:
    return [row["attested"] for row in await db.fetch("SELECT attested FROM audit_anchor ORDER BY seq")]


async def anchors_after(db: Connection, seq: int, *, limit: int) -> list[tuple[int, str]]:
    rows = await db.fetch("SELECT seq, attested FROM audit_anchor WHERE seq > $1 ORDER BY seq LIMIT $2", seq, limit)
    return [(row["seq"], row["attested"]) for row in rows]

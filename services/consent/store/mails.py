"""Which pending grants still need their link sent, and with what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from chassis.database import Connection


async def plan(db: Connection, entries: Sequence[UUID], *, now: datetime) -> None:
    """Their links are to be sent."""
    await db.executemany(
        "INSERT INTO confirm_mail (entry_id, created_at, next_at, changed_at) VALUES ($1, $2, $2, $2)", [(entry, now) for entry in entries]
    )


async def due(db: Connection, *, now: datetime, limit: int) -> list[asyncpg.Record]:
    """What is to be sent, with the person it is for now (null: nobody is known yet), and until when the grant waits (null: no more).

    `sent_at`: when a link for the same was last sent to that person.
    """
    return await db.fetch(
        """
        SELECT m.entry_id, m.attempts, m.created_at, e.purpose, e.channel, e.wording_version, p.language, w.expires_at,
               coalesce(i.customer_id, p.customer_id) AS customer_id, sent.changed_at AS sent_at
        FROM confirm_mail m JOIN entry e ON e.id = m.entry_id JOIN entry_person p ON p.entry_id = m.entry_id
        LEFT JOIN pending w ON w.entry_id = m.entry_id
        LEFT JOIN identity_map i ON i.identity = p.identity
        LEFT JOIN LATERAL (
            SELECT o.changed_at FROM entry_person q JOIN entry f ON f.id = q.entry_id JOIN confirm_mail o ON o.entry_id = q.entry_id
            WHERE (q.customer_id = p.customer_id OR q.identity = p.identity) AND f.purpose = e.purpose AND f.channel = e.channel
              AND o.state = 'accepted' AND o.entry_id <> m.entry_id
            ORDER BY o.changed_at DESC LIMIT 1) AS sent ON true
        WHERE m.state = 'waiting' AND m.next_at <= $1 ORDER BY m.next_at LIMIT $2
        """,
        now, limit,
    )


async def settle(
    db: Connection, *, entry_id: UUID, state: str, reason: str | None, message_id: UUID | None, next_at: datetime, now: datetime
) -> None:
    """What came of an attempt."""
    await db.execute(
        """
        UPDATE confirm_mail SET state = $2, reason = $3, message_id = coalesce($4, message_id), attempts = attempts + 1, next_at = $5, changed_at = $6
        WHERE entry_id = $1 AND state = 'waiting'
        """,
        entry_id, state, reason, message_id, next_at, now,
    )


async def forget(db: Connection, *, now: datetime, days: int) -> None:
    """What ended long ago is of no use to anybody."""
    await db.execute("DELETE FROM confirm_mail WHERE state <> 'waiting' AND changed_at < $1", now - timedelta(days=days))


async def page(db: Connection, *, state: str | None, before: UUID | None, limit: int) -> list[asyncpg.Record]:
    """The newest first."""
    return await db.fetch(
        """
        SELECT m.entry_id, e.purpose, e.channel, m.state, m.reason, m.message_id, m.attempts, m.created_at, m.changed_at
        FROM confirm_mail m JOIN entry e ON e.id = m.entry_id
        WHERE ($1::text IS NULL OR m.state = $1) AND ($2::uuid IS NULL OR m.entry_id < $2) ORDER BY m.entry_id DESC LIMIT $3
        """,
        state, before, limit,
    )


async def templates(db: Connection) -> dict[str, asyncpg.Record]:
    """Language -> template."""
    return {row["language"]: row for row in await db.fetch("SELECT * FROM confirm_template ORDER BY language")}


async def put_template(db: Connection, *, language: str, template_id: UUID, actor: str, now: datetime, replace: bool) -> None:
    """`replace` False: only where none is set."""
    await db.execute(
        """
        INSERT INTO confirm_template (language, template_id, changed_by, changed_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (language) DO UPDATE SET template_id = excluded.template_id, changed_by = excluded.changed_by, changed_at = excluded.changed_at WHERE $5
        """,
        language, template_id, actor, now, replace,
    )

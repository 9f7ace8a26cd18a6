"""Messages of service: rules, what waits, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from chassis.database import Connection


class Notice(NamedTuple):
    """A message to be; `id` is made of what it is about, so that it is there once."""

    id: UUID
    kind: str
    about: str
    interaction_id: UUID | None
    identity: bytes | None
    customer_id: UUID | None
    reply_to: str
    data: str


async def list_rules(db: Connection) -> list[asyncpg.Record]:
    return await db.fetch("SELECT * FROM notice_rule ORDER BY kind")


async def put_rule(db: Connection, *, kind: str, template_id: UUID, active: bool, actor: str, now: datetime) -> None:
    await db.execute(
        """
        INSERT INTO notice_rule (kind, template_id, active, changed_at, changed_by) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (kind) DO UPDATE SET template_id = excluded.template_id, active = excluded.active, changed_at = excluded.changed_at, changed_by = excluded.changed_by
        """,
        kind, template_id, active, now, actor,
    )


async def insert(db: Connection, notices: Sequence[Notice], *, now: datetime) -> int:
    """Those of kinds with an active rule, each once; returns how many are new."""
    rows = await db.fetch(
        """
        INSERT INTO notice (id, kind, about, interaction_id, identity, customer_id, template_id, reply_to, data, state, attempts, round, created_at, next_at, changed_at)
        SELECT n.id, n.kind, n.about, n.interaction_id, n.identity, n.customer_id, r.template_id, n.reply_to, n.data, 'waiting', 0, 0, $9, $9, $9
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::bytea[], $6::uuid[], $7::text[], $8::text[])
            AS n (id, kind, about, interaction_id, identity, customer_id, reply_to, data)
        JOIN notice_rule r ON r.kind = n.kind AND r.active
        ORDER BY n.id ON CONFLICT (id) DO NOTHING RETURNING id
        """,
        *([notice[place] for notice in notices] for place in range(8)), now,
    )
    return len(rows)


async def list_due(db: Connection, *, now: datetime, limit: int) -> list[asyncpg.Record]:
    """What is to be handed over, with the customer whose the identity is now."""
    return await db.fetch(
        """
        SELECT n.*, coalesce(i.customer_id, n.customer_id) AS recipient FROM notice n LEFT JOIN identity_map i ON i.identity = n.identity
        WHERE n.state = 'waiting' AND n.next_at <= $1 ORDER BY n.next_at LIMIT $2
        """,
        now, limit,
    )


async def settle(
    db: Connection, *, notice_id: UUID, state: str, reason: str | None, message_id: UUID | None, next_at: datetime, now: datetime
) -> None:
    """What came of an attempt to hand it over."""
    await db.execute(
        """
        UPDATE notice SET state = $2, reason = $3, message_id = coalesce($4, message_id), attempts = attempts + 1, next_at = $5, changed_at = $6
        WHERE id = $1 AND state = 'waiting'
        """,
        notice_id, state, reason, message_id, next_at, now,
    )


async def note_outcome(db: Connection, *, message_id: UUID, state: str, reason: str | None, now: datetime) -> None:
    """What became of the message; a bounce comes after it was sent."""
    await db.execute(
        "UPDATE notice SET state = $2, reason = $3, changed_at = $4 WHERE message_id = $1 AND state <> 'failed'", message_id, state, reason, now
    )


async def retry(db: Connection, notice_id: UUID, *, now: datetime) -> bool:
    """A failed one waits again, as a new message (another `round`); False when there is none."""
    found = await db.fetchval(
        "UPDATE notice SET state = 'waiting', reason = NULL, message_id = NULL, round = round + 1, created_at = $2, next_at = $2, changed_at = $2 WHERE id = $1 AND state = 'failed' RETURNING id", notice_id, now
    )
    return found is not None


async def list_notices(
    db: Connection, *, about: str | None, kind: str | None, state: str | None, before: tuple[datetime, UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """The newest first."""
    before_at, before_id = before or (None, None)
    arguments: tuple[Any, ...] = (about, kind, state, before_at, before_id, limit)
    return await db.fetch(
        """
        SELECT id, kind, about, interaction_id, customer_id, template_id, state, reason, message_id, attempts, created_at, changed_at FROM notice
        WHERE ($1::text IS NULL OR about = $1) AND ($2::text IS NULL OR kind = $2) AND ($3::text IS NULL OR state = $3)
          AND ($4::timestamptz IS NULL OR (created_at, id) < ($4, $5::uuid))
        ORDER BY created_at DESC, id DESC LIMIT $6
        """,
        *arguments,
    )


async def find_deliveries(db: Connection, interactions: Sequence[UUID]) -> dict[UUID, tuple[str, str | None]]:
    """Touch point -> (state, reason) of the message that carries it."""
    rows = await db.fetch("SELECT interaction_id, state, reason FROM notice WHERE interaction_id = ANY($1::uuid[])", interactions)
    return {row["interaction_id"]: (row["state"], row["reason"]) for row in rows}

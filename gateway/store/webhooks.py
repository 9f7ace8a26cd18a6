"""SQL of webhooks, deliveries and replays."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from chassis.database import Connection
from chassis.ids import new_id
from gateway.domain.webhooks import Delivery, Message, Replay, Webhook


class Settled(NamedTuple):
    """What a delivery has come to; `next_at` None: nothing more is tried."""

    id: UUID
    state: str
    tried: dict[str, Any]
    next_at: datetime | None


async def insert(db: Connection, webhook: Webhook) -> None:
    await db.execute(
        """
        INSERT INTO webhook (id, url, description, events, sources, personal, state, reason, secrets, failing_since, created_at, created_by, changed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """,
        *webhook,
    )


async def update(db: Connection, webhook: Webhook) -> None:
    await db.execute(
        """
        UPDATE webhook SET url = $2, description = $3, events = $4, sources = $5, personal = $6, state = $7, reason = $8, secrets = $9,
            failing_since = $10, changed_at = $11 WHERE id = $1
        """,
        *webhook[:10], webhook.changed_at,
    )


async def find(db: Connection, webhook_id: UUID, *, lock: bool = False) -> Webhook | None:
    row = await db.fetchrow("SELECT * FROM webhook WHERE id = $1 FOR UPDATE" if lock else "SELECT * FROM webhook WHERE id = $1", webhook_id)
    return Webhook(**row) if row else None


async def page(db: Connection, *, after: UUID | None, limit: int) -> list[Webhook]:
    """Oldest first."""
    rows = await db.fetch("SELECT * FROM webhook WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2", after, limit)
    return [Webhook(**row) for row in rows]


async def listening(db: Connection) -> list[Webhook]:
    """Those for whom messages are planned: paused ones too, so that nothing is missed."""
    return [Webhook(**row) for row in await db.fetch("SELECT * FROM webhook WHERE state <> 'disabled' ORDER BY id")]


async def delete(db: Connection, webhook_id: UUID) -> bool:
    return (await db.execute("DELETE FROM webhook WHERE id = $1", webhook_id)) == "DELETE 1"


async def failed_since(db: Connection, webhook_id: UUID, at: datetime | None) -> datetime | None:
    """Note the first failure after a success, or with None a success; since when it has been failing."""
    found: datetime | None = await db.fetchval(
        "UPDATE webhook SET failing_since = CASE WHEN $2::timestamptz IS NULL THEN NULL ELSE coalesce(failing_since, $2) END WHERE id = $1 "
        "RETURNING failing_since",
        webhook_id, at,
    )
    return found


async def disable(db: Connection, webhook_id: UUID, *, reason: str, at: datetime) -> None:
    await db.execute("UPDATE webhook SET state = 'disabled', reason = $2, changed_at = $3 WHERE id = $1 AND state <> 'disabled'", webhook_id, reason, at)


async def plan(db: Connection, webhook_id: UUID, messages: Sequence[Message], *, at: datetime, again: bool = False) -> int:
    """Add deliveries, each message once; with `again` those that are settled start anew. Records of erased people are left out. How many."""
    status = await db.execute(
        """
        INSERT INTO webhook_delivery AS d (id, webhook_id, message_id, event_type, key, occurred_at, planned_at, payload, state, attempts, next_at)
        SELECT m.id, $1, m.message_id, m.event_type, m.key, m.occurred_at, $2, m.payload, 'waiting', 0, $2
        FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::bytea[])
            AS m (id, message_id, event_type, key, occurred_at, payload)
        WHERE NOT EXISTS (SELECT FROM webhook_erased e WHERE e.key = m.key AND e.erased_at >= m.occurred_at)
        ON CONFLICT (webhook_id, message_id) DO UPDATE
            SET state = 'waiting', attempts = 0, next_at = excluded.next_at, payload = excluded.payload, settled_at = NULL
            WHERE $9 AND d.state IN ('delivered', 'failed')
        """,
        webhook_id, at, *([list(column) for column in zip(*((new_id(), *message) for message in messages), strict=True)] or [[]] * 6), again,
    )
    return int(status.rpartition(" ")[2])


async def due(db: Connection, *, at: datetime, without: Sequence[UUID]) -> list[UUID]:
    """Active endpoints for which something waits."""
    rows = await db.fetch(
        """
        SELECT w.id FROM webhook w WHERE w.state = 'active' AND NOT w.id = ANY($2::uuid[])
            AND EXISTS (SELECT FROM webhook_delivery d WHERE d.webhook_id = w.id AND d.state = 'waiting' AND d.next_at <= $1)
        """,
        at, without,
    )
    return [row["id"] for row in rows]


async def claim(db: Connection, webhook_id: UUID, *, at: datetime, lease_until: datetime, limit: int) -> list[Delivery]:
    """Take deliveries that are due; who dies with them leaves them to others when the lease ends."""
    rows = await db.fetch(
        """
        UPDATE webhook_delivery d SET attempts = attempts + 1, next_at = $3
        FROM (
            SELECT id FROM webhook_delivery WHERE webhook_id = $1 AND state = 'waiting' AND next_at <= $2 ORDER BY next_at, id LIMIT $4
            FOR UPDATE SKIP LOCKED
        ) AS taken
        WHERE d.id = taken.id RETURNING d.*
        """,
        webhook_id, at, lease_until, limit,
    )
    return sorted((_delivery(row) for row in rows), key=lambda delivery: delivery.id)


async def settle(db: Connection, outcomes: Sequence[Settled], *, at: datetime) -> None:
    """What was erased meanwhile stays erased."""
    await db.execute(
        """
        UPDATE webhook_delivery d SET state = o.state, tries = d.tries || jsonb_build_array(o.tried), next_at = o.next_at,
            settled_at = CASE WHEN o.next_at IS NULL THEN $5::timestamptz END
        FROM unnest($1::uuid[], $2::text[], $3::jsonb[], $4::timestamptz[]) AS o (id, state, tried, next_at)
        WHERE d.id = o.id AND d.state = 'waiting'
        """,
        [one.id for one in outcomes], [one.state for one in outcomes], [json.dumps(one.tried) for one in outcomes],
        [one.next_at for one in outcomes], at,
    )


async def find_delivery(db: Connection, webhook_id: UUID, delivery_id: UUID) -> Delivery | None:
    row = await db.fetchrow("SELECT * FROM webhook_delivery WHERE id = $2 AND webhook_id = $1", webhook_id, delivery_id)
    return _delivery(row) if row else None


async def deliveries(
    db: Connection, webhook_id: UUID, *, state: str | None, event_type: str | None, before: UUID | None, limit: int
) -> list[Delivery]:
    """The newest first."""
    rows = await db.fetch(
        """
        SELECT * FROM webhook_delivery WHERE webhook_id = $1 AND ($2::text IS NULL OR state = $2) AND ($3::text IS NULL OR event_type = $3)
            AND ($4::uuid IS NULL OR id < $4) ORDER BY id DESC LIMIT $5
        """,
        webhook_id, state, event_type, before, limit,
    )
    return [_delivery(row) for row in rows]


async def again(db: Connection, delivery_id: UUID, *, at: datetime) -> None:
    await db.execute("UPDATE webhook_delivery SET state = 'waiting', attempts = 0, next_at = $2, settled_at = NULL WHERE id = $1", delivery_id, at)


async def insert_replay(db: Connection, replay: Replay) -> None:
    await db.execute(
        """
        INSERT INTO webhook_replay (id, webhook_id, from_at, to_at, state, positions, progress, planned, created_at, created_by, done_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """,
        *replay._replace(positions=json.dumps(replay.positions)),  # type: ignore[arg-type]
    )


async def next_replay(db: Connection) -> Replay | None:
    """The oldest that is not done, kept from others."""
    row = await db.fetchrow("SELECT * FROM webhook_replay WHERE state = 'running' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED")
    return _replay(row) if row else None


async def find_replay(db: Connection, webhook_id: UUID, replay_id: UUID) -> Replay | None:
    row = await db.fetchrow("SELECT * FROM webhook_replay WHERE id = $2 AND webhook_id = $1", webhook_id, replay_id)
    return _replay(row) if row else None


async def advance_replay(db: Connection, replay: Replay) -> None:
    await db.execute(
        "UPDATE webhook_replay SET state = $2, positions = $3, progress = $4, planned = $5, done_at = $6 WHERE id = $1",
        replay.id, replay.state, json.dumps(replay.positions), replay.progress, replay.planned, replay.done_at,
    )


async def erase(db: Connection, keys: Sequence[str], *, at: datetime) -> None:
    """Nothing of these keys is kept or delivered any more."""
    await db.execute(
        "UPDATE webhook_delivery SET payload = NULL, state = 'erased', next_at = NULL, settled_at = coalesce(settled_at, $2) "
        "WHERE key = ANY($1::text[]) AND payload IS NOT NULL",
        keys, at,
    )
    await db.execute(
        "INSERT INTO webhook_erased (key, erased_at) SELECT unnest($1::text[]), $2 ON CONFLICT (key) DO UPDATE SET erased_at = excluded.erased_at",
        keys, at,
    )


async def forget(db: Connection, *, payloads: datetime, rows: datetime, limit: int) -> int:
    """Drop contents and rows that are older, at most `limit` of each; how many were dropped at most of either."""
    first = await db.execute(
        "UPDATE webhook_delivery SET payload = NULL WHERE id IN (SELECT id FROM webhook_delivery WHERE planned_at < $1 AND payload IS NOT NULL "
        "AND state <> 'waiting' LIMIT $2)",
        payloads, limit,
    )
    second = await db.execute(
        "DELETE FROM webhook_delivery WHERE id IN (SELECT id FROM webhook_delivery WHERE planned_at < $1 AND state <> 'waiting' LIMIT $2)", rows, limit
    )
    await db.execute("DELETE FROM webhook_erased WHERE erased_at < $1", rows)
    return max(int(first.rpartition(" ")[2]), int(second.rpartition(" ")[2]))


def _delivery(row: Any) -> Delivery:
    return Delivery(**{**row, "tries": json.loads(row["tries"])})


def _replay(row: Any) -> Replay:
    return Replay(**{**row, "positions": json.loads(row["positions"])})

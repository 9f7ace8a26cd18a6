"""Which planned messages a sender takes, and how fast."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from chassis.database import Connection

MARKETING = "marketing"
TRANSACTIONAL = "transactional"


class Claimed(NamedTuple):
    """A message a sender holds."""

    id: UUID
    origin: str
    origin_id: UUID
    step: str
    channel: str
    customer_id: UUID
    address_hash: bytes | None
    attempts: int
    queue: str
    purpose: str
    template_id: UUID
    template_version: int
    arm: str | None
    priority: int
    value: int | None
    data: Mapping[str, Any]
    sender: Mapping[str, str] | None
    provider: str | None


async def any_due(db: Connection, *, queue: str, channels: Collection[str]) -> bool:
    """Whether there is something that `claim` could take."""
    return bool(await db.fetchval(
        """
        SELECT EXISTS (SELECT FROM message m WHERE m.waits AND m.origin <> 'campaign' AND m.queue = $1 AND m.channel = ANY($2::text[])
                AND (m.retry_at IS NULL OR m.retry_at <= now()) AND (m.lease_until IS NULL OR m.lease_until <= now())
                AND NOT EXISTS (SELECT FROM held_origin h WHERE h.origin_id = m.origin_id))
            OR $1 = 'marketing' AND EXISTS (SELECT FROM campaign c JOIN message m ON m.origin_id = c.id
                WHERE c.status = 'sending' AND c.channel = ANY($2::text[]) AND m.waits AND m.origin = 'campaign'
                AND (m.retry_at IS NULL OR m.retry_at <= now()) AND (m.lease_until IS NULL OR m.lease_until <= now()))
        """,
        queue, list(channels),
    ))


async def claim_others(
    db: Connection, *, owner: UUID, queue: str, channels: Collection[str], limit: int, lease: timedelta
) -> list[Claimed]:
    """Take planned messages of everything but campaigns, for one sender, until the lease ends."""
    rows = await db.fetch(
        """
        WITH picked AS (
            SELECT id FROM message
            WHERE waits AND origin <> 'campaign' AND queue = $4 AND channel = ANY($5::text[]) AND (retry_at IS NULL OR retry_at <= now())
                AND (lease_until IS NULL OR lease_until <= now())
                AND NOT EXISTS (SELECT FROM held_origin h WHERE h.origin_id = message.origin_id)
            ORDER BY retry_at NULLS FIRST, priority DESC, value DESC NULLS LAST, id LIMIT $2 FOR UPDATE SKIP LOCKED)
        UPDATE message SET lease_owner = $1, lease_until = now() + $3::interval FROM picked WHERE message.id = picked.id
        RETURNING message.id, origin, origin_id, step, channel, customer_id, address_hash, attempts, queue, purpose, template_id, template_version,
            arm, priority, value, data, sender, provider
        """,
        owner, limit, lease, queue, list(channels),
    )
    return [_claimed(row) for row in rows]


async def claim_campaigns(
    db: Connection, *, owner: UUID, most: Mapping[UUID, int], limit: int, lease: timedelta
) -> list[Claimed]:
    """Take planned messages of campaigns that are sending, of each at most so many."""
    rows = await db.fetch(
        """
        WITH picked AS (
            SELECT due.id FROM unnest($4::uuid[], $5::int[]) AS c (id, most) CROSS JOIN LATERAL (
                SELECT id FROM message
                WHERE origin_id = c.id AND origin = 'campaign' AND waits AND (retry_at IS NULL OR retry_at <= now())
                    AND (lease_until IS NULL OR lease_until <= now())
                ORDER BY retry_at NULLS FIRST, priority DESC, value DESC NULLS LAST, id LIMIT c.most FOR UPDATE SKIP LOCKED) due
            LIMIT $2)
        UPDATE message SET lease_owner = $1, lease_until = now() + $3::interval FROM picked WHERE message.id = picked.id
        RETURNING message.id, origin, origin_id, step, channel, customer_id, address_hash, attempts, queue, purpose, template_id, template_version,
            arm, priority, value, data, sender, provider
        """,
        owner, limit, lease, list(most), list(most.values()),
    )
    return [_claimed(row) for row in rows]


async def sending(db: Connection, *, channels: Collection[str]) -> dict[UUID, int | None]:
    """Campaigns that send now on these channels, and how many messages a minute each may."""
    rows = await db.fetch(
        "SELECT id, per_minute FROM campaign WHERE status = 'sending' AND channel = ANY($1::text[]) ORDER BY id", list(channels)
    )
    return {row["id"]: row["per_minute"] for row in rows}


async def room(db: Connection, *, name: str, per_minute: float) -> int:
    """How many of a limited rate may go now. The row stays locked: `spend` in the same transaction what was used.

    Unused room is kept for a second (or for one message, where the rate is lower), so a pause is not made up for by a burst.
    """
    await db.execute("INSERT INTO pace (name, next_at) VALUES ($1, now()) ON CONFLICT DO NOTHING", name)
    found: int = await db.fetchval(
        """
        SELECT floor(extract(epoch FROM (now() - greatest(next_at, now() - make_interval(secs => greatest(1.0, 60.0 / $2)))))
            * $2 / 60.0 + 0.000001)::int
        FROM pace WHERE name = $1 FOR UPDATE
        """,
        name, per_minute,
    )
    return max(0, found)


async def spend(db: Connection, *, name: str, per_minute: float, count: int) -> None:
    await db.execute(
        """
        UPDATE pace SET next_at = greatest(next_at, now() - make_interval(secs => greatest(1.0, 60.0 / $2))) + make_interval(secs => $3 * 60.0 / $2)
        WHERE name = $1
        """,
        name, per_minute, count,
    )


def _claimed(row: Any) -> Claimed:
    values = {name: row[name] for name in Claimed._fields}
    values["data"] = msgspec.json.decode(values["data"])
    values["sender"] = msgspec.json.decode(values["sender"]) if values["sender"] is not None else None
    return Claimed(**values)

"""Groups of customers: who was invited, who is in, what they did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Connection


async def insert_group(db: Connection, *, group_id: UUID, programme_id: UUID, name: str, about: str, at: datetime) -> None:
    await db.execute(
        "INSERT INTO community_group (id, programme_id, name, about, created_at) VALUES ($1, $2, $3, $4, $5)", group_id, programme_id, name, about, at
    )


async def find_group(db: Connection, group_id: UUID) -> dict[str, Any] | None:
    row = await db.fetchrow("SELECT * FROM community_group WHERE id = $1", group_id)
    return None if row is None else dict(row)


async def list_groups(db: Connection, *, programme_id: UUID) -> list[dict[str, Any]]:
    """Groups with how many were invited, are in, and did something."""
    rows = await db.fetch(
        """
        SELECT g.*, (SELECT count(*) FROM community_member m WHERE m.group_id = g.id AND m.state = 'invited') AS invited,
            (SELECT count(*) FROM community_member m WHERE m.group_id = g.id AND m.state = 'joined') AS members,
            (SELECT count(*) FROM community_activity a WHERE a.group_id = g.id) AS activities,
            (SELECT count(DISTINCT customer_id) FROM community_activity a WHERE a.group_id = g.id) AS active
        FROM community_group g WHERE g.programme_id = $1 ORDER BY g.id
        """,
        programme_id,
    )
    return [dict(row) for row in rows]


async def invite(db: Connection, *, group_id: UUID, customer_ids: Sequence[UUID], by: UUID | None, at: datetime) -> list[UUID]:
    """Who was neither invited nor in it before."""
    rows = await db.fetch(
        """
        INSERT INTO community_member (group_id, customer_id, state, invited_by, invited_at)
        SELECT $1, customer_id, 'invited', $3, $4 FROM unnest($2::uuid[]) AS given (customer_id)
        ON CONFLICT DO NOTHING RETURNING customer_id
        """,
        group_id, list(customer_ids), by, at,
    )
    return [row["customer_id"] for row in rows]


async def join(db: Connection, *, group_id: UUID, customer_id: UUID, at: datetime) -> bool:
    """False when they are in it already."""
    written = await db.fetchval(
        """
        INSERT INTO community_member AS m (group_id, customer_id, state, joined_at) VALUES ($1, $2, 'joined', $3)
        ON CONFLICT (group_id, customer_id) DO UPDATE SET state = 'joined', joined_at = EXCLUDED.joined_at, left_at = NULL
        WHERE m.state <> 'joined' RETURNING true
        """,
        group_id, customer_id, at,
    )
    return bool(written)


async def leave(db: Connection, *, group_id: UUID, customer_ids: Sequence[UUID], at: datetime) -> bool:
    status = await db.execute(
        "UPDATE community_member SET state = 'left', left_at = $3 WHERE group_id = $1 AND customer_id = ANY($2::uuid[]) AND state = 'joined'",
        group_id, list(customer_ids), at,
    )
    return not status.endswith(" 0")


async def is_member(db: Connection, *, group_id: UUID, customer_ids: Sequence[UUID]) -> bool:
    found: bool = await db.fetchval(
        "SELECT EXISTS (SELECT FROM community_member WHERE group_id = $1 AND customer_id = ANY($2::uuid[]) AND state = 'joined')",
        group_id, list(customer_ids),
    )
    return found


async def note_activity(db: Connection, *, activity_id: UUID, group_id: UUID, customer_id: UUID, kind: str, note: str, at: datetime) -> bool:
    """False when it was noted before."""
    status: str = await db.execute(
        "INSERT INTO community_activity (id, group_id, customer_id, kind, note, at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        activity_id, group_id, customer_id, kind, note, at,
    )
    return status.endswith(" 1")


async def list_members(db: Connection, *, group_id: UUID, after: UUID | None, limit: int) -> list[dict[str, Any]]:
    rows = await db.fetch(
        """
        SELECT m.*, (SELECT count(*) FROM community_activity a WHERE a.group_id = m.group_id AND a.customer_id = m.customer_id) AS activities,
            (SELECT max(at) FROM community_activity a WHERE a.group_id = m.group_id AND a.customer_id = m.customer_id) AS active_at
        FROM community_member m WHERE m.group_id = $1 AND ($2::uuid IS NULL OR m.customer_id > $2) ORDER BY m.customer_id LIMIT $3
        """,
        group_id, after, limit,
    )
    return [dict(row) for row in rows]


async def sales(db: Connection, *, group_id: UUID, currency: str, days: int, at: datetime) -> list[dict[str, Any]]:
    """For members and for those who were invited and did not come: people, and sales in the days before and after (joining, invitation)."""
    rows = await db.fetch(
        """
        WITH people AS (
            SELECT customer_id, state = 'joined' AS joined, coalesce(joined_at, invited_at) AS since FROM community_member
            WHERE group_id = $1 AND state IN ('joined', 'invited')),
        sold AS (
            SELECT p.customer_id, p.joined,
                coalesce(sum(o.net_minor - o.refunded_minor) FILTER (WHERE o.ordered_at < p.since), 0) AS before,
                coalesce(sum(o.net_minor - o.refunded_minor) FILTER (WHERE o.ordered_at >= p.since), 0) AS after
            FROM people p LEFT JOIN identity_map i ON i.customer_id = p.customer_id
                LEFT JOIN customer_order o ON o.identity = i.identity AND o.currency = $2 AND o.status <> 'cancelled'
                    AND o.ordered_at >= p.since - make_interval(days => $3) AND o.ordered_at < least($4, p.since + make_interval(days => $3))
            GROUP BY 1, 2)
        SELECT joined, count(*) AS people, sum(before)::bigint AS before_minor, sum(after)::bigint AS after_minor FROM sold GROUP BY joined
        """,
        group_id, currency, days, at,
    )
    return [dict(row) for row in rows]

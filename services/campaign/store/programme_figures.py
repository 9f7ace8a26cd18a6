"""What programmes bring about: members of each arm, their orders since they joined, and what rewards cost."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Connection


async def by_arm(db: Connection, *, programme_id: UUID, at: datetime) -> list[dict[str, Any]]:
    """For each arm: members, who is in it still, who ordered since joining, orders, and sums of sales and squares by person, by currency.

    Squares let intervals be reckoned without the single values.
    """
    rows = await db.fetch(
        """
        WITH members AS (SELECT customer_id, arm, joined_at, left_at FROM programme_member WHERE programme_id = $1),
        sold AS (
            SELECT m.customer_id, m.arm, count(o.order_id) AS orders, min(o.currency) AS currency,
                coalesce(sum(o.net_minor - o.refunded_minor), 0) AS net
            FROM members m JOIN identity_map i ON i.customer_id = m.customer_id
                JOIN customer_order o ON o.identity = i.identity AND o.ordered_at >= m.joined_at AND o.ordered_at < $2 AND o.status <> 'cancelled'
            GROUP BY 1, 2)
        SELECT m.arm, count(*) AS members, count(*) FILTER (WHERE m.left_at IS NULL) AS present, count(s.customer_id) AS buyers,
            coalesce(sum(s.orders), 0)::bigint AS orders, coalesce(sum(s.net), 0)::bigint AS net_minor,
            coalesce(sum(s.net::numeric * s.net), 0)::float8 AS net_squares, min(s.currency) AS currency
        FROM members m LEFT JOIN sold s USING (customer_id, arm) GROUP BY m.arm ORDER BY m.arm
        """,
        programme_id, at,
    )
    return [dict(row) for row in rows]


async def costs(db: Connection, *, programme_id: UUID) -> dict[str, Any]:
    """Redemptions that stand, their points and cost."""
    row = await db.fetchrow(
        """
        SELECT count(*) AS redemptions, coalesce(sum(x.points), 0)::bigint AS points, coalesce(sum(x.cost_minor), 0)::bigint AS cost_minor
        FROM redemption x JOIN reward r ON r.id = x.reward_id WHERE r.programme_id = $1 AND x.state <> 'cancelled'
        """,
        programme_id,
    )
    assert row is not None
    return dict(row)


async def valued(db: Connection, *, scores: list[str], limit: int) -> list[dict[str, Any]]:
    """Customers with a value: the first of these scores there is, and their investment tier."""
    rows = await db.fetch(
        """
        SELECT DISTINCT ON (s.customer_id) s.customer_id, s.value, t.value AS tier
        FROM customer_score s LEFT JOIN customer_score t ON t.customer_id = s.customer_id AND t.score = 'tier'
        WHERE s.score = ANY($1::text[]) ORDER BY s.customer_id, array_position($1::text[], s.score) LIMIT $2
        """,
        scores, limit,
    )
    return [dict(row) for row in rows]

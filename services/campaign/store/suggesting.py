"""What customers who bought the same bought too."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chassis.database import Connection


async def companions(db: Connection, customer_id: UUID, *, limit: int, recent: int = 20_000) -> list[dict[str, Any]]:
    """Products the customer has not bought, by how much likelier buyers of theirs are to buy them than everybody (lift), among the newest orders.

    `together`: buyers of both; `share`: of those who bought one of theirs; `lift` against everybody's share. Fewer than two buyers of both: left out.
    """
    rows = await db.fetch(
        """
        WITH bought AS MATERIALIZED (
            SELECT DISTINCT i.customer_id, line ->> 'product_id' AS product, line ->> 'name' AS name
            FROM (SELECT * FROM customer_order WHERE status <> 'cancelled' ORDER BY ordered_at DESC LIMIT $3) o
                JOIN identity_map i USING (identity) CROSS JOIN LATERAL jsonb_array_elements(o.lines) AS line
            WHERE line ->> 'product_id' IS NOT NULL),
        mine AS (
            SELECT DISTINCT line ->> 'product_id' AS product FROM identity_map i JOIN customer_order o USING (identity)
                CROSS JOIN LATERAL jsonb_array_elements(o.lines) AS line WHERE i.customer_id = $1 AND o.status <> 'cancelled'),
        alike AS (SELECT DISTINCT customer_id FROM bought JOIN mine USING (product) WHERE customer_id <> $1),
        sizes AS (SELECT (SELECT count(*) FROM alike) AS alike, count(DISTINCT customer_id) AS everybody FROM bought)
        SELECT b.product, max(b.name) AS name, count(DISTINCT b.customer_id) FILTER (WHERE a.customer_id IS NOT NULL) AS together,
            count(DISTINCT b.customer_id) FILTER (WHERE a.customer_id IS NOT NULL)::float8 / s.alike AS share,
            (count(DISTINCT b.customer_id) FILTER (WHERE a.customer_id IS NOT NULL)::float8 / s.alike)
                / (count(DISTINCT b.customer_id)::float8 / s.everybody) AS lift
        FROM bought b CROSS JOIN sizes s LEFT JOIN alike a USING (customer_id)
        WHERE s.alike > 0 AND NOT EXISTS (SELECT FROM mine WHERE mine.product = b.product)
        GROUP BY b.product, s.alike, s.everybody HAVING count(DISTINCT b.customer_id) FILTER (WHERE a.customer_id IS NOT NULL) >= 2
        ORDER BY lift DESC, together DESC, b.product LIMIT $2
        """,
        customer_id, limit, recent,
    )
    return [dict(row) for row in rows]


async def dealings(db: Connection, *, programme_id: UUID) -> list[dict[str, Any]]:
    """For each arm of a programme: members, orders and different products per member before and after joining, over equally long times."""
    rows = await db.fetch(
        """
        WITH members AS (
            SELECT customer_id, arm, joined_at, now() - joined_at AS span FROM programme_member WHERE programme_id = $1),
        sold AS (
            SELECT m.customer_id, m.arm, o.order_id, o.ordered_at >= m.joined_at AS after, line ->> 'product_id' AS product
            FROM members m JOIN identity_map i ON i.customer_id = m.customer_id JOIN customer_order o ON o.identity = i.identity
                CROSS JOIN LATERAL jsonb_array_elements(o.lines) AS line
            WHERE o.status <> 'cancelled' AND o.ordered_at >= m.joined_at - m.span)
        SELECT m.arm, count(DISTINCT m.customer_id) AS members,
            count(DISTINCT s.order_id) FILTER (WHERE NOT s.after) AS orders_before, count(DISTINCT s.order_id) FILTER (WHERE s.after) AS orders_after,
            count(DISTINCT (s.customer_id, s.product)) FILTER (WHERE NOT s.after) AS products_before,
            count(DISTINCT (s.customer_id, s.product)) FILTER (WHERE s.after) AS products_after
        FROM members m LEFT JOIN sold s USING (customer_id, arm) GROUP BY m.arm ORDER BY m.arm
        """,
        programme_id,
    )
    return [dict(row) for row in rows]

"""What came of messages in orders and money: attribution, costs, arms, control groups."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from chassis.database import Connection
from services.campaign.store.replicas import Order

#: An order is put down to a message that was handed off so long before it at the most.
WINDOW = timedelta(days=7)
#: Why somebody got nothing so that the effect can be seen.
CONTROL = ("holdout", "control_group")


async def attribute(db: Connection, order: Order, customer_ids: Sequence[UUID]) -> None:
    """Put an order down to the last marketing message before it, or to none: cancelled, fully refunded, or nothing within the window."""
    if not order.stands:
        await db.execute("DELETE FROM attribution WHERE order_id = $1", order.order_id)
        return
    await db.execute(
        """
        INSERT INTO attribution (order_id, origin_id, message_id, customer_id, ordered_at, revenue_minor, currency)
        SELECT $1, m.origin_id, m.id, m.customer_id, $3, $4, $5 FROM message m
        WHERE m.customer_id = ANY($2::uuid[]) AND m.state = 'accepted' AND m.queue = 'marketing' AND m.handed_off_at <= $3
            AND m.handed_off_at > $3 - $6::interval
        ORDER BY m.handed_off_at DESC, m.id DESC LIMIT 1
        ON CONFLICT (order_id) DO UPDATE SET origin_id = EXCLUDED.origin_id, message_id = EXCLUDED.message_id, customer_id = EXCLUDED.customer_id,
            ordered_at = EXCLUDED.ordered_at, revenue_minor = EXCLUDED.revenue_minor, currency = EXCLUDED.currency
        """,
        order.order_id, list(customer_ids), order.ordered_at, order.net_minor - order.refunded_minor, order.currency, WINDOW,
    )


async def put_reply(db: Connection, *, message_id: UUID, at: datetime) -> None:
    """Somebody answered a message of ours; the first answer counts."""
    await db.execute(
        """
        INSERT INTO engagement (message_id, kind, link, automated, visits, first_at, last_at)
        SELECT id, 'reply', -2, false, 1, $2, $2 FROM message WHERE id = $1 ON CONFLICT DO NOTHING
        """,
        message_id, at,
    )


async def put_cost(db: Connection, *, cost_id: str, campaign_id: str, channel: str, amount_minor: int, currency: str) -> None:
    await db.execute(
        "INSERT INTO campaign_cost (cost_id, campaign_id, channel, amount_minor, currency) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        cost_id, campaign_id, channel, amount_minor, currency,
    )


async def outcome(db: Connection, origin_id: UUID) -> dict[str, Any]:
    """Orders, revenue and cost by channel and currency, and customers who responded in each way, as of one moment (one statement)."""
    found: str = await db.fetchval(
        """
        WITH ours AS MATERIALIZED (SELECT id, customer_id, channel FROM message WHERE origin_id = $1 AND state = 'accepted'),
        acted AS (
            SELECT o.channel, e.kind AS response, o.customer_id FROM ours o JOIN engagement e ON e.message_id = o.id AND NOT e.automated
            UNION ALL
            SELECT o.channel, 'order', o.customer_id FROM ours o JOIN attribution a ON a.message_id = o.id)
        SELECT jsonb_build_object(
            'accepted', (SELECT coalesce(jsonb_object_agg(channel, n), '{}') FROM (SELECT channel, count(*) AS n FROM ours GROUP BY 1) c),
            'responders', (SELECT coalesce(jsonb_agg(jsonb_build_object('channel', channel, 'response', response, 'customers', n)), '[]')
                FROM (SELECT channel, response, count(DISTINCT customer_id) AS n FROM acted GROUP BY 1, 2) r),
            'revenue', (SELECT coalesce(jsonb_agg(jsonb_build_object('currency', currency, 'orders', n, 'customers', c, 'revenue_minor', r)), '[]')
                FROM (SELECT currency, count(*) AS n, count(DISTINCT customer_id) AS c, sum(revenue_minor)::bigint AS r
                    FROM attribution WHERE origin_id = $1 GROUP BY 1) v),
            'costs', (SELECT coalesce(jsonb_agg(jsonb_build_object('channel', channel, 'currency', currency, 'amount_minor', n)), '[]')
                FROM (SELECT channel, currency, sum(amount_minor)::bigint AS n FROM campaign_cost WHERE campaign_id = $1::text GROUP BY 1, 2) k)
        )::text
        """,
        origin_id,
    )
    decoded: dict[str, Any] = msgspec.json.decode(found)
    return decoded


async def by_treatment(db: Connection, origin_id: UUID) -> dict[bool, tuple[int, int]]:
    """Treated or held out -> (people, those who ordered within the window after the planning).

    Everybody who was not drawn for a control group is treated, whether reached or not: only so the groups differ by nothing but chance.
    """
    rows = await db.fetch(
        """
        WITH people AS (
            SELECT customer_id, coalesce(reason = ANY($3::text[]), false) AS held, min(created_at) AS since FROM message WHERE origin_id = $1
            GROUP BY 1, 2)
        SELECT held, count(*) AS people, count(*) FILTER (WHERE EXISTS (
            SELECT FROM identity_map i JOIN customer_order o USING (identity)
            WHERE i.customer_id = p.customer_id AND o.ordered_at >= p.since AND o.ordered_at < p.since + $2::interval AND o.status <> 'cancelled'
                AND o.refunded_minor < greatest(1, o.net_minor))) AS ordered
        FROM people p GROUP BY held
        """,
        origin_id, WINDOW, list(CONTROL),
    )
    return {not row["held"]: (row["people"], row["ordered"]) for row in rows}


async def by_arm(db: Connection, origin_id: UUID, *, metric: str) -> dict[str, tuple[int, int]]:
    """Arm -> (messages that were taken over, those with a response): open, click, reply by people, or an order."""
    rows = await db.fetch(
        """
        SELECT m.arm, count(*) AS people, count(*) FILTER (WHERE CASE WHEN $2 = 'order' THEN
            EXISTS (SELECT FROM attribution a WHERE a.message_id = m.id)
            ELSE EXISTS (SELECT FROM engagement e WHERE e.message_id = m.id AND e.kind = $2 AND NOT e.automated) END) AS responses
        FROM message m WHERE m.origin_id = $1 AND m.state = 'accepted' AND m.arm IS NOT NULL GROUP BY m.arm
        """,
        origin_id, metric,
    )
    return {row["arm"]: (row["people"], row["responses"]) for row in rows}


async def trap_time(db: Connection, message_id: UUID) -> Any:
    """When a machine last followed the hidden link of a message, or None."""
    return await db.fetchval("SELECT max(last_at) FROM engagement WHERE message_id = $1 AND kind = 'trap'", message_id)


async def unmask(db: Connection, *, message_id: UUID, since: Any) -> int:
    """Visits of a message since then were a machine's, whatever it called itself; returns how many rows moved."""
    rows = await db.fetch(
        "DELETE FROM engagement WHERE message_id = $1 AND NOT automated AND kind IN ('open', 'click') AND last_at >= $2 RETURNING *", message_id, since
    )
    for row in rows:
        await db.execute(
            """
            INSERT INTO engagement (message_id, kind, link, automated, visits, first_at, last_at) VALUES ($1, $2, $3, true, $4, $5, $6)
            ON CONFLICT (message_id, kind, link, automated) DO UPDATE SET visits = engagement.visits + EXCLUDED.visits, last_at = EXCLUDED.last_at
            """,
            row["message_id"], row["kind"], row["link"], row["visits"], row["first_at"], row["last_at"],
        )
    return len(rows)

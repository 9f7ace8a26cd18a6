"""What the interaction service is to be told, until it has taken it over; and what customers said they spend."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from chassis.database import Connection


class Telling(NamedTuple):
    """`about`: community or order; its id makes a repetition harmless."""

    id: UUID
    about: str
    path: str
    body: dict[str, Any]
    attempts: int


async def put(db: Connection, *, telling_id: UUID, customer_id: UUID, about: str, path: str, body: Mapping[str, Any]) -> None:
    """Told in its own time; with the id of one that is there already nothing happens."""
    await db.execute(
        "INSERT INTO telling (id, customer_id, about, path, body, due_at) VALUES ($1, $2, $3, $4, $5::jsonb, now()) ON CONFLICT DO NOTHING",
        telling_id, customer_id, about, path, msgspec.json.encode(body).decode(),
    )


async def claim(db: Connection, *, limit: int, lease: timedelta) -> list[Telling]:
    rows = await db.fetch(
        """
        UPDATE telling SET attempts = attempts + 1, due_at = now() + $2::interval
        WHERE id IN (SELECT id FROM telling WHERE due_at <= now() ORDER BY due_at, id LIMIT $1 FOR UPDATE SKIP LOCKED)
        RETURNING id, about, path, body, attempts
        """,
        limit, lease,
    )
    return [Telling(row["id"], row["about"], row["path"], msgspec.json.decode(row["body"]), row["attempts"]) for row in sorted(rows, key=lambda row: row["id"])]


async def done(db: Connection, telling_id: UUID) -> None:
    await db.execute("DELETE FROM telling WHERE id = $1", telling_id)


async def refused(db: Connection, telling_id: UUID, *, reason: str) -> None:
    """Kept, so that somebody can see it; never tried again."""
    await db.execute("UPDATE telling SET due_at = NULL, reason = $2 WHERE id = $1", telling_id, reason)


async def again(db: Connection, telling_id: UUID, *, pause: timedelta) -> None:
    await db.execute("UPDATE telling SET due_at = now() + $2::interval WHERE id = $1", telling_id, pause)


async def put_spending(
    db: Connection, *, statement_id: str, customer_id: UUID, category: str, amount_minor: int, currency: str, first: date, last: date, at: datetime
) -> None:
    """What a customer spends with anybody; the same statement again replaces what it said."""
    await db.execute(
        """
        INSERT INTO stated_spending VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (statement_id) DO UPDATE SET customer_id = EXCLUDED.customer_id, category = EXCLUDED.category, amount_minor = EXCLUDED.amount_minor,
            currency = EXCLUDED.currency, first = EXCLUDED.first, last = EXCLUDED.last, stated_at = EXCLUDED.stated_at
        WHERE stated_spending.stated_at <= EXCLUDED.stated_at
        """,
        statement_id, customer_id, category, amount_minor, currency, first, last, at,
    )


async def shares(db: Connection, *, programme_id: UUID) -> list[dict[str, Any]]:
    """For each arm of a programme: members with a statement both before and after joining, and their revenue and spending in equally long times.

    Statements count by the days they cover; revenue counts on those days alone, in their currency and category.
    """
    rows = await db.fetch(
        """
        WITH members AS (
            SELECT customer_id, arm, joined_at, greatest(interval '1 day', now() - joined_at) AS span FROM programme_member WHERE programme_id = $1),
        halves AS (
            SELECT customer_id, arm, false AS after, joined_at - span AS since, joined_at AS until FROM members
            UNION ALL SELECT customer_id, arm, true, joined_at, joined_at + span FROM members),
        covered AS (
            SELECT h.*, s.category, s.currency, s.amount_minor, greatest(h.since, s.first::timestamptz) AS first, least(h.until, s.last::timestamptz) AS last,
                s.last - s.first AS days
            FROM halves h JOIN stated_spending s USING (customer_id)
            WHERE s.first < s.last AND s.first::timestamptz < h.until AND s.last::timestamptz > h.since),
        spent AS (
            SELECT c.customer_id, c.arm, c.after, sum(c.amount_minor * extract(epoch FROM c.last - c.first) / (c.days * 86400.0)) AS spend,
                sum((SELECT coalesce(sum(CASE WHEN c.category = '' THEN o.net_minor - o.refunded_minor
                    ELSE (SELECT coalesce(sum((line ->> 'amount_minor')::bigint), 0) FROM jsonb_array_elements(o.lines) AS line WHERE line ->> 'category' = c.category) END), 0)
                    FROM identity_map i JOIN customer_order o USING (identity) WHERE i.customer_id = c.customer_id AND o.status <> 'cancelled'
                        AND o.currency = c.currency AND o.ordered_at >= c.first AND o.ordered_at < c.last)) AS revenue
            FROM covered c GROUP BY 1, 2, 3),
        both_halves AS (
            SELECT b.arm, least(b.revenue, b.spend) AS before_revenue, b.spend AS before_spend, least(a.revenue, a.spend) AS after_revenue, a.spend AS after_spend
            FROM spent b JOIN spent a USING (customer_id) WHERE NOT b.after AND a.after AND b.spend > 0 AND a.spend > 0)
        SELECT arm, count(*) AS members, (sum(before_revenue) / sum(before_spend))::float8 AS before, (sum(after_revenue) / sum(after_spend))::float8 AS after
        FROM both_halves GROUP BY arm ORDER BY arm
        """,
        programme_id,
    )
    return [dict(row) for row in rows]

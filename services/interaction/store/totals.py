"""Sums over orders and credit notes, by currency and day; and rates of currencies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import asyncpg

from chassis.database import Connection


async def list_sums(db: Connection, identities: Sequence[bytes]) -> list[asyncpg.Record]:
    """Sums of identities by currency and day (UTC); a cancelled order counts, its amounts do not."""
    return await db.fetch(
        """
        SELECT currency, (ordered_at AT TIME ZONE 'UTC')::date AS day, count(*) AS orders, count(*) FILTER (WHERE status = 'cancelled') AS cancelled,
            0 AS credits, coalesce(sum(paid_minor) FILTER (WHERE status <> 'cancelled'), 0) AS paid_minor,
            coalesce(sum(net_minor) FILTER (WHERE status <> 'cancelled'), 0) AS net_minor,
            coalesce(sum(shipping_minor) FILTER (WHERE status <> 'cancelled'), 0) AS shipping_minor,
            coalesce(sum(tax_minor) FILTER (WHERE status <> 'cancelled'), 0) AS tax_minor,
            coalesce(sum(discount_minor) FILTER (WHERE status <> 'cancelled'), 0) AS discount_minor,
            coalesce(sum(refunded_minor) FILTER (WHERE status <> 'cancelled'), 0) AS refunded_minor, 0 AS credited_minor
        FROM orders WHERE identity = ANY($1::bytea[]) AND placed GROUP BY 1, 2
        UNION ALL
        SELECT currency, (noted_at AT TIME ZONE 'UTC')::date, 0, 0, count(*), 0, 0, 0, 0, 0, 0, sum(amount_minor)
        FROM credit_note WHERE identity = ANY($1::bytea[]) GROUP BY 1, 2
        ORDER BY 1, 2
        """,
        identities,
    )


async def list_sums_of_customers(db: Connection, *, after: UUID | None, limit: int) -> list[asyncpg.Record]:
    """Sums of a page of customers who have an identity, by customer and currency."""
    return await db.fetch(
        """
        WITH page AS MATERIALIZED (
            SELECT DISTINCT customer_id FROM identity_map WHERE $1::uuid IS NULL OR customer_id > $1 ORDER BY customer_id LIMIT $2),
        owned AS MATERIALIZED (SELECT p.customer_id, i.identity FROM page p JOIN identity_map i USING (customer_id)),
        bought AS (
            SELECT w.customer_id, o.currency, 1 AS orders, (o.status = 'cancelled')::int AS cancelled, 0 AS credits, o.status <> 'cancelled' AS counts,
                o.paid_minor, o.net_minor, o.shipping_minor, o.tax_minor, o.discount_minor, o.refunded_minor, 0 AS credited_minor
            FROM owned w JOIN orders o USING (identity) WHERE o.placed
            UNION ALL
            SELECT w.customer_id, c.currency, 0, 0, 1, true, 0, 0, 0, 0, 0, 0, c.amount_minor FROM owned w JOIN credit_note c USING (identity)),
        summed AS (
            SELECT customer_id, currency, sum(orders) AS orders, sum(cancelled) AS cancelled, sum(credits) AS credits,
                coalesce(sum(paid_minor) FILTER (WHERE counts), 0) AS paid_minor, coalesce(sum(net_minor) FILTER (WHERE counts), 0) AS net_minor,
                coalesce(sum(shipping_minor) FILTER (WHERE counts), 0) AS shipping_minor,
                coalesce(sum(tax_minor) FILTER (WHERE counts), 0) AS tax_minor,
                coalesce(sum(discount_minor) FILTER (WHERE counts), 0) AS discount_minor,
                coalesce(sum(refunded_minor) FILTER (WHERE counts), 0) AS refunded_minor, sum(credited_minor) AS credited_minor
            FROM bought GROUP BY 1, 2)
        SELECT p.customer_id AS listed, s.* FROM page p LEFT JOIN summed s USING (customer_id) ORDER BY p.customer_id, s.currency
        """,
        after, limit,
    )


async def put_rates(db: Connection, rows: Sequence[tuple[str, str, date, Decimal, str]], *, at: datetime) -> None:
    """(home, currency, day, rate, source); a day's rate is replaced."""
    await db.executemany(
        """
        INSERT INTO exchange_rate (home, currency, day, rate, source, changed_at) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (home, currency, day) DO UPDATE SET rate = excluded.rate, source = excluded.source, changed_at = excluded.changed_at
        """,
        [(*row, at) for row in rows],
    )


async def list_rates(db: Connection, *, home: str | None = None, currencies: Sequence[str] | None = None) -> list[asyncpg.Record]:
    """Rates in the order of home, currency and day."""
    return await db.fetch(
        """
        SELECT home, currency, day, rate, source, changed_at FROM exchange_rate
        WHERE ($1::text IS NULL OR home = $1) AND ($2::text[] IS NULL OR currency = ANY($2)) ORDER BY home, currency, day
        """,
        home, currencies,
    )

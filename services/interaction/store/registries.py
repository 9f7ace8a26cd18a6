"""Products with their prices, partners, and how customers are joined to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from chassis.database import Connection

#: What a person may set of a product, beside whether it is active.
PRODUCT: Final = ("name", "category", "brand", "variant", "url", "image_url", "vendor", "description")
PARTNER: Final = ("name", "kind", "email", "commission", "terms", "active")


async def list_products(
    db: Connection, *, search: str | None, category: str | None, vendor: str | None, active: bool | None, after: str | None, limit: int
) -> list[asyncpg.Record]:
    """Products by id; `search` is a part of id, name, brand or vendor, whatever its case."""
    return await db.fetch(
        """
        SELECT * FROM product WHERE ($2::text IS NULL OR product_id > $2)
          AND ($1::text IS NULL OR strpos(lower(concat_ws(chr(10), product_id, name, brand, vendor)), lower($1)) > 0)
          AND ($4::text IS NULL OR category = $4) AND ($5::text IS NULL OR vendor = $5) AND ($6::boolean IS NULL OR active = $6)
        ORDER BY product_id LIMIT $3
        """,
        search, after, limit, category, vendor, active,
    )


async def find_product(db: Connection, product_id: str) -> asyncpg.Record | None:
    """One product."""
    return await db.fetchrow("SELECT * FROM product WHERE product_id = $1", product_id)


async def list_prices(db: Connection, product_ids: Sequence[str]) -> list[asyncpg.Record]:
    """Prices of products, of each list the newest first."""
    return await db.fetch(
        "SELECT * FROM product_price WHERE product_id = ANY($1::text[]) ORDER BY product_id, list, currency, valid_from DESC", product_ids
    )


async def edit_product(
    db: Connection, product_id: str, *, given: dict[str, str | None], active: bool | None, at: datetime
) -> None:
    """Set what is given; from now on events leave it alone. A field given as None is forgotten and follows the events again."""
    values = [given.get(name) for name in PRODUCT]
    await db.execute(
        """
        INSERT INTO product AS p (product_id, name, category, brand, variant, url, image_url, vendor, description, active, held, told_at, edited_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, coalesce($10::boolean, true), $11::text[], 'epoch', $13)
        ON CONFLICT (product_id) DO UPDATE SET
            name = CASE WHEN 'name' = ANY($12::text[]) THEN $2 ELSE p.name END,
            category = CASE WHEN 'category' = ANY($12) THEN $3 ELSE p.category END,
            brand = CASE WHEN 'brand' = ANY($12) THEN $4 ELSE p.brand END,
            variant = CASE WHEN 'variant' = ANY($12) THEN $5 ELSE p.variant END,
            url = CASE WHEN 'url' = ANY($12) THEN $6 ELSE p.url END,
            image_url = CASE WHEN 'image_url' = ANY($12) THEN $7 ELSE p.image_url END,
            vendor = CASE WHEN 'vendor' = ANY($12) THEN $8 ELSE p.vendor END,
            description = CASE WHEN 'description' = ANY($12) THEN $9 ELSE p.description END,
            active = coalesce($10, p.active), edited_at = $13,
            held = ARRAY(SELECT field FROM unnest(p.held) AS field WHERE NOT field = ANY($12) UNION SELECT unnest($11::text[]) ORDER BY 1)
        """,
        product_id, *values, active, sorted(name for name, value in given.items() if value is not None), sorted(given), at,
    )


async def put_prices(db: Connection, product_id: str, rows: Sequence[tuple[str, str, date, int]]) -> None:
    """(list, currency, valid_from, price): all prices of the product from now on."""
    await db.execute("DELETE FROM product_price WHERE product_id = $1", product_id)
    await db.executemany(
        "INSERT INTO product_price (product_id, list, currency, valid_from, price_minor) VALUES ($1, $2, $3, $4, $5)",
        [(product_id, *row) for row in rows],
    )


async def list_categories(db: Connection) -> list[asyncpg.Record]:
    """Categories with the number of their products, active ones apart."""
    return await db.fetch(
        "SELECT category, count(*) AS products, count(*) FILTER (WHERE active) AS active FROM product WHERE category IS NOT NULL GROUP BY 1 ORDER BY 1"
    )


async def put_partner(db: Connection, partner_id: str, values: Sequence[Any], *, at: datetime) -> bool:
    """Values in the order of PARTNER; true when it is new."""
    new: bool = await db.fetchval(
        """
        INSERT INTO partner AS p (partner_id, name, kind, email, commission, terms, active, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
        ON CONFLICT (partner_id) DO UPDATE SET name = excluded.name, kind = excluded.kind, email = excluded.email,
            commission = excluded.commission, terms = excluded.terms, active = excluded.active, updated_at = excluded.updated_at
        RETURNING p.created_at = p.updated_at
        """,
        partner_id, *values, at,
    )
    return new


async def list_partners(
    db: Connection, *, search: str | None, kind: str | None, active: bool | None, after: str | None, limit: int
) -> list[asyncpg.Record]:
    """Partners by id; `search` is a part of id or name, whatever its case."""
    return await db.fetch(
        """
        SELECT * FROM partner WHERE ($2::text IS NULL OR partner_id > $2)
          AND ($1::text IS NULL OR strpos(lower(concat_ws(chr(10), partner_id, name)), lower($1)) > 0)
          AND ($3::text IS NULL OR kind = $3) AND ($4::boolean IS NULL OR active = $4)
        ORDER BY partner_id LIMIT $5
        """,
        search, after, kind, active, limit,
    )


async def find_partner(db: Connection, partner_id: str) -> asyncpg.Record | None:
    """One partner."""
    return await db.fetchrow("SELECT * FROM partner WHERE partner_id = $1", partner_id)


async def insert_contacts(db: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """(interaction_id, partner_id, identity, kind, purpose, occurred_at)"""
    await db.executemany(
        "INSERT INTO partner_contact (interaction_id, partner_id, identity, kind, purpose, occurred_at) VALUES ($1, $2, $3, $4, $5, $6) "
        "ON CONFLICT DO NOTHING",
        rows,
    )


async def list_buyers(db: Connection, product_id: str, *, after: UUID | None, limit: int) -> list[asyncpg.Record]:
    """Customers who bought a product in an order that stands, in the order of their ids."""
    return await db.fetch(
        """
        SELECT i.customer_id, count(DISTINCT o.order_id) AS orders, sum(l.quantity) AS quantity, max(o.ordered_at) AS last_at
        FROM order_line l JOIN orders o USING (order_id) JOIN identity_map i USING (identity)
        WHERE l.product_id = $1 AND o.placed AND o.status <> 'cancelled' AND ($2::uuid IS NULL OR i.customer_id > $2)
        GROUP BY 1 ORDER BY 1 LIMIT $3
        """,
        product_id, after, limit,
    )


async def list_bought(db: Connection, identities: Sequence[bytes]) -> list[asyncpg.Record]:
    """Products that identities bought in orders that stand, by currency, the latest first."""
    return await db.fetch(
        """
        SELECT l.product_id, p.name, p.category, o.currency, count(DISTINCT o.order_id) AS orders, sum(l.quantity) AS quantity,
            sum(l.amount_minor)::bigint AS amount_minor, max(o.ordered_at) AS last_at
        FROM orders o JOIN order_line l USING (order_id) LEFT JOIN product p USING (product_id)
        WHERE o.identity = ANY($1::bytea[]) AND o.placed AND o.status <> 'cancelled'
        GROUP BY 1, 2, 3, 4 ORDER BY max(o.ordered_at) DESC, 1, 4 LIMIT 500
        """,
        identities,
    )


async def list_customers_through(db: Connection, partner_id: str, *, after: UUID | None, limit: int) -> list[asyncpg.Record]:
    """Customers with an order or a contact through a partner, in the order of their ids."""
    return await db.fetch(
        """
        SELECT i.customer_id, sum(t.orders)::int AS orders, sum(t.contacts)::int AS contacts, max(t.at) AS last_at FROM (
            SELECT identity, 1 AS orders, 0 AS contacts, ordered_at AS at FROM orders WHERE partner_id = $1 AND placed AND status <> 'cancelled'
            UNION ALL SELECT identity, 0, 1, occurred_at FROM partner_contact WHERE partner_id = $1) AS t
        JOIN identity_map i USING (identity) WHERE $2::uuid IS NULL OR i.customer_id > $2 GROUP BY 1 ORDER BY 1 LIMIT $3
        """,
        partner_id, after, limit,
    )


async def list_partners_of(db: Connection, identities: Sequence[bytes]) -> list[asyncpg.Record]:
    """Partners and salespeople of a customer's orders and contacts, the latest first."""
    return await db.fetch(
        """
        SELECT partner_id, p.name, sum(orders)::int AS orders, sum(contacts)::int AS contacts, max(at) AS last_at FROM (
            SELECT partner_id, 1 AS orders, 0 AS contacts, ordered_at AS at FROM orders
            WHERE identity = ANY($1::bytea[]) AND partner_id IS NOT NULL AND placed AND status <> 'cancelled'
            UNION ALL SELECT partner_id, 0, 1, occurred_at FROM partner_contact WHERE identity = ANY($1::bytea[])) AS t
        LEFT JOIN partner p USING (partner_id) GROUP BY 1, 2 ORDER BY max(at) DESC, 1
        """,
        identities,
    )


_FIGURES: Final = {
    "partner": "SELECT o.partner_id AS key, p.name, {sums} FROM orders o LEFT JOIN partner p USING (partner_id)",
    "employee": "SELECT o.employee_id AS key, e.name, {sums} FROM orders o LEFT JOIN employee e ON e.id::text = o.employee_id",
}
_SUMS: Final = (
    "o.currency, count(*) AS orders, sum(o.paid_minor)::bigint AS paid_minor, sum(o.net_minor)::bigint AS net_minor, "
    "sum(o.refunded_minor)::bigint AS refunded_minor"
)


async def list_figures(db: Connection, *, by: str, since: datetime | None, until: datetime | None) -> list[asyncpg.Record]:
    """Sums of orders that stand by partner or salesperson and currency; the key is null for those without one."""
    return await db.fetch(
        _FIGURES[by].format(sums=_SUMS)
        + " WHERE o.placed AND o.status <> 'cancelled' AND ($1::timestamptz IS NULL OR o.ordered_at >= $1)"
        " AND ($2::timestamptz IS NULL OR o.ordered_at < $2) GROUP BY 1, 2, 3 ORDER BY 3, 5 DESC, 1",
        since, until,
    )


async def list_contact_figures(db: Connection, *, since: datetime | None, until: datetime | None) -> list[asyncpg.Record]:
    """Contacts by partner; the key is null for direct ones."""
    return await db.fetch(
        """
        SELECT c.partner_id AS key, p.name, count(*) AS contacts FROM touchpoint t
        LEFT JOIN partner_contact c USING (interaction_id) LEFT JOIN partner p USING (partner_id)
        WHERE ($1::timestamptz IS NULL OR t.occurred_at >= $1) AND ($2::timestamptz IS NULL OR t.occurred_at < $2)
        GROUP BY 1, 2 ORDER BY 3 DESC, 1
        """,
        since, until,
    )

"""Orders with their lines, versions and refunds, credit notes and products."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import asyncpg

from chassis.database import Connection

ORDER: Final = (
    "order_id", "identity", "source", "status", "placed", "currency", "ordered_at", "paid_minor", "net_minor", "refunded_minor", "version",
    "updated_at", "state", "shipping_minor", "tax_minor", "discount_minor", "partner_id", "employee_id",
)
LINE: Final = ("order_id", "position", "product_id", "quantity", "price_minor", "discount_minor", "amount_minor")
VERSION: Final = ("order_id", "version", "kind", "source", "message_id", "occurred_at", "recorded_at", "content")
REFUND: Final = ("order_id", "refund_id", "amount_minor", "refunded_at", "notes")


class OrderAppeared(Exception):
    """Somebody else stored one of the new orders meanwhile; look again."""


async def lock(db: Connection, order_ids: Sequence[str]) -> list[asyncpg.Record]:
    """(order_id, version, state) of those that exist, locked in the given order: sort it, so that two readers cannot block each other.

    One index probe for each order, whatever the planner knows of a table that is being filled.
    """
    return await db.fetch(
        """
        SELECT found.* FROM unnest($1::text[]) AS wanted (order_id) CROSS JOIN LATERAL (
            SELECT order_id, version, state FROM orders WHERE orders.order_id = wanted.order_id LIMIT 1 FOR UPDATE) AS found
        """,
        order_ids,
    )


async def write(
    db: Connection, *, new: Sequence[tuple[Any, ...]], changed: Sequence[tuple[Any, ...]], lines: Sequence[tuple[Any, ...]],
    versions: Sequence[tuple[Any, ...]], refunds: Sequence[tuple[Any, ...]],
) -> None:
    """Store orders as they stand now, their lines anew, and one row for each version. Raises OrderAppeared: then nothing was written."""
    try:
        async with db.transaction():
            await _write(db, new=new, changed=changed, lines=lines, versions=versions, refunds=refunds)
    except asyncpg.UniqueViolationError:
        raise OrderAppeared from None


async def _write(
    db: Connection, *, new: Sequence[tuple[Any, ...]], changed: Sequence[tuple[Any, ...]], lines: Sequence[tuple[Any, ...]],
    versions: Sequence[tuple[Any, ...]], refunds: Sequence[tuple[Any, ...]],
) -> None:
    if new:
        await db.copy_records_to_table("orders", records=new, columns=ORDER)
    if changed:
        await db.execute(
            """
            UPDATE orders o SET identity = n.identity, source = n.source, status = n.status, placed = n.placed, currency = n.currency,
                ordered_at = n.ordered_at, paid_minor = n.paid_minor, net_minor = n.net_minor, refunded_minor = n.refunded_minor,
                version = n.version, updated_at = n.updated_at, state = n.state, shipping_minor = n.shipping_minor,
                tax_minor = n.tax_minor, discount_minor = n.discount_minor, partner_id = n.partner_id, employee_id = n.employee_id
            FROM unnest($1::text[], $2::bytea[], $3::text[], $4::text[], $5::bool[], $6::text[], $7::timestamptz[], $8::bigint[],
                        $9::bigint[], $10::bigint[], $11::int[], $12::timestamptz[], $13::text[], $14::bigint[], $15::bigint[],
                        $16::bigint[], $17::text[], $18::text[])
                AS n (order_id, identity, source, status, placed, currency, ordered_at, paid_minor, net_minor, refunded_minor, version,
                      updated_at, state, shipping_minor, tax_minor, discount_minor, partner_id, employee_id)
            WHERE o.order_id = n.order_id
            """,
            *(list(column) for column in zip(*changed, strict=True)),
        )
        await db.execute("DELETE FROM order_line WHERE order_id = ANY($1::text[])", [row[0] for row in changed])
    if lines:
        await db.copy_records_to_table("order_line", records=lines, columns=LINE)
    if versions:
        await db.copy_records_to_table("order_version", records=versions, columns=VERSION)
    if refunds:
        await db.executemany(
            """
            INSERT INTO refund (order_id, refund_id, amount_minor, refunded_at, notes) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (order_id, refund_id) DO UPDATE
            SET amount_minor = excluded.amount_minor, refunded_at = excluded.refunded_at, notes = excluded.notes
            """,
            refunds,
        )


async def insert_credits(db: Connection, rows: Sequence[tuple[Any, ...]]) -> set[str]:
    """(credit_id, identity, source, currency, amount_minor, noted_at); returns the ids that were new."""
    found = await db.fetch(
        """
        INSERT INTO credit_note (credit_id, identity, source, currency, amount_minor, noted_at)
        SELECT * FROM unnest($1::text[], $2::bytea[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[])
        ON CONFLICT DO NOTHING RETURNING credit_id
        """,
        *(list(column) for column in zip(*rows, strict=True)),
    )
    return {row[0] for row in found}


async def put_products(db: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """(product_id, name, category, brand, variant, url, image_url, told_at): what is newer wins, what is absent stays."""
    await db.execute(
        """
        INSERT INTO product AS p (product_id, name, category, brand, variant, url, image_url, told_at)
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[]) ORDER BY 1
        ON CONFLICT (product_id) DO UPDATE SET
            name = CASE WHEN 'name' = ANY(p.held) THEN p.name WHEN excluded.told_at >= p.told_at THEN coalesce(excluded.name, p.name) ELSE coalesce(p.name, excluded.name) END,
            category = CASE WHEN 'category' = ANY(p.held) THEN p.category WHEN excluded.told_at >= p.told_at THEN coalesce(excluded.category, p.category)
                ELSE coalesce(p.category, excluded.category) END,
            brand = CASE WHEN 'brand' = ANY(p.held) THEN p.brand WHEN excluded.told_at >= p.told_at THEN coalesce(excluded.brand, p.brand) ELSE coalesce(p.brand, excluded.brand) END,
            variant = CASE WHEN 'variant' = ANY(p.held) THEN p.variant WHEN excluded.told_at >= p.told_at THEN coalesce(excluded.variant, p.variant)
                ELSE coalesce(p.variant, excluded.variant) END,
            url = CASE WHEN 'url' = ANY(p.held) THEN p.url WHEN excluded.told_at >= p.told_at THEN coalesce(excluded.url, p.url) ELSE coalesce(p.url, excluded.url) END,
            image_url = CASE WHEN 'image_url' = ANY(p.held) THEN p.image_url WHEN excluded.told_at >= p.told_at THEN coalesce(excluded.image_url, p.image_url)
                ELSE coalesce(p.image_url, excluded.image_url) END,
            told_at = greatest(p.told_at, excluded.told_at)
        """,
        *(list(column) for column in zip(*rows, strict=True)),
    )


async def list_orders(
    db: Connection, *, status: str | None, since: datetime | None, until: datetime | None, before: tuple[datetime, str] | None, limit: int
) -> list[asyncpg.Record]:
    """Placed orders, newest first."""
    before_at, before_id = before or (None, None)
    return await db.fetch(
        """
        SELECT order_id, version, updated_at, ordered_at, state FROM orders
        WHERE placed AND ($1::text IS NULL OR status = $1)
          AND ($2::timestamptz IS NULL OR ordered_at >= $2) AND ($3::timestamptz IS NULL OR ordered_at < $3)
          AND ($4::timestamptz IS NULL OR (ordered_at, order_id) < ($4, $5::text))
        ORDER BY ordered_at DESC, order_id DESC LIMIT $6
        """,
        status, since, until, before_at, before_id, limit,
    )


async def list_orders_of(
    db: Connection, *, identities: Sequence[bytes], status: str | None, before: tuple[datetime, str] | None, limit: int
) -> list[asyncpg.Record]:
    """Placed orders of several identities, newest first; each identity is read along its own index."""
    before_at, before_id = before or (None, None)
    return await db.fetch(
        """
        SELECT found.* FROM unnest($1::bytea[]) AS wanted (identity) CROSS JOIN LATERAL (
            SELECT order_id, version, updated_at, ordered_at, state FROM orders o
            WHERE o.identity = wanted.identity AND o.placed AND ($2::text IS NULL OR o.status = $2)
              AND ($3::timestamptz IS NULL OR (o.ordered_at, o.order_id) < ($3, $4::text))
            ORDER BY o.ordered_at DESC, o.order_id DESC LIMIT $5) AS found
        ORDER BY found.ordered_at DESC, found.order_id DESC LIMIT $5
        """,
        identities, status, before_at, before_id, limit,
    )


async def find_order(db: Connection, order_id: str) -> asyncpg.Record | None:
    """One order or shell."""
    return await db.fetchrow("SELECT order_id, version, updated_at, identity, state FROM orders WHERE order_id = $1", order_id)


async def list_versions(db: Connection, order_id: str) -> list[asyncpg.Record]:
    """All versions of an order, oldest first."""
    return await db.fetch("SELECT * FROM order_version WHERE order_id = $1 ORDER BY version", order_id)


async def list_credits(db: Connection, identities: Sequence[bytes]) -> list[asyncpg.Record]:
    """Credit notes of identities, newest first."""
    return await db.fetch("SELECT * FROM credit_note WHERE identity = ANY($1::bytea[]) ORDER BY noted_at DESC, credit_id", identities)

"""Configurable products and what customers chose of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from chassis.database import Connection
from services.campaign.domain.customising import Configurable, Counts, Customised, Priced, Product

_encode = msgspec.json.Encoder().encode


async def put_product(db: Connection, *, new_id: UUID, settings: Configurable, at: datetime) -> Product:
    """Write a product, new or in place of the one of that product id."""
    row = await db.fetchrow(
        """
        INSERT INTO custom_product (id, product_id, settings, active, created_at, updated_at) VALUES ($1, $2, $3::jsonb, true, $4, $4)
        ON CONFLICT (product_id) DO UPDATE SET settings = EXCLUDED.settings, active = true, updated_at = EXCLUDED.updated_at RETURNING *
        """,
        new_id, settings.product_id, settings.model_dump_json(), at,
    )
    return _product(row)


async def find_product(db: Connection, product_id: UUID) -> Product | None:
    row = await db.fetchrow("SELECT * FROM custom_product WHERE id = $1", product_id)
    return None if row is None else _product(row)


async def list_products(db: Connection, *, after: UUID | None, limit: int) -> list[Product]:
    """Newest first, below the id `after`."""
    rows = await db.fetch("SELECT * FROM custom_product WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2", after, limit)
    return [_product(row) for row in rows]


async def end_product(db: Connection, product_id: UUID, *, at: datetime) -> None:
    await db.execute("UPDATE custom_product SET active = false, updated_at = $2 WHERE id = $1", product_id, at)


async def own(db: Connection, product_id: UUID, customer_ids: Sequence[UUID]) -> dict[str, str]:
    """What these customers (one person) chose last; {} for nothing."""
    found = await db.fetchval(
        """
        SELECT choices FROM customised WHERE custom_product_id = $1 AND customer_id = ANY($2::uuid[]) AND state <> 'dropped' ORDER BY id DESC LIMIT 1
        """,
        product_id, list(customer_ids),
    )
    return msgspec.json.decode(found, type=dict[str, str]) if found else {}


async def counts(db: Connection, product_id: UUID, *, but: Sequence[UUID], stage: str, tiers: Sequence[str]) -> tuple[Counts, Counts]:
    """(by people of the same stage or tier, by everybody): how many people chose what, among the newest 10,000 choices of others."""
    rows = await db.fetch(
        """
        WITH newest AS (
            SELECT customer_id, choices FROM customised WHERE custom_product_id = $1 AND state <> 'dropped' AND customer_id <> ALL($2::uuid[])
            ORDER BY id DESC LIMIT 10000),
        picked AS (SELECT DISTINCT customer_id, p.key AS option, p.value AS choice FROM newest, jsonb_each_text(choices) AS p)
        SELECT option, choice, count(*) AS everybody, count(*) FILTER (WHERE EXISTS (
            SELECT FROM customer_score s WHERE s.customer_id = picked.customer_id
                AND ((s.score = 'stage' AND s.value = $3) OR (s.score = 'tier' AND s.value = ANY($4::text[]))))) AS alike
        FROM picked GROUP BY 1, 2 ORDER BY 1, 2
        """,
        product_id, list(but), stage, list(tiers),
    )
    alike: dict[str, dict[str, int]] = {}
    everybody: dict[str, dict[str, int]] = {}
    for row in rows:
        alike.setdefault(row["option"], {})[row["choice"]] = row["alike"]
        everybody.setdefault(row["option"], {})[row["choice"]] = row["everybody"]
    return alike, everybody


async def insert(
    db: Connection, *, customised_id: UUID, product: Product, customer_id: UUID, choices: dict[str, str], priced: Priced, quantity: int, at: datetime
) -> bool:
    """False when the id is taken already."""
    written = await db.fetchval(
        """
        INSERT INTO customised (id, custom_product_id, customer_id, choices, price, quantity, total_minor, currency, state, created_at)
        VALUES ($1, $2, $3, $4::jsonb, $5::jsonb, $6, $7, $8, 'chosen', $9) ON CONFLICT (id) DO NOTHING RETURNING true
        """,
        customised_id, product.id, customer_id, _encode(choices).decode(), _encode(priced.lines).decode(), quantity,
        priced.unit_minor * quantity, product.settings.currency, at,
    )
    return bool(written)


async def find(db: Connection, customised_id: UUID, *, lock: bool = False) -> Customised | None:
    row = await db.fetchrow(
        "SELECT * FROM customised WHERE id = $1 FOR UPDATE" if lock else "SELECT * FROM customised WHERE id = $1", customised_id
    )
    return None if row is None else _customised(row)


async def list_of(db: Connection, customer_ids: Sequence[UUID], *, after: UUID | None, limit: int) -> list[Customised]:
    rows = await db.fetch(
        "SELECT * FROM customised WHERE customer_id = ANY($1::uuid[]) AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
        list(customer_ids), after, limit,
    )
    return [_customised(row) for row in rows]


async def set_state(db: Connection, customised_id: UUID, state: str, *, order_id: str | None = None) -> None:
    await db.execute("UPDATE customised SET state = $2, order_id = coalesce($3, order_id) WHERE id = $1", customised_id, state, order_id)


async def told(db: Connection, customised_id: UUID, *, reason: str | None, at: datetime) -> None:
    """The order was taken over, or (`reason`) will never be."""
    await db.execute(
        """
        UPDATE customised SET state = CASE WHEN $2::text IS NULL THEN 'ordered' ELSE 'refused' END, reason = $2,
            ordered_at = CASE WHEN $2::text IS NULL THEN $3::timestamptz END
        WHERE id = $1 AND state = 'ordering'
        """,
        customised_id, reason, at,
    )


async def erase(db: Connection, customer_ids: Sequence[UUID]) -> dict[str, int]:
    """For an erasure; rows by table. Orders stand in the interaction service, which blanks them."""
    return {
        table: int((await db.execute(statement, list(customer_ids))).rpartition(" ")[2])
        for table, statement in {
            "customised": "DELETE FROM customised WHERE customer_id = ANY($1::uuid[])",
            "telling": "DELETE FROM telling WHERE customer_id = ANY($1::uuid[])",
            "stated_spending": "DELETE FROM stated_spending WHERE customer_id = ANY($1::uuid[])",
        }.items()
    }


def _product(row: Any) -> Product:
    return Product(row["id"], Configurable.model_validate_json(row["settings"]), row["active"], row["created_at"], row["updated_at"])


def _customised(row: Any) -> Customised:
    values = {name: row[name] for name in Customised._fields}
    values["choices"] = msgspec.json.decode(row["choices"])
    values["price"] = msgspec.json.decode(row["price"])
    return Customised(**values)

"""What others told: whose an identity is, orders, scores."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from chassis.database import Connection

_encode = msgspec.json.Encoder().encode


class Order(NamedTuple):
    """An order as it stands after its newest version; amounts in minor units, without tax and shipping."""

    order_id: str
    identity: bytes
    version: int
    status: str
    currency: str
    ordered_at: datetime
    delivered_at: datetime | None
    net_minor: int
    refunded_minor: int
    coupon: str | None
    lines: list[dict[str, Any]]

    @property
    def stands(self) -> bool:
        return self.status != "cancelled" and self.refunded_minor < max(1, self.net_minor)


async def put_identities(db: Connection, rows: Sequence[tuple[bytes, str, UUID]], *, gone: Sequence[bytes]) -> None:
    """Whose identities are now; orders that waited for one of them are looked at again at once."""
    if gone:
        await db.execute("DELETE FROM identity_map WHERE identity = ANY($1::bytea[])", gone)
    if rows:
        await db.execute(
            """
            INSERT INTO identity_map (identity, kind, customer_id)
            SELECT * FROM unnest($1::bytea[], $2::text[], $3::uuid[]) AS given (identity, kind, customer_id) ORDER BY identity
            ON CONFLICT (identity) DO UPDATE SET customer_id = EXCLUDED.customer_id WHERE identity_map.customer_id <> EXCLUDED.customer_id
            """,
            [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows],
        )
        await db.execute(
            "UPDATE customer_order SET look_at = now() WHERE look_at > now() AND identity = ANY($1::bytea[])", [row[0] for row in rows]
        )


async def owners(db: Connection, identities: Sequence[bytes]) -> dict[bytes, UUID]:
    """The customer of each identity that is known; merges are followed already."""
    rows = await db.fetch("SELECT identity, customer_id FROM identity_map WHERE identity = ANY($1::bytea[])", list(identities))
    return {row["identity"]: row["customer_id"] for row in rows}


async def put_order(db: Connection, order: Order) -> bool:
    """Keep the newest version of an order and have it looked at; False for one that is older than what is there."""
    written = await db.fetchval(
        """
        INSERT INTO customer_order (order_id, identity, version, status, currency, ordered_at, delivered_at, net_minor, refunded_minor, coupon, lines,
            look_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb, now())
        ON CONFLICT (order_id) DO UPDATE SET identity = EXCLUDED.identity, version = EXCLUDED.version, status = EXCLUDED.status,
            currency = EXCLUDED.currency, ordered_at = EXCLUDED.ordered_at, delivered_at = EXCLUDED.delivered_at, net_minor = EXCLUDED.net_minor,
            refunded_minor = EXCLUDED.refunded_minor, coupon = EXCLUDED.coupon, lines = EXCLUDED.lines, look_at = now(), looks = 0
        WHERE customer_order.version <= EXCLUDED.version
        RETURNING true
        """,
        order.order_id, order.identity, order.version, order.status, order.currency, order.ordered_at, order.delivered_at, order.net_minor,
        order.refunded_minor, order.coupon, _encode(order.lines).decode(),
    )
    return bool(written)


async def waiting_orders(db: Connection, *, limit: int) -> list[tuple[Order, UUID | None]]:
    """Orders to be looked at, locked, with whose they are as far as known."""
    rows = await db.fetch(
        """
        SELECT o.*, (SELECT customer_id FROM identity_map i WHERE i.identity = o.identity) AS customer_id
        FROM customer_order o WHERE look_at <= now() ORDER BY look_at LIMIT $1 FOR UPDATE SKIP LOCKED
        """,
        limit,
    )
    return [(_order(row), row["customer_id"]) for row in rows]


async def looked_at(db: Connection, order_ids: Sequence[str]) -> None:
    await db.execute("UPDATE customer_order SET look_at = NULL, looks = 0 WHERE order_id = ANY($1::text[])", list(order_ids))


async def look_later(db: Connection, order_ids: Sequence[str]) -> None:
    """Nobody is known under their identities: looked at again after 5, 10, 20 … seconds, at most a day; at once when somebody is."""
    await db.execute(
        """
        UPDATE customer_order SET looks = looks + 1, look_at = now() + least(interval '1 day', interval '5 seconds' * pow(2, least(looks, 20)))
        WHERE order_id = ANY($1::text[])
        """,
        list(order_ids),
    )


async def orders_of(db: Connection, customer_id: UUID, *, limit: int = 1000) -> list[Order]:
    """A customer's orders, the oldest first (the newest `limit` of them)."""
    rows = await db.fetch(
        """
        SELECT o.* FROM identity_map i JOIN customer_order o USING (identity) WHERE i.customer_id = $1 ORDER BY o.ordered_at DESC, o.order_id LIMIT $2
        """,
        customer_id, limit,
    )
    return [_order(row) for row in reversed(rows)]


async def put_score(db: Connection, *, customer_id: UUID, score: str, value: str, at: datetime) -> bool:
    """Keep a score; False when a newer one is there."""
    written = await db.fetchval(
        """
        INSERT INTO customer_score (customer_id, score, value, changed_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (customer_id, score) DO UPDATE SET value = EXCLUDED.value, changed_at = EXCLUDED.changed_at
        WHERE customer_score.changed_at <= EXCLUDED.changed_at RETURNING true
        """,
        customer_id, score, value, at,
    )
    return bool(written)


async def scores_of(db: Connection, customer_ids: Sequence[UUID]) -> dict[UUID, dict[str, str]]:
    rows = await db.fetch("SELECT customer_id, score, value FROM customer_score WHERE customer_id = ANY($1::uuid[])", list(customer_ids))
    found: dict[UUID, dict[str, str]] = {}
    for row in rows:
        found.setdefault(row["customer_id"], {})[row["score"]] = row["value"]
    return found


async def identities_of(db: Connection, customer_ids: Sequence[UUID]) -> list[bytes]:
    rows = await db.fetch("SELECT identity FROM identity_map WHERE customer_id = ANY($1::uuid[])", list(customer_ids))
    return [row["identity"] for row in rows]


async def erase(db: Connection, *, customer_ids: Sequence[UUID]) -> dict[str, int]:
    """What was replicated goes; points and reports keep no person. Returns rows by table."""
    identities = await identities_of(db, customer_ids)
    orders = await db.execute("DELETE FROM customer_order WHERE identity = ANY($1::bytea[])", identities)
    gone = await db.execute("DELETE FROM identity_map WHERE customer_id = ANY($1::uuid[])", list(customer_ids))
    scores = await db.execute("DELETE FROM customer_score WHERE customer_id = ANY($1::uuid[])", list(customer_ids))
    return {
        table: int(status.rpartition(" ")[2]) for table, status in (("customer_order", orders), ("identity_map", gone), ("customer_score", scores))
    }


def _order(row: Any) -> Order:
    values = {name: row[name] for name in Order._fields}
    values["lines"] = msgspec.json.decode(row["lines"])
    return Order(**values)

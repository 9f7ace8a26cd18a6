"""SQL of rooms, auctions, shopping agents and inboxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from chassis.database import Connection
from services.interaction.store import rows

POST: Final = ("id", "room", "thread", "in_reply_to", "customer_id", "text", "hidden", "posted_at")
AUCTION: Final = (
    "id", "title", "product_id", "currency", "start_minor", "increment_minor", "reserve_minor", "opens_at", "closes_at", "seller_id", "state",
)
DEPUTY: Final = (
    "id", "customer_id", "name", "key_hash", "actions", "currency", "budget_minor", "spent_minor", "expires_at", "created_at",
)
_INSERT_POST: Final = rows.insert("room_post", POST)
_INSERT_AUCTION: Final = rows.insert("auction", AUCTION)
_INSERT_DEPUTY: Final = rows.insert("deputy", DEPUTY)


async def put_room(db: Connection, *, slug: str, kind: str, title: str, now: datetime) -> asyncpg.Record | None:
    """The room; None when there is one of another kind."""
    return await db.fetchrow(
        """
        INSERT INTO room AS r (slug, kind, title, closed, created_at) VALUES ($1, $2, $3, false, $4)
        ON CONFLICT (slug) DO UPDATE SET title = excluded.title, closed = false WHERE r.kind = excluded.kind RETURNING *
        """,
        slug, kind, title, now,
    )


async def close_room(db: Connection, slug: str) -> asyncpg.Record | None:
    return await db.fetchrow("UPDATE room SET closed = true WHERE slug = $1 RETURNING *", slug)


async def find_room(db: Connection, slug: str) -> asyncpg.Record | None:
    return await db.fetchrow("SELECT * FROM room WHERE slug = $1", slug)


async def list_rooms(db: Connection) -> list[asyncpg.Record]:
    return await db.fetch("SELECT * FROM room ORDER BY slug")


async def insert_post(db: Connection, row: Mapping[str, Any]) -> None:
    await db.execute(_INSERT_POST, *(row[name] for name in POST))


async def find_post(db: Connection, room: str, post_id: UUID) -> asyncpg.Record | None:
    return await db.fetchrow("SELECT * FROM room_post WHERE room = $1 AND id = $2", room, post_id)


async def hide_post(db: Connection, room: str, post_id: UUID) -> asyncpg.Record | None:
    return await db.fetchrow("UPDATE room_post SET hidden = true WHERE room = $1 AND id = $2 RETURNING *", room, post_id)


async def list_posts(db: Connection, *, room: str, thread: UUID | None, after: UUID | None, limit: int) -> list[asyncpg.Record]:
    """The oldest first."""
    return await db.fetch(
        """
        SELECT * FROM room_post WHERE room = $1 AND ($2::uuid IS NULL OR thread = $2) AND ($3::uuid IS NULL OR id > $3) ORDER BY id LIMIT $4
        """,
        room, thread, after, limit,
    )


async def list_prices(
    db: Connection, *, products: Sequence[str], price_list: str, currency: str, day: date
) -> dict[str, asyncpg.Record]:
    """Product -> (name, price_minor) of active ones that have a price of this list and currency on a day."""
    found = await db.fetch(
        """
        SELECT p.product_id, p.name, c.price_minor FROM product p CROSS JOIN LATERAL (
            SELECT price_minor FROM product_price c WHERE c.product_id = p.product_id AND c.list = $2 AND c.currency = $3 AND c.valid_from <= $4
            ORDER BY c.valid_from DESC LIMIT 1) c
        WHERE p.product_id = ANY($1::text[]) AND p.active
        """,
        products, price_list, currency, day,
    )
    return {row["product_id"]: row for row in found}


async def insert_auction(db: Connection, row: Mapping[str, Any]) -> None:
    await db.execute(_INSERT_AUCTION, *(row.get(name) for name in AUCTION))


async def find_auction(db: Connection, auction_id: UUID, *, lock: bool = False) -> asyncpg.Record | None:
    if lock:
        return await db.fetchrow("SELECT * FROM auction WHERE id = $1 FOR UPDATE", auction_id)
    return await db.fetchrow("SELECT * FROM auction WHERE id = $1", auction_id)


async def list_auctions(db: Connection, *, state: str | None, limit: int) -> list[asyncpg.Record]:
    return await db.fetch("SELECT * FROM auction WHERE $1::text IS NULL OR state = $1 ORDER BY closes_at DESC, id LIMIT $2", state, limit)


async def list_bids(db: Connection, auction_id: UUID) -> list[asyncpg.Record]:
    """The highest first; each is higher than the one before it, so that is also the newest first."""
    return await db.fetch("SELECT * FROM auction_bid WHERE auction_id = $1 ORDER BY amount_minor DESC, number", auction_id)


async def insert_bid(
    db: Connection, *, auction_id: UUID, customer_id: UUID, deputy_id: UUID | None, amount_minor: int, now: datetime
) -> int:
    number: int = await db.fetchval(
        """
        INSERT INTO auction_bid (auction_id, number, customer_id, deputy_id, amount_minor, bid_at)
        SELECT $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5 FROM auction_bid WHERE auction_id = $1 RETURNING number
        """,
        auction_id, customer_id, deputy_id, amount_minor, now,
    )
    return number


async def list_due(db: Connection, *, now: datetime, limit: int) -> list[UUID]:
    found = await db.fetch("SELECT id FROM auction WHERE state = 'open' AND closes_at <= $1 ORDER BY closes_at, id LIMIT $2", now, limit)
    return [row["id"] for row in found]


async def close_auction(db: Connection, *, auction_id: UUID, state: str, winner_id: UUID | None, price_minor: int | None) -> None:
    await db.execute("UPDATE auction SET state = $2, winner_id = $3, price_minor = $4 WHERE id = $1", auction_id, state, winner_id, price_minor)


async def insert_deputy(db: Connection, row: Mapping[str, Any]) -> None:
    await db.execute(_INSERT_DEPUTY, *(row[name] for name in DEPUTY))


async def find_deputy(db: Connection, deputy_id: UUID, *, lock: bool = False) -> asyncpg.Record | None:
    if lock:
        return await db.fetchrow("SELECT * FROM deputy WHERE id = $1 FOR UPDATE", deputy_id)
    return await db.fetchrow("SELECT * FROM deputy WHERE id = $1", deputy_id)


async def list_deputies(db: Connection, customers: Sequence[UUID]) -> list[asyncpg.Record]:
    return await db.fetch("SELECT * FROM deputy WHERE customer_id = ANY($1::uuid[]) ORDER BY id", customers)


async def revoke_deputy(db: Connection, deputy_id: UUID, *, now: datetime) -> asyncpg.Record | None:
    return await db.fetchrow("UPDATE deputy SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1 RETURNING *", deputy_id, now)


async def spend(db: Connection, deputy_id: UUID, amount_minor: int) -> None:
    await db.execute("UPDATE deputy SET spent_minor = spent_minor + $2 WHERE id = $1", deputy_id, amount_minor)


async def sum_promised(db: Connection, deputy_id: UUID, *, besides: UUID | None) -> int:
    """What an agent's highest bids in open auctions may come to, without one auction."""
    found: int = await db.fetchval(
        """
        SELECT coalesce(sum(top.amount_minor), 0)::bigint FROM auction a CROSS JOIN LATERAL (
            SELECT amount_minor, deputy_id FROM auction_bid b WHERE b.auction_id = a.id ORDER BY amount_minor DESC LIMIT 1) top
        WHERE a.state = 'open' AND top.deputy_id = $1 AND ($2::uuid IS NULL OR a.id <> $2)
        """,
        deputy_id, besides,
    )
    return found


async def put_inbox(
    db: Connection, *, name: str, provider: str, secret: str, verify_token: str | None, active: bool, now: datetime
) -> None:
    await db.execute(
        """
        INSERT INTO inbox_door (name, provider, secret, verify_token, active, updated_at) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (name) DO UPDATE SET provider = excluded.provider, secret = excluded.secret, verify_token = excluded.verify_token,
            active = excluded.active, updated_at = excluded.updated_at
        """,
        name, provider, secret, verify_token, active, now,
    )


async def find_inbox(db: Connection, name: str) -> asyncpg.Record | None:
    return await db.fetchrow("SELECT * FROM inbox_door WHERE name = $1", name)


async def list_inboxes(db: Connection) -> list[asyncpg.Record]:
    return await db.fetch("SELECT * FROM inbox_door ORDER BY name")

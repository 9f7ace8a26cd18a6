"""Rewards, who took them, and referrals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from chassis.database import Connection


class Reward(NamedTuple):
    """Something to be had in a programme. `tiers`, `stages`: reserved for them; empty: for everybody."""

    id: UUID
    programme_id: UUID
    name: str
    kind: str
    points: int
    cost_minor: int
    currency: str
    stock: int | None
    budget_minor: int | None
    redeemed: int
    spent_minor: int
    per_customer: int | None
    tiers: list[str]
    stages: list[str]
    starts_at: datetime | None
    ends_at: datetime | None
    active: bool
    created_at: datetime


class Redemption(NamedTuple):
    id: UUID
    reward_id: UUID
    customer_id: UUID
    key: str
    points: int
    cost_minor: int
    currency: str
    state: str
    at: datetime
    cancelled_at: datetime | None


async def insert(db: Connection, reward: Reward) -> None:
    await db.execute(
        """
        INSERT INTO reward (id, programme_id, name, kind, points, cost_minor, currency, stock, budget_minor, per_customer, tiers, stages, starts_at,
            ends_at, active, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        """,
        reward.id, reward.programme_id, reward.name, reward.kind, reward.points, reward.cost_minor, reward.currency, reward.stock,
        reward.budget_minor, reward.per_customer, reward.tiers, reward.stages, reward.starts_at, reward.ends_at, reward.active, reward.created_at,
    )


async def find(db: Connection, reward_id: UUID) -> Reward | None:
    row = await db.fetchrow("SELECT * FROM reward WHERE id = $1", reward_id)
    return None if row is None else _reward(row)


async def lock(db: Connection, reward_id: UUID) -> Reward | None:
    """Held until the end of the transaction: stock and budget cannot move meanwhile."""
    row = await db.fetchrow("SELECT * FROM reward WHERE id = $1 FOR UPDATE", reward_id)
    return None if row is None else _reward(row)


async def page(db: Connection, *, programme_id: UUID, after: UUID | None, limit: int) -> list[Reward]:
    rows = await db.fetch(
        "SELECT * FROM reward WHERE programme_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3", programme_id, after, limit
    )
    return [_reward(row) for row in rows]


async def set_active(db: Connection, reward_id: UUID, active: bool) -> None:
    await db.execute("UPDATE reward SET active = $2 WHERE id = $1", reward_id, active)


async def count_taken(db: Connection, *, reward_id: UUID, customer_ids: Sequence[UUID]) -> int:
    found: int = await db.fetchval(
        "SELECT count(*) FROM redemption WHERE reward_id = $1 AND customer_id = ANY($2::uuid[]) AND state <> 'cancelled'", reward_id, list(customer_ids)
    )
    return found


async def take(db: Connection, redemption: Redemption) -> None:
    """Write the redemption and take it out of stock and budget."""
    await db.execute(
        """
        INSERT INTO redemption (id, reward_id, customer_id, key, points, cost_minor, currency, state, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        *redemption[:9],
    )
    await db.execute(
        "UPDATE reward SET redeemed = redeemed + 1, spent_minor = spent_minor + $2 WHERE id = $1", redemption.reward_id, redemption.cost_minor
    )


async def find_redemption(db: Connection, redemption_id: UUID, *, lock: bool = False) -> Redemption | None:
    row = await db.fetchrow(
        "SELECT * FROM redemption WHERE id = $1 FOR UPDATE" if lock else "SELECT * FROM redemption WHERE id = $1", redemption_id
    )
    return None if row is None else _redemption(row)


async def find_by_key(db: Connection, *, reward_id: UUID, key: str) -> Redemption | None:
    row = await db.fetchrow("SELECT * FROM redemption WHERE reward_id = $1 AND key = $2", reward_id, key)
    return None if row is None else _redemption(row)


async def cancel(db: Connection, redemption: Redemption, *, at: datetime) -> None:
    """Back into stock and budget."""
    await db.execute("UPDATE redemption SET state = 'cancelled', cancelled_at = $2, booked_at = NULL WHERE id = $1", redemption.id, at)
    await db.execute(
        "UPDATE reward SET redeemed = redeemed - 1, spent_minor = spent_minor - $2 WHERE id = $1", redemption.reward_id, redemption.cost_minor
    )


async def unbooked(db: Connection, *, limit: int) -> list[Redemption]:
    """Redemptions and cancellations whose cost is not in the ledger of costs yet."""
    rows = await db.fetch("SELECT * FROM redemption WHERE booked_at IS NULL AND cost_minor <> 0 ORDER BY id LIMIT $1", limit)
    return [_redemption(row) for row in rows]


async def booked(db: Connection, redemption: Redemption, *, at: datetime) -> None:
    """Unless it changed while it was being booked."""
    await db.execute("UPDATE redemption SET booked_at = $3 WHERE id = $1 AND state = $2", redemption.id, redemption.state, at)


async def redemptions_of(db: Connection, *, programme_id: UUID, customer_ids: Sequence[UUID], limit: int) -> list[dict[str, Any]]:
    rows = await db.fetch(
        """
        SELECT x.*, r.name AS reward FROM redemption x JOIN reward r ON r.id = x.reward_id
        WHERE r.programme_id = $1 AND x.customer_id = ANY($2::uuid[]) ORDER BY x.id DESC LIMIT $3
        """,
        programme_id, list(customer_ids), limit,
    )
    return [dict(row) for row in rows]


async def put_code(db: Connection, *, programme_id: UUID, customer_id: UUID, code: str, at: datetime) -> str:
    """The customer's code: the one that is there, or this."""
    await db.execute(
        "INSERT INTO referral (programme_id, code, customer_id, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        programme_id, code, customer_id, at,
    )
    found: str = await db.fetchval("SELECT code FROM referral WHERE programme_id = $1 AND customer_id = $2", programme_id, customer_id)
    return found


async def find_code(db: Connection, *, programme_id: UUID, code: str) -> UUID | None:
    found: UUID | None = await db.fetchval("SELECT customer_id FROM referral WHERE programme_id = $1 AND code = $2", programme_id, code)
    return found


async def refer(db: Connection, *, programme_id: UUID, customer_id: UUID, referrer_id: UUID, at: datetime) -> bool:
    """False when somebody recommended this customer before."""
    written = await db.fetchval(
        "INSERT INTO referred (programme_id, customer_id, referrer_id, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING true",
        programme_id, customer_id, referrer_id, at,
    )
    return bool(written)


async def open_referral(db: Connection, *, programme_id: UUID, customer_ids: Sequence[UUID]) -> dict[str, Any] | None:
    """A recommendation that was not rewarded yet, locked."""
    row = await db.fetchrow(
        """
        SELECT * FROM referred WHERE programme_id = $1 AND customer_id = ANY($2::uuid[]) AND rewarded_at IS NULL ORDER BY at LIMIT 1 FOR UPDATE
        """,
        programme_id, list(customer_ids),
    )
    return None if row is None else dict(row)


async def reward_referral(db: Connection, *, programme_id: UUID, customer_id: UUID, order_id: str, at: datetime) -> None:
    await db.execute(
        "UPDATE referred SET order_id = $3, rewarded_at = $4 WHERE programme_id = $1 AND customer_id = $2", programme_id, customer_id, order_id, at
    )


async def count_referrals(db: Connection, *, programme_id: UUID, customer_ids: Sequence[UUID]) -> tuple[int, int]:
    """(recommended, rewarded) by one person."""
    row = await db.fetchrow(
        "SELECT count(*) AS all, count(rewarded_at) AS paid FROM referred WHERE programme_id = $1 AND referrer_id = ANY($2::uuid[])",
        programme_id, list(customer_ids),
    )
    assert row is not None
    return row["all"], row["paid"]


def _reward(row: Any) -> Reward:
    return Reward(*(row[name] for name in Reward._fields))


def _redemption(row: Any) -> Redemption:
    return Redemption(*(row[name] for name in Redemption._fields))

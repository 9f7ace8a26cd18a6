"""The books of points. Accounts are locked in one order, so that two changes of one person cannot cross or wait for each other for ever."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from chassis.database import Connection
from services.campaign.domain.points import CUSTOMERS, Entry, Lot


class Account(NamedTuple):
    customer_id: UUID
    balance: int
    owed: int


class Posted(NamedTuple):
    """What is written down of a transaction beside its entries."""

    id: UUID
    programme_id: UUID
    customer_id: UUID
    kind: str
    reference: str
    points: int
    at: datetime
    order_id: str | None = None
    factor: float | None = None
    note: str = ""


async def lock_accounts(db: Connection, *, programme_id: UUID, customer_ids: Sequence[UUID]) -> list[Account]:
    """The accounts of one person (made where there are none), locked until the end of the transaction."""
    people = sorted(customer_ids)
    await db.execute(
        """
        INSERT INTO points_account (programme_id, customer_id) SELECT $1, customer_id FROM unnest($2::uuid[]) AS given (customer_id)
        ORDER BY customer_id ON CONFLICT DO NOTHING
        """,
        programme_id, people,
    )
    rows = await db.fetch(
        """
        SELECT customer_id, balance, owed FROM points_account WHERE programme_id = $1 AND customer_id = ANY($2::uuid[])
        ORDER BY customer_id FOR UPDATE
        """,
        programme_id, people,
    )
    return [Account(**dict(row)) for row in rows]


async def balances(db: Connection, *, programme_id: UUID, customer_ids: Sequence[UUID]) -> tuple[int, int]:
    """(spendable, owed) of one person."""
    row = await db.fetchrow(
        """
        SELECT coalesce(sum(balance), 0)::bigint AS balance, coalesce(sum(owed), 0)::bigint AS owed
        FROM points_account WHERE programme_id = $1 AND customer_id = ANY($2::uuid[])
        """,
        programme_id, list(customer_ids),
    )
    assert row is not None
    return row["balance"], row["owed"]


async def find_posted(db: Connection, *, programme_id: UUID, kind: str, reference: str) -> dict[str, Any] | None:
    row = await db.fetchrow(
        "SELECT * FROM points_transaction WHERE programme_id = $1 AND kind = $2 AND reference = $3", programme_id, kind, reference
    )
    return None if row is None else dict(row)


async def posted_for_order(db: Connection, *, programme_id: UUID, order_id: str) -> tuple[int, float | None, UUID | None]:
    """(points that stand for an order, the factor of its first crediting, to whom it went)."""
    row = await db.fetchrow(
        """
        SELECT coalesce(sum(points), 0)::bigint AS points, (array_agg(factor ORDER BY id))[1] AS factor,
            (array_agg(customer_id ORDER BY id))[1] AS customer_id
        FROM points_transaction WHERE programme_id = $1 AND order_id = $2
        """,
        programme_id, order_id,
    )
    assert row is not None
    return row["points"], row["factor"], row["customer_id"]


async def post(db: Connection, posted: Posted, entries: Sequence[Entry]) -> None:
    """Write a transaction with its entries and move the accounts; the database refuses what does not balance or goes below zero."""
    await db.execute(
        """
        INSERT INTO points_transaction (id, programme_id, customer_id, kind, reference, order_id, factor, points, note, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        posted.id, posted.programme_id, posted.customer_id, posted.kind, posted.reference, posted.order_id, posted.factor, posted.points,
        posted.note, posted.at,
    )
    await db.execute(
        """
        INSERT INTO points_entry (transaction_id, account, programme_id, customer_id, points)
        SELECT $1, account, $2, customer_id, points FROM unnest($3::text[], $4::uuid[], $5::bigint[]) AS given (account, customer_id, points)
        """,
        posted.id, posted.programme_id, [each.account for each in entries], [each.customer_id for each in entries], [each.points for each in entries],
    )
    moved = [each for each in entries if each.account in CUSTOMERS]
    await db.execute(
        """
        UPDATE points_account a SET balance = a.balance + given.member, owed = a.owed - given.owed
        FROM (SELECT customer_id, coalesce(sum(points) FILTER (WHERE account = 'member'), 0) AS member,
                coalesce(sum(points) FILTER (WHERE account = 'owed'), 0) AS owed
            FROM unnest($2::text[], $3::uuid[], $4::bigint[]) AS entry (account, customer_id, points) GROUP BY customer_id) AS given
        WHERE a.programme_id = $1 AND a.customer_id = given.customer_id
        """,
        posted.programme_id, [each.account for each in moved], [each.customer_id for each in moved], [each.points for each in moved],
    )


async def add_lot(db: Connection, *, lot: Lot, programme_id: UUID) -> None:
    await db.execute(
        "INSERT INTO points_lot (id, programme_id, customer_id, order_id, remaining, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
        lot.id, programme_id, lot.customer_id, lot.order_id, lot.remaining, lot.expires_at,
    )


async def open_lots(db: Connection, *, programme_id: UUID, customer_ids: Sequence[UUID]) -> list[Lot]:
    """Lots with something left; the accounts' locks hold them."""
    rows = await db.fetch(
        """
        SELECT id, customer_id, remaining, expires_at, order_id FROM points_lot
        WHERE programme_id = $1 AND customer_id = ANY($2::uuid[]) AND remaining > 0
        """,
        programme_id, list(customer_ids),
    )
    return [Lot(**dict(row)) for row in rows]


async def take_from_lots(db: Connection, *, transaction_id: UUID, uses: Sequence[tuple[Lot, int]]) -> None:
    """Take points out of lots and remember from which."""
    lots, points = [lot.id for lot, _ in uses], [taken for _, taken in uses]
    await db.execute(
        """
        UPDATE points_lot SET remaining = remaining - given.points FROM unnest($1::uuid[], $2::bigint[]) AS given (id, points)
        WHERE points_lot.id = given.id
        """,
        lots, points,
    )
    await db.execute(
        "INSERT INTO points_use (transaction_id, lot_id, points) SELECT $1, * FROM unnest($2::uuid[], $3::bigint[])", transaction_id, lots, points
    )


async def uses_of(db: Connection, transaction_id: UUID) -> list[tuple[Lot, int]]:
    """The lots a redemption was paid from, in the order in which they expire, and how much each gave."""
    rows = await db.fetch(
        """
        SELECT l.id, l.customer_id, l.remaining, l.expires_at, l.order_id, u.points FROM points_use u JOIN points_lot l ON l.id = u.lot_id
        WHERE u.transaction_id = $1 ORDER BY l.expires_at NULLS LAST, l.id
        """,
        transaction_id,
    )
    return [(Lot(row["id"], row["customer_id"], row["remaining"], row["expires_at"], row["order_id"]), row["points"]) for row in rows]


async def give_back(db: Connection, back: Sequence[tuple[Lot, int]], *, taken_at: datetime, at: datetime) -> None:
    """Points return to their lots. A lot that expired meanwhile lasts as much longer as it did when they were taken."""
    await db.execute(
        """
        UPDATE points_lot SET
            remaining = remaining + given.points,
            expires_at = CASE WHEN expires_at <= $4 THEN greatest(expires_at, $4 + (expires_at - $3)) ELSE expires_at END
        FROM unnest($1::uuid[], $2::bigint[]) AS given (id, points)
        WHERE points_lot.id = given.id
        """,
        [lot.id for lot, _ in back], [points for _, points in back], taken_at, at,
    )


async def expired_accounts(db: Connection, *, at: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """(programme, customer) with lots that expired and hold something."""
    rows = await db.fetch(
        "SELECT DISTINCT programme_id, customer_id FROM points_lot WHERE remaining > 0 AND expires_at <= $1 LIMIT $2", at, limit
    )
    return [(row["programme_id"], row["customer_id"]) for row in rows]


async def qualifying(db: Connection, *, programme_id: UUID, customer_ids: Sequence[UUID], since: datetime) -> int:
    """Points earned by orders since then, less what refunds took back: what tiers go by."""
    found: int = await db.fetchval(
        """
        SELECT coalesce(sum(points), 0)::bigint FROM points_transaction
        WHERE programme_id = $1 AND customer_id = ANY($2::uuid[]) AND kind IN ('earn', 'reverse') AND at >= $3
        """,
        programme_id, list(customer_ids), since,
    )
    return found


async def statement(db: Connection, *, programme_id: UUID, customer_ids: Sequence[UUID], after: UUID | None, limit: int) -> list[dict[str, Any]]:
    """Transactions of one person, newest first, with what each did to the balance."""
    rows = await db.fetch(
        """
        SELECT t.*, coalesce((SELECT sum(points) FROM points_entry e WHERE e.transaction_id = t.id AND e.account = 'member'), 0)::bigint AS change
        FROM points_transaction t WHERE t.programme_id = $1 AND t.customer_id = ANY($2::uuid[]) AND ($3::uuid IS NULL OR t.id < $3)
        ORDER BY t.id DESC LIMIT $4
        """,
        programme_id, list(customer_ids), after, limit,
    )
    return [dict(row) for row in rows]


async def audit(db: Connection, *, programme_id: UUID) -> dict[str, int]:
    """The sums of the books by account, and how many accounts differ from their entries or lots (0 unless something is broken)."""
    rows = await db.fetch("SELECT account, sum(points)::bigint AS points FROM points_entry WHERE programme_id = $1 GROUP BY account", programme_id)
    wrong: int = await db.fetchval(
        """
        SELECT count(*) FROM points_account a
        WHERE a.programme_id = $1 AND (
            a.balance <> coalesce((SELECT sum(points) FROM points_entry e
                WHERE e.programme_id = $1 AND e.customer_id = a.customer_id AND e.account = 'member'), 0)
            OR -a.owed <> coalesce((SELECT sum(points) FROM points_entry e
                WHERE e.programme_id = $1 AND e.customer_id = a.customer_id AND e.account = 'owed'), 0)
            OR a.balance <> coalesce((SELECT sum(remaining) FROM points_lot l WHERE l.programme_id = $1 AND l.customer_id = a.customer_id), 0))
        """,
        programme_id,
    )
    accounts = dict.fromkeys(("member", "owed", "issued", "redeemed", "expired"), 0)
    return {**accounts, **{row["account"]: row["points"] for row in rows}, "wrong_accounts": wrong}

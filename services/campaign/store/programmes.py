"""Programmes and who is in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from chassis.database import Connection
from services.campaign.domain.programmes import Member, Programme, read_settings


class Candidate(NamedTuple):
    """A known customer with what decides about joining."""

    customer_id: UUID
    scores: dict[str, str]
    orders: int
    last_order: datetime | None


async def insert(db: Connection, programme: Programme) -> None:
    await db.execute(
        """
        INSERT INTO programme (id, name, kind, status, purpose, settings, holdout, goal, playbook, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9, $10, $10)
        """,
        programme.id, programme.name, programme.kind, programme.status, programme.purpose, programme.settings.model_dump_json(), programme.holdout,
        programme.goal, programme.playbook, programme.created_at,
    )


async def find(db: Connection, programme_id: UUID, *, lock: bool = False) -> Programme | None:
    """With `lock` the row is held until the end of the transaction."""
    row = await db.fetchrow("SELECT * FROM programme WHERE id = $1 FOR UPDATE" if lock else "SELECT * FROM programme WHERE id = $1", programme_id)
    return None if row is None else _programme(row)


async def page(db: Connection, *, kind: str | None, after: UUID | None, limit: int) -> list[Programme]:
    """Newest first."""
    rows = await db.fetch(
        "SELECT * FROM programme WHERE ($1::text IS NULL OR kind = $1) AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3", kind, after, limit
    )
    return [_programme(row) for row in rows]


async def running(db: Connection, kinds: Sequence[str]) -> list[Programme]:
    rows = await db.fetch("SELECT * FROM programme WHERE status = 'running' AND kind = ANY($1::text[]) ORDER BY id", list(kinds))
    return [_programme(row) for row in rows]


async def change(db: Connection, programme_id: UUID, *, name: str, purpose: str, settings: Any, holdout: float, goal: float | None, at: datetime) -> None:
    await db.execute(
        """
        UPDATE programme SET name = $2, purpose = $3, settings = $4::jsonb, holdout = $5, goal = $7, sweep_at = $6, swept_to = NULL, updated_at = $6
        WHERE id = $1
        """,
        programme_id, name, purpose, settings.model_dump_json(), holdout, at, goal,
    )


async def set_status(db: Connection, programme_id: UUID, status: str, *, at: datetime) -> None:
    """The first start is remembered: what happened before does not count."""
    await db.execute(
        """
        WITH noted AS (
            INSERT INTO programme_change (programme_id, at, status) VALUES ($1, $3, $2)
            ON CONFLICT (programme_id, at) DO UPDATE SET status = EXCLUDED.status)
        UPDATE programme SET status = $2, updated_at = $3, sweep_at = $3, swept_to = NULL,
            started_at = CASE WHEN $2 = 'running' THEN coalesce(started_at, $3) ELSE started_at END WHERE id = $1
        """,
        programme_id, status, at,
    )


async def advance_sweep(db: Connection, programme_id: UUID, *, swept_to: UUID | None, sweep_at: datetime) -> None:
    await db.execute("UPDATE programme SET swept_to = $2, sweep_at = $3 WHERE id = $1", programme_id, swept_to, sweep_at)


async def candidates(db: Connection, *, after: UUID | None, limit: int, only: Sequence[UUID] | None = None) -> list[Candidate]:
    """Known customers that were not merged away, by id, with their scores and orders."""
    rows = await db.fetch(
        """
        SELECT r.customer_id, o.orders, o.last_order,
            (SELECT array_agg(ARRAY[score, value]) FROM customer_score s WHERE s.customer_id = r.customer_id) AS scores
        FROM recipient r CROSS JOIN LATERAL (
            SELECT count(*) AS orders, max(ordered_at) AS last_order FROM identity_map i JOIN customer_order co USING (identity)
            WHERE i.customer_id = r.customer_id AND co.status <> 'cancelled' AND co.refunded_minor < greatest(1, co.net_minor)) o
        WHERE r.merged_into IS NULL AND ($1::uuid IS NULL OR r.customer_id > $1) AND ($3::uuid[] IS NULL OR r.customer_id = ANY($3))
        ORDER BY r.customer_id LIMIT $2
        """,
        after, limit, None if only is None else list(only),
    )
    return [Candidate(row["customer_id"], {pair[0]: pair[1] for pair in row["scores"] or ()}, row["orders"], row["last_order"]) for row in rows]


async def join(
    db: Connection, *, programme_id: UUID, members: Sequence[tuple[UUID, str, datetime | None, str | None]], at: datetime, again_before: datetime | None
) -> list[UUID]:
    """Take in (customer, arm, when something is due, cause); who left before `again_before` comes in anew. Returns those who are new."""
    rows = await db.fetch(
        """
        WITH came AS (
            INSERT INTO programme_member AS m (programme_id, customer_id, arm, joined_at, next_at, cause)
            SELECT $1, customer_id, arm, $2, next_at, cause
            FROM unnest($3::uuid[], $4::text[], $5::timestamptz[], $6::text[]) AS given (customer_id, arm, next_at, cause) ORDER BY customer_id
            ON CONFLICT (programme_id, customer_id) DO UPDATE SET joined_at = EXCLUDED.joined_at, left_at = NULL, left_reason = NULL, step = 0,
                next_at = EXCLUDED.next_at, cause = EXCLUDED.cause, rounds = m.rounds + 1
            WHERE m.left_at IS NOT NULL AND m.left_at < $7
            RETURNING customer_id, tier),
        noted AS (
            INSERT INTO tier_change (customer_id, programme_id, at, tier) SELECT customer_id, $1, $2, tier FROM came WHERE tier IS NOT NULL
            ON CONFLICT (customer_id, programme_id, at) DO UPDATE SET tier = EXCLUDED.tier)
        SELECT customer_id FROM came
        """,
        programme_id, at, [each[0] for each in members], [each[1] for each in members], [each[2] for each in members],
        [each[3] for each in members], again_before,
    )
    return [row["customer_id"] for row in rows]


async def leave(db: Connection, *, programme_id: UUID, customer_ids: Sequence[UUID], reason: str, at: datetime) -> int:
    """Returns how many were in it."""
    gone: int = await db.fetchval(
        """
        WITH gone AS (
            UPDATE programme_member SET left_at = $4, left_reason = $3, next_at = NULL
            WHERE programme_id = $1 AND customer_id = ANY($2::uuid[]) AND left_at IS NULL RETURNING customer_id, tier),
        noted AS (
            INSERT INTO tier_change (customer_id, programme_id, at) SELECT customer_id, $1, $4 FROM gone WHERE tier IS NOT NULL
            ON CONFLICT (customer_id, programme_id, at) DO UPDATE SET tier = NULL)
        SELECT count(*) FROM gone
        """,
        programme_id, list(customer_ids), reason, at,
    )
    return gone


async def find_member(db: Connection, *, programme_id: UUID, customer_ids: Sequence[UUID]) -> Member | None:
    """The stay of one person; one that lasts goes before one that ended, the first before later ones."""
    row = await db.fetchrow(
        """
        SELECT * FROM programme_member WHERE programme_id = $1 AND customer_id = ANY($2::uuid[])
        ORDER BY left_at IS NOT NULL, arm = 'holdout', joined_at LIMIT 1
        """,
        programme_id, list(customer_ids),
    )
    return None if row is None else _member(row)


async def members(db: Connection, *, programme_id: UUID, after: UUID | None, limit: int) -> list[Member]:
    rows = await db.fetch(
        "SELECT * FROM programme_member WHERE programme_id = $1 AND ($2::uuid IS NULL OR customer_id > $2) ORDER BY customer_id LIMIT $3",
        programme_id, after, limit,
    )
    return [_member(row) for row in rows]


async def due(db: Connection, *, programme_id: UUID, at: datetime, limit: int) -> list[Member]:
    """Members for whom something is due, locked; others take other ones."""
    rows = await db.fetch(
        """
        SELECT * FROM programme_member WHERE programme_id = $1 AND next_at <= $2 AND left_at IS NULL
        ORDER BY next_at LIMIT $3 FOR UPDATE SKIP LOCKED
        """,
        programme_id, at, limit,
    )
    return [_member(row) for row in rows]


async def any_due(db: Connection, *, at: datetime) -> bool:
    found: bool = await db.fetchval(
        """
        SELECT EXISTS (SELECT FROM programme p JOIN programme_member m ON m.programme_id = p.id
            WHERE p.status = 'running' AND m.next_at <= $1 AND m.left_at IS NULL)
        """,
        at,
    )
    return found


async def set_due(
    db: Connection, *, programme_id: UUID, customer_ids: Sequence[UUID], steps: Sequence[int], nexts: Sequence[datetime | None], causes: Sequence[str | None]
) -> None:
    """What comes next for members."""
    await db.execute(
        """
        UPDATE programme_member m SET step = given.step, next_at = given.next_at, cause = given.cause
        FROM unnest($2::uuid[], $3::int[], $4::timestamptz[], $5::text[]) AS given (customer_id, step, next_at, cause)
        WHERE m.programme_id = $1 AND m.customer_id = given.customer_id AND m.left_at IS NULL
        """,
        programme_id, list(customer_ids), list(steps), list(nexts), list(causes),
    )


async def ask_again(
    db: Connection, *, programme_id: UUID, customer_id: UUID, next_at: datetime, cause: str, pause: timedelta, at: datetime
) -> None:
    """Something new to ask a member about; not while a question waits, nor within the pause after the last one."""
    await db.execute(
        """
        UPDATE programme_member SET next_at = $3, cause = $4, rounds = rounds + 1, asked_at = $6
        WHERE programme_id = $1 AND customer_id = $2 AND left_at IS NULL AND next_at IS NULL AND cause IS DISTINCT FROM $4
            AND coalesce(asked_at, joined_at) <= $6::timestamptz - $5::interval
        """,
        programme_id, customer_id, next_at, cause, pause, at,
    )


async def set_tier(db: Connection, *, programme_id: UUID, customer_id: UUID, tier: str | None, at: datetime, check_at: datetime | None) -> None:
    """The tier of a member, and when it is looked at again; `tier_since` moves only when the tier does."""
    await db.execute(
        """
        WITH noted AS (
            INSERT INTO tier_change (customer_id, programme_id, at, tier) SELECT customer_id, $1, $4, $3::text FROM programme_member
            WHERE programme_id = $1 AND customer_id = $2 AND left_at IS NULL AND tier IS DISTINCT FROM $3::text
            ON CONFLICT (customer_id, programme_id, at) DO UPDATE SET tier = EXCLUDED.tier)
        UPDATE programme_member SET tier_since = CASE WHEN tier IS DISTINCT FROM $3 THEN $4 ELSE tier_since END, tier = $3, next_at = $5
        WHERE programme_id = $1 AND customer_id = $2
        """,
        programme_id, customer_id, tier, at, check_at,
    )


async def tiers_of(db: Connection, customer_ids: Sequence[UUID], *, at: datetime | None = None) -> dict[UUID, set[str]]:
    """The tiers that customers hold in programmes that run; `at`: that they held then in those that ran then."""
    rows = await db.fetch(
        """
        SELECT m.customer_id, m.tier FROM programme_member m JOIN programme p ON p.id = m.programme_id
        WHERE m.customer_id = ANY($1::uuid[]) AND m.tier IS NOT NULL AND m.left_at IS NULL AND p.status = 'running'
        """,
        list(customer_ids),
    ) if at is None else await db.fetch(
        """
        WITH held AS (
            SELECT DISTINCT ON (customer_id, programme_id) customer_id, programme_id, tier FROM tier_change
            WHERE customer_id = ANY($1::uuid[]) AND at <= $2 ORDER BY customer_id, programme_id, at DESC)
        SELECT h.customer_id, h.tier FROM held h WHERE h.tier IS NOT NULL AND 'running' = (
            SELECT status FROM programme_change c WHERE c.programme_id = h.programme_id AND c.at <= $2 ORDER BY c.at DESC LIMIT 1)
        """,
        list(customer_ids), at,
    )
    found: dict[UUID, set[str]] = {}
    for row in rows:
        found.setdefault(row["customer_id"], set()).add(row["tier"])
    return found


async def erase(db: Connection, *, customer_ids: Sequence[UUID]) -> dict[str, int]:
    """Memberships and points go; what rewards cost stays, and nobody knows whose they were. Returns rows by table."""
    counts = {}
    for table, statement in _ERASE.items():
        counts[table] = int((await db.execute(statement, list(customer_ids))).rpartition(" ")[2])
    return counts


_ERASE = {
    "points_use": "DELETE FROM points_use WHERE transaction_id IN (SELECT id FROM points_transaction WHERE customer_id = ANY($1::uuid[]))",
    "points_entry": """
        DELETE FROM points_entry WHERE transaction_id IN (
            SELECT id FROM points_transaction WHERE customer_id = ANY($1::uuid[])) OR customer_id = ANY($1::uuid[])
        """,
    "points_transaction": "DELETE FROM points_transaction WHERE customer_id = ANY($1::uuid[])",
    "points_lot": "DELETE FROM points_lot WHERE customer_id = ANY($1::uuid[])",
    "points_account": "DELETE FROM points_account WHERE customer_id = ANY($1::uuid[])",
    "tier_change": "DELETE FROM tier_change WHERE customer_id = ANY($1::uuid[])",
    "programme_member": "DELETE FROM programme_member WHERE customer_id = ANY($1::uuid[])",
    "satisfaction_answer": "UPDATE satisfaction_answer SET customer_id = gen_random_uuid(), words = '', case_wanted = false WHERE customer_id = ANY($1::uuid[])",
    "redemption": "UPDATE redemption SET customer_id = gen_random_uuid(), key = id::text WHERE customer_id = ANY($1::uuid[])",
    "referral": "DELETE FROM referral WHERE customer_id = ANY($1::uuid[])",
    "referred": "DELETE FROM referred WHERE customer_id = ANY($1::uuid[]) OR referrer_id = ANY($1::uuid[])",
    "community_activity": "DELETE FROM community_activity WHERE customer_id = ANY($1::uuid[])",
    "community_member": "DELETE FROM community_member WHERE customer_id = ANY($1::uuid[])",
}


def _programme(row: Any) -> Programme:
    values = {name: row[name] for name in Programme._fields}
    values["settings"] = read_settings(row["settings"])
    return Programme(**values)


def _member(row: Any) -> Member:
    return Member(*(row[name] for name in Member._fields))

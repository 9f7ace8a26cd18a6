"""What on-site decisions read and remember: few statements, each by an index."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from chassis.database import Connection
from services.campaign.domain.deciding import Conditions, Offer, SiteMessage

_encode = msgspec.json.Encoder().encode


async def insert(db: Connection, message: SiteMessage) -> None:
    await db.execute(
        """
        INSERT INTO site_message (id, name, placement, purpose, priority, locales, fallback, conditions, reward_id, cap, cap_days, holdout, starts_at,
            ends_at, active, playbook, created_at)
        VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8::jsonb, $9, $10, $11, $12, $13, $14, $15, $16, $17)
        """,
        message.id, message.name, message.placement, message.purpose, message.priority, _encode(message.locales).decode(), message.fallback,
        message.conditions.model_dump_json(), message.reward_id, message.cap, message.cap_days, message.holdout, message.starts_at, message.ends_at,
        message.active, message.playbook, message.created_at,
    )


async def find(db: Connection, message_id: UUID) -> SiteMessage | None:
    row = await db.fetchrow("SELECT * FROM site_message WHERE id = $1", message_id)
    return None if row is None else _message(row)


async def page(db: Connection, *, after: UUID | None, limit: int) -> list[SiteMessage]:
    rows = await db.fetch("SELECT * FROM site_message WHERE customer_id IS NULL AND ($1::uuid IS NULL OR id < $1) ORDER BY id DESC LIMIT $2", after, limit)
    return [_message(row) for row in rows]


async def end(db: Connection, message_id: UUID) -> None:
    await db.execute("UPDATE site_message SET active = false WHERE id = $1", message_id)


async def candidates(db: Connection, placement: str, *, customer_id: UUID | None = None) -> list[SiteMessage]:
    """Messages that could be shown in a place, with or without regard to their time: for all, and those that wait for this person alone."""
    rows = await db.fetch("SELECT * FROM site_message WHERE placement = $1 AND active AND customer_id IS NULL ORDER BY priority DESC, id LIMIT 200", placement)
    if customer_id is not None:
        rows += await db.fetch(
            """
            SELECT * FROM site_message WHERE (customer_id = $2 OR customer_id IN (SELECT r.customer_id FROM recipient r WHERE r.merged_into = $2))
                AND placement = $1 AND active AND dismissed_at IS NULL ORDER BY priority DESC, id LIMIT 50
            """,
            placement, customer_id,
        )
    return [_message(row) for row in rows]


async def recognise(db: Connection, identities: Sequence[bytes]) -> dict[str, Any] | None:
    """Whose the first of the identities is that is anybody's, with profile, scores, tiers, consent and orders; one statement."""
    row = await db.fetchrow(
        """
        WITH who AS (
            SELECT i.customer_id FROM unnest($1::bytea[]) WITH ORDINALITY AS given (identity, n) JOIN identity_map i USING (identity) ORDER BY n LIMIT 1)
        SELECT who.customer_id, r.name, r.language, r.email IS NOT NULL OR r.phone IS NOT NULL AS known,
            (SELECT array_agg(ARRAY[score, value]) FROM customer_score s WHERE s.customer_id = who.customer_id) AS scores,
            (SELECT array_agg(DISTINCT m.tier) FROM programme_member m JOIN programme p ON p.id = m.programme_id AND p.status = 'running'
                WHERE m.customer_id = who.customer_id AND m.tier IS NOT NULL AND m.left_at IS NULL) AS tiers,
            (SELECT purposes FROM said_consent c WHERE c.customer_id = who.customer_id) AS said,
            (SELECT count(*) FROM identity_map i JOIN customer_order o USING (identity)
                WHERE i.customer_id = who.customer_id AND o.status <> 'cancelled') AS orders
        FROM who LEFT JOIN recipient r ON r.customer_id = who.customer_id
        """,
        list(identities),
    )
    if row is None:
        return None
    return {**dict(row), "scores": {pair[0]: pair[1] for pair in row["scores"] or ()}, "said": msgspec.json.decode(row["said"] or b"{}")}


async def seen(db: Connection, *, visitor: bytes, customer_id: UUID | None, at: datetime, days: dict[UUID, int]) -> tuple[bool, dict[UUID, int]]:
    """(was this visitor here before, how often each message was shown to them within its days)."""
    rows = await db.fetch(
        """
        SELECT message_id, array_agg(at ORDER BY at DESC) AS times FROM (
            SELECT message_id, at FROM decision WHERE visitor = $1 AND arm IS DISTINCT FROM 'holdout' AND at > $3::timestamptz - interval '366 days'
            UNION
            SELECT message_id, at FROM decision WHERE $2::uuid IS NOT NULL AND customer_id = $2 AND arm IS DISTINCT FROM 'holdout'
                AND at > $3::timestamptz - interval '366 days') d
        GROUP BY message_id
        """,
        visitor, customer_id, at,
    )
    counts = {
        row["message_id"]: sum(at - time < timedelta(days=days[row["message_id"]]) for time in row["times"])
        for row in rows if row["message_id"] in days
    }
    return bool(rows), counts


async def offers(db: Connection, reward_ids: Sequence[UUID], *, at: datetime) -> dict[UUID, Offer]:
    rows = await db.fetch(
        """
        SELECT r.id, r.tiers, r.stages, r.active AND p.status = 'running' AND (r.stock IS NULL OR r.redeemed < r.stock)
            AND (r.budget_minor IS NULL OR r.spent_minor + r.cost_minor <= r.budget_minor) AND (r.starts_at IS NULL OR r.starts_at <= $2)
            AND (r.ends_at IS NULL OR r.ends_at > $2) AS available
        FROM reward r JOIN programme p ON p.id = r.programme_id WHERE r.id = ANY($1::uuid[])
        """,
        list(reward_ids), at,
    )
    return {row["id"]: Offer(row["tiers"], row["stages"], row["available"]) for row in rows}


async def remember(
    db: Connection, *, decision_id: UUID, visitor: bytes, customer_id: UUID | None, placement: str, message_id: UUID | None, arm: str | None, at: datetime
) -> None:
    await db.execute(
        "INSERT INTO decision (id, visitor, customer_id, placement, message_id, arm, at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        decision_id, visitor, customer_id, placement, message_id, arm, at,
    )


async def click(db: Connection, decision_id: UUID, *, at: datetime) -> bool:
    """False when there is no such decision."""
    found = await db.fetchval("UPDATE decision SET clicked_at = coalesce(clicked_at, $2) WHERE id = $1 RETURNING true", decision_id, at)
    return bool(found)


async def figures(db: Connection, message_id: UUID) -> list[dict[str, Any]]:
    """By arm: visitors, those who clicked, and known customers who ordered within seven days of the first time."""
    rows = await db.fetch(
        """
        WITH people AS (
            SELECT coalesce(customer_id::text, encode(visitor, 'hex')) AS who, min(customer_id::text)::uuid AS customer_id, coalesce(arm, 'treated') AS arm,
                min(at) AS since, count(*) AS times, bool_or(clicked_at IS NOT NULL) AS clicked
            FROM decision WHERE message_id = $1 GROUP BY 1, 3)
        SELECT arm, count(*) AS visitors, sum(times)::bigint AS times, count(*) FILTER (WHERE clicked) AS clicked, count(customer_id) AS customers,
            count(*) FILTER (WHERE EXISTS (SELECT FROM identity_map i JOIN customer_order o USING (identity) WHERE i.customer_id = p.customer_id
                AND o.ordered_at >= p.since AND o.ordered_at < p.since + interval '7 days' AND o.status <> 'cancelled')) AS ordered
        FROM people p GROUP BY arm ORDER BY arm
        """,
        message_id,
    )
    return [dict(row) for row in rows]


async def put_said(db: Connection, rows: Sequence[tuple[UUID, dict[str, dict[str, str]]]], *, gone: Sequence[UUID]) -> None:
    """What people said about purposes; who is gone said nothing."""
    if gone:
        await db.execute("DELETE FROM said_consent WHERE customer_id = ANY($1::uuid[])", list(gone))
    await db.execute(
        """
        INSERT INTO said_consent (customer_id, purposes) SELECT customer_id, purposes::jsonb FROM unnest($1::uuid[], $2::text[]) AS g (customer_id, purposes)
        ORDER BY customer_id ON CONFLICT (customer_id) DO UPDATE SET purposes = EXCLUDED.purposes
        """,
        [row[0] for row in rows], [_encode(row[1]).decode() for row in rows],
    )


async def erase(db: Connection, *, customer_ids: Sequence[UUID]) -> dict[str, int]:
    """Decisions count on, and nobody knows whose they were. Returns rows by table."""
    statements = {
        "decision": "UPDATE decision SET customer_id = NULL, visitor = uuid_send(id) WHERE customer_id = ANY($1::uuid[])",
        "said_consent": "DELETE FROM said_consent WHERE customer_id = ANY($1::uuid[])",
        "attribution": "UPDATE attribution SET customer_id = gen_random_uuid() WHERE customer_id = ANY($1::uuid[])",
    }
    return {table: int((await db.execute(statement, list(customer_ids))).rpartition(" ")[2]) for table, statement in statements.items()}


def _message(row: Any) -> SiteMessage:
    values = {name: row[name] for name in SiteMessage._fields}
    values["locales"] = msgspec.json.decode(row["locales"])
    values["conditions"] = Conditions.model_validate_json(row["conditions"])
    return SiteMessage(**values)

"""Scores in PostgreSQL: the value, what it is made of, and what it was before."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from chassis.database import Connection


class Changed(NamedTuple):
    """A score whose value (not only its figures) is another now."""

    customer_id: UUID
    value: str
    previous: str | None


async def put_scores(
    db: Connection, *, score: str, customers: Sequence[UUID], values: Sequence[str], parts: Sequence[dict[str, Any]], at: datetime
) -> list[Changed]:
    """Write one score of many customers; returns those whose value changed."""
    rows = await db.fetch(
        """
        WITH fresh AS (SELECT * FROM unnest($2::uuid[], $3::text[], $4::jsonb[]) AS f(customer_id, value, parts)),
        old AS (SELECT s.customer_id, s.value FROM score s JOIN fresh USING (customer_id) WHERE s.score = $1),
        written AS (
            INSERT INTO score AS s (customer_id, score, value, parts, changed_at) SELECT customer_id, $1, value, parts, $5 FROM fresh
            ON CONFLICT (customer_id, score) DO UPDATE SET value = excluded.value, parts = excluded.parts,
              previous = CASE WHEN s.value <> excluded.value THEN s.value ELSE s.previous END,
              changed_at = CASE WHEN s.value <> excluded.value THEN excluded.changed_at ELSE s.changed_at END
            RETURNING s.customer_id, s.value, s.parts),
        dated AS (
            INSERT INTO score_change (customer_id, score, changed_at, value, previous, parts)
            SELECT w.customer_id, $1, $5, w.value, o.value, w.parts FROM written w LEFT JOIN old o USING (customer_id)
            WHERE o.value IS DISTINCT FROM w.value ON CONFLICT DO NOTHING)
        SELECT w.customer_id, w.value, o.value AS previous FROM written w LEFT JOIN old o USING (customer_id)
        WHERE o.value IS DISTINCT FROM w.value
        """,
        score, customers, values, [json.dumps(part) for part in parts], at,
    )
    return [Changed(row["customer_id"], row["value"], row["previous"]) for row in rows]


async def remove_scores(db: Connection, customers: Sequence[UUID], *, at: datetime) -> list[tuple[UUID, str, str]]:
    """Drop all scores of customers who are buyers no more; returns (customer, score, last value). Their stage is acquire then."""
    rows = await db.fetch(
        """
        WITH gone AS (DELETE FROM score WHERE customer_id = ANY($1::uuid[]) RETURNING customer_id, score, value),
        dated AS (
            INSERT INTO score_change (customer_id, score, changed_at, value, previous)
            SELECT customer_id, score, $2, CASE score WHEN 'stage' THEN 'acquire' ELSE '' END, value FROM gone ON CONFLICT DO NOTHING)
        SELECT customer_id, score, value FROM gone
        """,
        customers, at,
    )
    return [(row["customer_id"], row["score"], row["value"]) for row in rows]


async def scores_of(db: Connection, customer_id: UUID) -> list[dict[str, Any]]:
    rows = await db.fetch(
        "SELECT score, value, previous, parts, changed_at FROM score WHERE customer_id = $1 ORDER BY score", customer_id
    )
    return [dict(row) | {"parts": json.loads(row["parts"])} for row in rows]


async def drop_score(db: Connection, *, score: str, keep: Sequence[UUID], at: datetime) -> list[tuple[UUID, str]]:
    """Take one score from everybody who is not listed; returns (customer, last value)."""
    rows = await db.fetch(
        """
        WITH kept AS (SELECT unnest($2::uuid[]) AS customer_id),
        gone AS (DELETE FROM score s WHERE s.score = $1 AND NOT EXISTS (SELECT 1 FROM kept k WHERE k.customer_id = s.customer_id)
                 RETURNING s.customer_id, s.value),
        dated AS (
            INSERT INTO score_change (customer_id, score, changed_at, value, previous) SELECT customer_id, $1, $3, '', value FROM gone
            ON CONFLICT DO NOTHING)
        SELECT customer_id, value FROM gone
        """,
        score, keep, at,
    )
    return [(row["customer_id"], row["value"]) for row in rows]


async def holders(db: Connection, *, score: str) -> list[UUID]:
    """Everybody who has a score."""
    return [row["customer_id"] for row in await db.fetch("SELECT customer_id FROM score WHERE score = $1 ORDER BY customer_id", score)]


async def take_score(db: Connection, *, score: str, customers: Sequence[UUID], at: datetime) -> list[tuple[UUID, str]]:
    """Take one score from these customers; returns (customer, last value)."""
    rows = await db.fetch(
        """
        WITH gone AS (DELETE FROM score WHERE score = $1 AND customer_id = ANY($2::uuid[]) RETURNING customer_id, value),
        dated AS (
            INSERT INTO score_change (customer_id, score, changed_at, value, previous) SELECT customer_id, $1, $3, '', value FROM gone
            ON CONFLICT DO NOTHING)
        SELECT customer_id, value FROM gone
        """,
        score, customers, at,
    )
    return [(row["customer_id"], row["value"]) for row in rows]

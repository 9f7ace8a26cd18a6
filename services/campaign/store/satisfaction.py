"""How satisfied customers said to be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Connection


async def put(
    db: Connection, *, answer_id: str, customer_id: UUID, programme_id: UUID | None, about: str, score: int, words: str, at: datetime, case_wanted: bool
) -> bool:
    """Keep an answer; the first one to a question counts. False for a later one."""
    written = await db.fetchval(
        """
        INSERT INTO satisfaction_answer (id, customer_id, programme_id, about, score, words, at, case_wanted)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING true
        """,
        answer_id, customer_id, programme_id, about, score, words, at, case_wanted,
    )
    return bool(written)


async def bad(db: Connection, *, limit: int) -> list[dict[str, Any]]:
    """Answers that call for a case and have none."""
    rows = await db.fetch("SELECT * FROM satisfaction_answer WHERE case_wanted AND case_id IS NULL ORDER BY at LIMIT $1", limit)
    return [dict(row) for row in rows]


async def set_case(db: Connection, *, answer_id: str, case_id: str) -> None:
    await db.execute("UPDATE satisfaction_answer SET case_id = $2 WHERE id = $1", answer_id, case_id)


async def list_of(db: Connection, *, customer_ids: Sequence[UUID], limit: int) -> list[dict[str, Any]]:
    rows = await db.fetch("SELECT * FROM satisfaction_answer WHERE customer_id = ANY($1::uuid[]) ORDER BY at DESC LIMIT $2", list(customer_ids), limit)
    return [dict(row) for row in rows]


async def before_and_after(db: Connection, *, programme_id: UUID) -> list[dict[str, Any]]:
    """For each arm: answers before and after joining, with their sums and squares (for means and intervals)."""
    rows = await db.fetch(
        """
        SELECT m.arm, a.at >= m.joined_at AS after, count(*) AS answers, sum(a.score)::float8 AS total, sum(a.score * a.score)::float8 AS squares
        FROM programme_member m JOIN satisfaction_answer a USING (customer_id) WHERE m.programme_id = $1 GROUP BY 1, 2
        """,
        programme_id,
    )
    return [dict(row) for row in rows]

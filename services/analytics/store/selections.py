"""Scores to choose from, and who was chosen, in PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from chassis.database import Connection

_CANDIDATES: Final = """
SELECT customer_id, max(parts->>'lift') FILTER (WHERE score = $1) AS lift, max(parts->>'probability') FILTER (WHERE score = $2) AS chance,
       max(parts->>'order_value_minor') FILTER (WHERE score = 'lifetime') AS order_value, max(parts->>'margin') FILTER (WHERE score = 'lifetime') AS margin,
       max(value) FILTER (WHERE score = 'tier') AS tier
FROM score WHERE score IN ($1, $2, 'lifetime', 'tier')
AND ($3::uuid IS NULL OR customer_id IN (SELECT customer_id FROM membership WHERE segment_id = $3)) GROUP BY customer_id
"""
_ONE: Final = _CANDIDATES.replace("GROUP BY", "AND customer_id = $4 GROUP BY")


async def candidates(db: Connection, *, uplift: str, propensity: str, segment_id: UUID | None) -> list[dict[str, Any]]:
    """What is known of each customer, of a segment or of all."""
    return [dict(row) for row in await db.fetch(_CANDIDATES, uplift, propensity, segment_id)]


async def candidate(db: Connection, *, uplift: str, propensity: str, customer_id: UUID) -> dict[str, Any] | None:
    row = await db.fetchrow(_ONE, uplift, propensity, None, customer_id)
    return None if row is None else dict(row)


async def total(db: Connection, score: str) -> float:
    """The sum of the future values that customers carry."""
    found = await db.fetchval("SELECT coalesce(sum((parts->>'future_minor')::double precision), 0) FROM score WHERE score = $1", score)
    return float(found)


async def futures(db: Connection) -> list[tuple[UUID, float]]:
    """The future value of every customer who has one."""
    rows = await db.fetch("SELECT customer_id, (parts->>'future_minor')::double precision AS future FROM score WHERE score = 'lifetime' ORDER BY customer_id")
    return [(row["customer_id"], row["future"]) for row in rows]


async def insert_selection(
    db: Connection, *, selection_id: UUID, asked: dict[str, Any], answer: dict[str, Any], members: Sequence[tuple[UUID, int, dict[str, Any]]], at: datetime, by: str
) -> None:
    """Keep a selection with its customers in their order."""
    await db.execute(
        "INSERT INTO selection (selection_id, asked, answer, made_at, made_by) VALUES ($1, $2, $3, $4, $5)",
        selection_id, json.dumps(asked), json.dumps(answer), at, by,
    )
    await db.copy_records_to_table(
        "selection_member", columns=("selection_id", "position", "customer_id", "value_minor", "reasons"),
        records=[(selection_id, place, customer, value, json.dumps(reasons)) for place, (customer, value, reasons) in enumerate(members)],
    )


async def find_selection(db: Connection, selection_id: UUID) -> dict[str, Any] | None:
    row = await db.fetchrow("SELECT selection_id, asked, answer, made_at, made_by FROM selection WHERE selection_id = $1", selection_id)
    return None if row is None else {**dict(row), "asked": json.loads(row["asked"]), "answer": json.loads(row["answer"])}


async def page_members(db: Connection, selection_id: UUID, *, start: int, limit: int) -> list[dict[str, Any]]:
    """The chosen from a position on."""
    rows = await db.fetch(
        """
        SELECT position, customer_id, value_minor, reasons FROM selection_member WHERE selection_id = $1 AND position >= $2 ORDER BY position LIMIT $3
        """,
        selection_id, start, limit,
    )
    return [{**dict(row), "reasons": json.loads(row["reasons"])} for row in rows]

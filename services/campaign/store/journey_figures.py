"""What is read of journeys: people, passages, histories, sums."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from chassis.database import Connection


async def people(
    db: Connection, journey_id: UUID, *, inside: bool | None, step: str | None, after: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """Positions, the newest first, below the id `after`."""
    rows = await db.fetch(
        """
        SELECT id, customer_id, version, step, waiting, due_at, waits_for, entered_at, left_at, outcome FROM journey_person
        WHERE journey_id = $1 AND ($2::bool IS NULL OR (left_at IS NULL) = $2) AND ($3::text IS NULL OR step = $3)
            AND ($4::uuid IS NULL OR id < $4) ORDER BY id DESC LIMIT $5
        """,
        journey_id, inside, step, after, limit,
    )
    return [dict(row) for row in rows]


async def passages(db: Connection, journey_id: UUID, customer_ids: Sequence[UUID]) -> list[dict[str, Any]]:
    rows = await db.fetch(
        """
        SELECT id, customer_id, version, step, waiting, due_at, waits_for, entered_at, left_at, outcome, data FROM journey_person
        WHERE journey_id = $1 AND customer_id = ANY($2::uuid[]) ORDER BY entered_at DESC, id DESC LIMIT 50
        """,
        journey_id, list(customer_ids),
    )
    return [{**dict(row), "data": msgspec.json.decode(row["data"])} for row in rows]


async def history(db: Connection, person_id: UUID) -> list[dict[str, Any]]:
    """The newest thousand lines, in order."""
    rows = await db.fetch(
        "SELECT number, step, did, detail, at FROM (SELECT * FROM journey_move WHERE person_id = $1 ORDER BY number DESC LIMIT 1000) m ORDER BY number",
        person_id,
    )
    return [{**dict(row), "detail": msgspec.json.decode(row["detail"])} for row in rows]


async def figures(db: Connection, journey_id: UUID) -> dict[str, Any]:
    """Entered = inside + left, always."""
    whole = await db.fetchrow(
        "SELECT count(*) AS entered, count(*) FILTER (WHERE left_at IS NULL) AS inside FROM journey_person WHERE journey_id = $1", journey_id
    )
    inside = await db.fetch(
        "SELECT step, count(*) AS people FROM journey_person WHERE journey_id = $1 AND left_at IS NULL GROUP BY step ORDER BY step", journey_id
    )
    left = await db.fetch(
        "SELECT outcome, count(*) AS people FROM journey_person WHERE journey_id = $1 AND left_at IS NOT NULL GROUP BY outcome ORDER BY outcome",
        journey_id,
    )
    messages = await db.fetch(
        "SELECT step, state, coalesce(reason, '') AS reason, count(*) AS messages FROM message WHERE origin_id = $1 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        journey_id,
    )
    assert whole is not None, "sums are always there"
    return {
        "entered": whole["entered"], "inside": whole["inside"], "at_step": {row["step"]: row["people"] for row in inside},
        "left": {row["outcome"]: row["people"] for row in left}, "messages": [dict(row) for row in messages],
    }


async def messages_of(db: Connection, journey_id: UUID, customer_ids: Sequence[UUID], *, until: datetime | None = None) -> list[dict[str, Any]]:
    """The newest message of each step; `until`: that was planned until then."""
    rows = await db.fetch(
        """
        SELECT DISTINCT ON (step) * FROM message WHERE origin_id = $1 AND customer_id = ANY($2::uuid[]) AND ($3::timestamptz IS NULL OR created_at <= $3)
        ORDER BY step, id DESC
        """,
        journey_id, list(customer_ids), until,
    )
    return [dict(row) for row in rows]

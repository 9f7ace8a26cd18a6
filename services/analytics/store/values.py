"""Lifetime values that customers carry, in sum by segment, cohort or the channel that won them; in PostgreSQL."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from chassis.database import Connection

_FIGURES: Final = """
count(*) AS customers, coalesce(sum((parts->>'lcv_minor')::bigint), 0)::bigint AS lcv_minor, coalesce(sum((parts->>'past_minor')::bigint), 0)::bigint AS past_minor,
coalesce(sum((parts->>'future_minor')::bigint), 0)::bigint AS future_minor, coalesce(sum((parts->>'net_minor')::bigint), 0)::bigint AS net_minor
"""
_TOTAL: Final = f"SELECT 'all' AS key, 'all' AS label, {_FIGURES} FROM score WHERE score = $1"  # noqa: S608 - own names
_BY_SEGMENT: Final = f"""
SELECT g.segment_id::text AS key, g.name AS label, {_FIGURES} FROM segment g JOIN membership m USING (segment_id) JOIN score s USING (customer_id)
WHERE g.state = 'active' AND s.score = $1 GROUP BY g.segment_id, g.name ORDER BY g.name
"""  # noqa: S608 - own names
_BY_PART: Final = {
    name: f"SELECT parts->>'{name}' AS key, parts->>'{name}' AS label, {_FIGURES} FROM score WHERE score = $1 GROUP BY 1 ORDER BY 1"  # noqa: S608 - own names
    for name in ("first_day", "won_by")
}
_ROWS: Final = """
SELECT customer_id, (parts->>'lcv_minor')::bigint AS lcv_minor, (parts->>'past_minor')::bigint AS past_minor, (parts->>'future_minor')::bigint AS future_minor,
       (parts->>'net_minor')::bigint AS net_minor, parts->>'first_day' AS first_day, parts->>'won_by' AS won_by FROM score s WHERE score = $1 AND customer_id > $2
AND ($4::uuid IS NULL OR EXISTS (SELECT 1 FROM membership m WHERE m.segment_id = $4 AND m.customer_id = s.customer_id))
AND ($5::text IS NULL OR parts->>'first_day' >= $5 AND parts->>'first_day' < $6) AND ($7::text IS NULL OR parts->>'won_by' = $7)
ORDER BY customer_id LIMIT $3
"""


async def total(db: Connection, score: str) -> dict[str, Any]:
    row = await db.fetchrow(_TOTAL, score)
    assert row is not None
    return dict(row)


async def by_segment(db: Connection, score: str) -> list[dict[str, Any]]:
    """Of each active segment; somebody may be in several."""
    return [dict(row) for row in await db.fetch(_BY_SEGMENT, score)]


async def by_first_day(db: Connection, score: str) -> list[dict[str, Any]]:
    """Of each day of a first order."""
    return [dict(row) for row in await db.fetch(_BY_PART["first_day"], score)]


async def by_channel(db: Connection, score: str) -> list[dict[str, Any]]:
    """Of each channel that won customers."""
    return [dict(row) for row in await db.fetch(_BY_PART["won_by"], score)]


async def rows(
    db: Connection, score: str, *, after: UUID, limit: int, segment_id: UUID | None, days: tuple[str, str] | None, won_by: str | None
) -> list[dict[str, Any]]:
    """The customers behind a sum, by id; `days`: first order in [first, last)."""
    first, last = days or (None, None)
    return [dict(row) for row in await db.fetch(_ROWS, score, after, limit, segment_id, first, last, won_by)]

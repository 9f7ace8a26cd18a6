"""The cost ledger in PostgreSQL: entries are added, never changed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from chassis.database import Connection

_FIND: Final = """
SELECT cost_id, kind, channel, campaign_id, amount_minor, currency, booked_on, note, reference, created_at FROM cost WHERE reference = $1
"""
_PAGE: Final = """
SELECT cost_id, kind, channel, campaign_id, amount_minor, currency, booked_on, note, reference, created_at FROM cost
WHERE ($1::date IS NULL OR booked_on >= $1) AND ($2::date IS NULL OR booked_on < $2)
AND ($3::date IS NULL OR (booked_on, cost_id) > ($3, $4::uuid)) ORDER BY booked_on, cost_id LIMIT $5
"""


async def insert_cost(
    db: Connection, *, cost_id: UUID, kind: str, channel: str, campaign_id: str | None, amount_minor: int, currency: str, booked_on: date,
    note: str, reference: str | None, by: str, now: datetime,
) -> None:
    """Raises asyncpg.UniqueViolationError when the reference was used before."""
    await db.execute(
        """
        INSERT INTO cost (cost_id, kind, channel, campaign_id, amount_minor, currency, booked_on, note, reference, booked_by, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """,
        cost_id, kind, channel, campaign_id, amount_minor, currency, booked_on, note, reference, by, now,
    )


async def find_by_reference(db: Connection, reference: str) -> dict[str, Any] | None:
    row = await db.fetchrow(_FIND, reference)
    return None if row is None else dict(row)


async def page_costs(
    db: Connection, *, first: date | None, last: date | None, after: tuple[date, UUID] | None, limit: int
) -> list[dict[str, Any]]:
    """Entries by the day they are booked on; `last` is excluded."""
    rows = await db.fetch(_PAGE, first, last, None if after is None else after[0], None if after is None else after[1], limit)
    return [dict(row) for row in rows]

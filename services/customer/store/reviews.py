"""SQL on what identity rules held back, and what people decided about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from chassis.database import Connection


class Row(NamedTuple):
    """An identity that two customers share, or (`other_id` is None) that was not given to the customer."""

    id: UUID
    identity: bytes
    kind: str
    key: str
    customer_id: UUID
    other_id: UUID | None
    reason: str
    event_id: str
    noted_at: datetime
    state: str = "open"
    decided_at: datetime | None = None
    decided_by: str | None = None
    decision_reason: str | None = None


COLUMNS = "id, identity, kind, key, customer_id, other_id, reason, event_id, noted_at, state, decided_at, decided_by, decision_reason"

_NOTE = f"""
INSERT INTO identity_review ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING
"""  # noqa: S608 - constant columns
#: Customers as they are known now, not as they were when it was noted.
_NOW = """
SELECT review.id, identity, kind, key, one.root_id, two.root_id, reason, event_id, noted_at, state, decided_at, decided_by, decision_reason
FROM identity_review review JOIN customer one ON one.id = review.customer_id LEFT JOIN customer two ON two.id = review.other_id
"""
_PAGE = f"""{_NOW}
WHERE ($1::text IS NULL OR state = $1) AND (state <> 'open' OR two.root_id IS DISTINCT FROM one.root_id)
    AND ($2::text IS NULL OR reason = $2) AND ($3::uuid IS NULL OR review.id > $3)
ORDER BY review.id LIMIT $4
"""
_FIND = f"{_NOW} WHERE review.id = $1 FOR UPDATE OF review"


async def note(db: Connection, *, rows: Sequence[Row]) -> None:
    """Ask people to look; the same for the same reason is noted once."""
    await db.executemany(
        _NOTE, [tuple(row) for row in sorted(rows, key=lambda row: (row.identity, row.customer_id, row.other_id or row.customer_id, row.reason))]
    )


async def page(db: Connection, *, state: str | None, reason: str | None, after: UUID | None, limit: int) -> list[Row]:
    """Reviews in a state (None: in any), oldest first. An open one about two who became one customer meanwhile is no question any more."""
    rows = await db.fetch(_PAGE, state, reason, after, limit)
    return [Row(*row) for row in rows]


async def find(db: Connection, *, review_id: UUID) -> Row | None:
    """One review, locked, with the customers who answer now."""
    row = await db.fetchrow(_FIND, review_id)
    return None if row is None else Row(*row)


async def decide(db: Connection, *, review_id: UUID, state: str, by: str, reason: str, at: datetime) -> None:
    await db.execute(
        "UPDATE identity_review SET state = $2, decided_by = $3, decision_reason = $4, decided_at = $5 WHERE id = $1",
        review_id, state, by, reason, at,
    )


async def keep_apart(db: Connection, *, one: UUID, two: UUID, by: str, reason: str, at: datetime) -> None:
    """No event merges these two from now on."""
    low, high = sorted((one, two))
    await db.execute(
        "INSERT INTO kept_apart (low_id, high_id, reason, decided_at, decided_by) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        low, high, reason, at, by,
    )

"""Requests that came by OpenDSR."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from chassis.database import Connection
from services.consent.domain.opendsr import Taken

_COLUMNS: Final = ", ".join(Taken._fields)
_FIND: Final = f"SELECT {_COLUMNS} FROM opendsr_request WHERE id = $1"  # noqa: S608 - constant columns


async def insert(db: Connection, taken: Taken) -> bool:
    """False when the id is known."""
    made = await db.fetchval(
        """
        INSERT INTO opendsr_request (id, kind, controller, regulation, submitted_at, received_at, expected_at, request_id, cancelled_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING id
        """,
        *taken,
    )
    return made is not None


async def find(db: Connection, subject_request_id: UUID) -> Taken | None:
    row = await db.fetchrow(_FIND, subject_request_id)
    return Taken(*row) if row else None


async def cancel(db: Connection, subject_request_id: UUID, *, at: datetime) -> None:
    await db.execute("UPDATE opendsr_request SET cancelled_at = $2 WHERE id = $1", subject_request_id, at)


async def open_request(db: Connection, *, customer_id: UUID, kind: str) -> UUID | None:
    """The request of the kind that is open already."""
    found: UUID | None = await db.fetchval(
        "SELECT id FROM privacy_request WHERE customer_id = $1 AND kind = $2 AND closed_at IS NULL", customer_id, kind
    )
    return found


async def to_begin(db: Connection, *, before: datetime) -> list[UUID]:
    """Erasures that came this way before a time and that nobody has begun."""
    rows = await db.fetch(
        """
        SELECT r.id FROM opendsr_request o JOIN privacy_request r ON r.id = o.request_id
        WHERE o.request_id IS NOT NULL AND o.cancelled_at IS NULL AND o.received_at < $1 AND r.kind = 'erasure' AND r.state = 'verified' AND r.via = 'opendsr'
        ORDER BY o.received_at LIMIT 100
        """,
        before,
    )
    return [row["id"] for row in rows]

"""Addresses that get no more mail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Connection


async def reasons(db: Connection, addresses: Sequence[bytes]) -> dict[bytes, str]:
    """Keyed hash of an address -> why nothing is sent there, for those where it is so."""
    if not addresses:
        return {}
    rows = await db.fetch("SELECT address_hash, reason FROM suppressed_address WHERE address_hash = ANY($1::bytea[])", addresses)
    return {row["address_hash"]: row["reason"] for row in rows}


async def put(
    db: Connection, *, address_hash: bytes, reason: str, status: str | None, message_id: UUID | None, at: datetime
) -> None:
    """Send nothing more to an address; a complaint weighs more than a bounce."""
    await db.execute(
        """
        INSERT INTO suppressed_address AS s (address_hash, reason, status, message_id, since) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (address_hash) DO UPDATE SET reason = excluded.reason, status = excluded.status, message_id = excluded.message_id
        WHERE s.reason <> excluded.reason AND excluded.reason = 'complained'
        """,
        address_hash, reason, status, message_id, at,
    )


async def find(db: Connection, address_hash: bytes) -> dict[str, Any] | None:
    row = await db.fetchrow("SELECT reason, status, message_id, since FROM suppressed_address WHERE address_hash = $1", address_hash)
    return None if row is None else dict(row)


async def delete(db: Connection, address_hash: bytes) -> bool:
    """Whether it was there."""
    done: str = await db.execute("DELETE FROM suppressed_address WHERE address_hash = $1", address_hash)
    return done.endswith(" 1")

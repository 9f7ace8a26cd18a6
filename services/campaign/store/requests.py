"""Idempotency keys of single messages."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from chassis.database import Connection


class Reserved(NamedTuple):
    """What a key was used for."""

    request: bytes
    message_id: UUID


async def reserve(db: Connection, *, key: bytes, request: bytes) -> Reserved | None:
    """Take a key for this transaction; what it was used for when it was used. A second caller waits until the first one is done."""
    taken = await db.fetchval(
        "INSERT INTO message_request (key, request, created_at) VALUES ($1, $2, now()) ON CONFLICT DO NOTHING RETURNING true", key, request
    )
    if taken:
        return None
    row = await db.fetchrow("SELECT request, message_id FROM message_request WHERE key = $1", key)
    assert row is not None, "a key that conflicts is there"
    return Reserved(row["request"], row["message_id"])


async def settle(db: Connection, *, key: bytes, message_id: UUID) -> None:
    await db.execute("UPDATE message_request SET message_id = $2 WHERE key = $1", key, message_id)


async def forget_old(db: Connection, *, days: int) -> int:
    """Keys older than so many days may be used again."""
    status: str = await db.execute("DELETE FROM message_request WHERE created_at < now() - make_interval(days => $1)", days)
    return int(status.rpartition(" ")[2])

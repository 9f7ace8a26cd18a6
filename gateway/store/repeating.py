"""SQL of requests that may come twice."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from chassis.database import Connection


class Begun(NamedTuple):
    """What is known of a request: `lease_until` while it is worked on, `answer` (sealed) once it is done."""

    request_hash: bytes
    lease_until: datetime | None
    answer: bytes | None


async def begin(db: Connection, owner: str, key: str, request_hash: bytes, *, now: datetime, lease_until: datetime) -> Begun | None:
    """None: it is ours to do, as it is new or whoever began it is gone; else what is known of it."""
    mine = await db.fetchval(
        """
        INSERT INTO repeatable AS r (owner, key, request_hash, lease_until, begun_at) VALUES ($1, $2, $3, $5, $4)
        ON CONFLICT (owner, key) DO UPDATE SET lease_until = excluded.lease_until
            WHERE r.request_hash = excluded.request_hash AND r.lease_until < $4
        RETURNING true
        """,
        owner, key, request_hash, now, lease_until,
    )
    if mine:
        return None
    row = await db.fetchrow("SELECT request_hash, lease_until, answer FROM repeatable WHERE owner = $1 AND key = $2", owner, key)
    return Begun(**row) if row else Begun(request_hash, now, None)


async def done(db: Connection, owner: str, key: str, answer: bytes) -> None:
    await db.execute("UPDATE repeatable SET answer = $3, lease_until = NULL WHERE owner = $1 AND key = $2", owner, key, answer)


async def undone(db: Connection, owner: str, key: str) -> None:
    await db.execute("DELETE FROM repeatable WHERE owner = $1 AND key = $2 AND answer IS NULL", owner, key)


async def forget(db: Connection, before: datetime) -> None:
    await db.execute("DELETE FROM repeatable WHERE begun_at < $1", before)

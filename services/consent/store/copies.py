"""Archives that answer requests for a copy."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from chassis.database import Connection
from services.consent.domain.privacy import Copy


async def waiting(db: Connection, *, before: datetime) -> UUID | None:
    """A verified request for a copy that was not tried since then; the one that waits longest."""
    found: UUID | None = await db.fetchval(
        """
        SELECT r.id FROM privacy_request r LEFT JOIN privacy_copy c ON c.request_id = r.id
        WHERE r.state IN ('verified', 'running') AND r.kind IN ('access', 'portability') AND c.made_at IS NULL AND (c.tried_at IS NULL OR c.tried_at < $1)
        ORDER BY c.tried_at NULLS FIRST, r.asked_at LIMIT 1
        """,
        before,
    )
    return found


async def note_try(db: Connection, request_id: UUID, *, at: datetime, waits_for: str | None = None) -> None:
    """It is tried now; or it could not be finished, since a service did not answer."""
    await db.execute(
        """
        INSERT INTO privacy_copy (request_id, tried_at, tries, waits_for) VALUES ($1, $2, 1, $3)
        ON CONFLICT (request_id) DO UPDATE SET tried_at = $2, waits_for = $3, tries = privacy_copy.tries + (CASE WHEN $3::text IS NULL THEN 1 ELSE 0 END)
        """,
        request_id, at, waits_for,
    )


async def keep(db: Connection, copy: Copy, parts: Iterable[bytes]) -> None:
    """The archive is made."""
    await db.execute(
        "UPDATE privacy_copy SET waits_for = NULL, made_at = $2, expires_at = $3, size = $4, sha256 = $5, counts = $6 WHERE request_id = $1",
        copy.request_id, copy.made_at, copy.expires_at, copy.size, copy.sha256, msgspec.json.encode(copy.counts).decode(),
    )
    await db.execute("DELETE FROM privacy_copy_part WHERE request_id = $1", copy.request_id)
    for number, part in enumerate(parts):
        await db.execute("INSERT INTO privacy_copy_part (request_id, number, content) VALUES ($1, $2, $3)", copy.request_id, number, part)


async def find(db: Connection, request_id: UUID) -> Copy | None:
    row = await db.fetchrow(
        "SELECT request_id, tries, waits_for, made_at, expires_at, size, sha256, counts FROM privacy_copy WHERE request_id = $1", request_id
    )
    return _copy(row) if row else None


async def parts(db: Connection, request_id: UUID) -> AsyncIterator[bytes]:
    """The archive's bytes; inside a transaction."""
    async for row in db.cursor("SELECT content FROM privacy_copy_part WHERE request_id = $1 ORDER BY number", request_id, prefetch=4):
        yield bytes(row["content"])


async def drop_expired(db: Connection, *, now: datetime) -> int:
    """What is no longer offered is deleted; that it was made stays known. Returns how many."""
    status = await db.execute(
        "DELETE FROM privacy_copy_part WHERE request_id IN (SELECT request_id FROM privacy_copy WHERE expires_at <= $1)", now
    )
    return int(status.rpartition(" ")[2])


def _copy(row: Any) -> Copy:
    return Copy(*row)._replace(counts=msgspec.json.decode(row["counts"]), sha256=bytes(row["sha256"]) if row["sha256"] else None)

"""The inbox: a record that was applied once changes nothing when it comes again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from chassis.database import Connection


def fingerprint(reader: str, source: str, record_id: str) -> bytes:
    """16 bytes that stand for (reader, source, id)."""
    return hashlib.blake2b(f"{reader}\x00{source}\x00{record_id}".encode(), digest_size=16).digest()


async def unseen(db: Connection, fingerprints: Sequence[bytes]) -> set[bytes]:
    """Mark all as seen in the caller's transaction; returns those that were new.

    """
    rows = await db.fetch(
        """
        INSERT INTO inbox (id, seen_on)
        SELECT id, current_date FROM unnest($1::bytea[]) AS id ORDER BY id
        ON CONFLICT DO NOTHING RETURNING id
        """,
        fingerprints,
    )
    return {bytes(row["id"]) for row in rows}


async def forget_old(db: Connection, *, days: int = 28, at_most: int = 20_000) -> int:
    """Drop entries older than the window; returns how many."""
    status: str = await db.execute(
        "DELETE FROM inbox WHERE id IN (SELECT id FROM inbox WHERE seen_on < current_date - $1::int LIMIT $2)", days, at_most
    )
    return int(status.rpartition(" ")[2])

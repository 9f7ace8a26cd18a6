"""Messages that wait for one person, in the app or on the site: in the same store as those for all visitors, and decided by the same rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from chassis.database import Connection
from chassis.ids import new_id


async def put(
    db: Connection, *, key: str, customer_id: UUID, channel: str, placement: str, purpose: str, priority: int, title: str, text: str, locale: str,
    data: Mapping[str, Any], origin_id: UUID, at: datetime, expires_at: datetime,
) -> None:
    """Put a message there; given twice it is there once."""
    encode = msgspec.json.encode
    await db.execute(
        """
        INSERT INTO site_message (id, name, placement, purpose, priority, locales, fallback, conditions, cap_days, holdout, ends_at, active, created_at,
            customer_id, key, channel, origin_id, data)
        VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, '{}', 1, 0, $8, true, $9, $10, $11, $12, $13, $14::jsonb) ON CONFLICT (key) DO NOTHING
        """,
        new_id(), title, placement, purpose, priority, encode({locale: {"title": title, "text": text}}).decode(), [locale], expires_at, at, customer_id,
        key, channel, origin_id, encode(dict(data)).decode(),
    )


async def waiting(db: Connection, *, customer_ids: Sequence[UUID], channel: str, limit: int) -> list[dict[str, Any]]:
    """What waits for a person on a channel, the oldest first; nothing that has been dismissed or has expired."""
    rows = await db.fetch(
        """
        SELECT * FROM site_message WHERE customer_id = ANY($1::uuid[]) AND channel = $2 AND dismissed_at IS NULL AND ends_at > now() AND active
        ORDER BY created_at, key LIMIT $3
        """,
        list(customer_ids), channel, limit,
    )
    return [_waiting(row) for row in rows]


async def note_shown(db: Connection, *, keys: Sequence[str], customer_ids: Sequence[UUID]) -> int:
    """Their first showing; returns how many were shown for the first time."""
    status: str = await db.execute(
        "UPDATE site_message SET shown_at = now() WHERE key = ANY($1::text[]) AND customer_id = ANY($2::uuid[]) AND shown_at IS NULL",
        list(keys), list(customer_ids),
    )
    return int(status.rpartition(" ")[2])


async def dismiss(db: Connection, *, key: str, customer_ids: Sequence[UUID]) -> bool:
    """The person does not want to see it again; whether it was there."""
    status: str = await db.execute(
        "UPDATE site_message SET dismissed_at = coalesce(dismissed_at, now()) WHERE key = $1 AND customer_id = ANY($2::uuid[])",
        key, list(customer_ids),
    )
    return status.endswith(" 1")


async def delete_person(db: Connection, customer_ids: Sequence[UUID]) -> dict[str, int]:
    """For an erasure; rows by table."""
    status: str = await db.execute("DELETE FROM site_message WHERE customer_id = ANY($1::uuid[])", list(customer_ids))
    return {"site_message": int(status.rpartition(" ")[2])}


def _waiting(row: Any) -> dict[str, Any]:
    ((locale, content),) = msgspec.json.decode(row["locales"]).items()
    return {
        **{name: row[name] for name in ("key", "channel", "origin_id", "created_at", "placement")}, "expires_at": row["ends_at"], "locale": locale,
        "title": content["title"], "body": content["text"], "data": msgspec.json.decode(row["data"]),
    }

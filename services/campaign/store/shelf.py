"""Messages that wait for their person: in the app, on the site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from chassis.database import Connection


async def put(
    db: Connection, *, key: str, customer_id: UUID, channel: str, title: str, text: str, locale: str, data: Mapping[str, Any], origin_id: UUID,
    at: datetime, expires_at: datetime,
) -> None:
    """Put a message there; given twice it is there once."""
    await db.execute(
        """
        INSERT INTO in_app_message (key, customer_id, channel, title, body, locale, data, origin_id, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9, $10) ON CONFLICT (key) DO NOTHING
        """,
        key, customer_id, channel, title, text, locale, msgspec.json.encode(dict(data)).decode(), origin_id, at, expires_at,
    )


async def waiting(db: Connection, *, customer_ids: Sequence[UUID], channel: str, limit: int) -> list[dict[str, Any]]:
    """What waits for a person on a channel, the oldest first; nothing that has been dismissed or has expired."""
    rows = await db.fetch(
        """
        SELECT * FROM in_app_message WHERE customer_id = ANY($1::uuid[]) AND channel = $2 AND dismissed_at IS NULL AND expires_at > now()
        ORDER BY created_at, key LIMIT $3
        """,
        list(customer_ids), channel, limit,
    )
    return [{**dict(row), "data": msgspec.json.decode(row["data"])} for row in rows]


async def note_shown(db: Connection, *, keys: Sequence[str], customer_ids: Sequence[UUID]) -> int:
    """Their first showing; returns how many were shown for the first time."""
    status: str = await db.execute(
        "UPDATE in_app_message SET shown_at = now() WHERE key = ANY($1::text[]) AND customer_id = ANY($2::uuid[]) AND shown_at IS NULL",
        list(keys), list(customer_ids),
    )
    return int(status.rpartition(" ")[2])


async def dismiss(db: Connection, *, key: str, customer_ids: Sequence[UUID]) -> bool:
    """The person does not want to see it again; whether it was there."""
    status: str = await db.execute(
        "UPDATE in_app_message SET dismissed_at = coalesce(dismissed_at, now()) WHERE key = $1 AND customer_id = ANY($2::uuid[])",
        key, list(customer_ids),
    )
    return status.endswith(" 1")


async def delete_person(db: Connection, customer_ids: Sequence[UUID]) -> dict[str, int]:
    """For an erasure; rows by table."""
    status: str = await db.execute("DELETE FROM in_app_message WHERE customer_id = ANY($1::uuid[])", list(customer_ids))
    return {"in_app_message": int(status.rpartition(" ")[2])}

"""What was done with keys, day by day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from chassis.database import Connection
from gateway.domain.quotas import Day, Used


async def add(db: Connection, more: Mapping[Day, Used]) -> dict[Day, Used]:
    """Count it; what there is now, other processes' included."""
    # in the order of the key, so that two processes never wait for each other
    days = sorted(more)
    rows = await db.fetch(
        """
        INSERT INTO key_usage AS u (key_id, day, requests, events)
        SELECT * FROM unnest($1::text[], $2::date[], $3::bigint[], $4::bigint[])
        ON CONFLICT (key_id, day) DO UPDATE SET requests = u.requests + excluded.requests, events = u.events + excluded.events
        RETURNING key_id, day, requests, events
        """,
        [one.key_id for one in days], [one.day for one in days], [more[one].requests for one in days], [more[one].events for one in days],
    )
    return {Day(row["key_id"], row["day"]): Used(row["requests"], row["events"]) for row in rows}


async def on_day(db: Connection, day: date) -> dict[Day, Used]:
    """What was done with all keys on a day."""
    rows = await db.fetch("SELECT key_id, requests, events FROM key_usage WHERE day = $1", day)
    return {Day(row["key_id"], day): Used(row["requests"], row["events"]) for row in rows}


async def of_key(db: Connection, key_id: str, *, limit: int) -> list[tuple[date, Used]]:
    """The newest days first."""
    rows = await db.fetch("SELECT day, requests, events FROM key_usage WHERE key_id = $1 ORDER BY day DESC LIMIT $2", key_id, limit)
    return [(row["day"], Used(row["requests"], row["events"])) for row in rows]


async def delete_before(db: Connection, day: date) -> None:
    await db.execute("DELETE FROM key_usage WHERE day < $1", day)

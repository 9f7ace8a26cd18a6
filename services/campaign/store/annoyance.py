"""Signs that people had enough."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.database import Connection
from chassis.ids import new_id


async def note(db: Connection, *, kind: str, channel: str, customer_id: UUID | None, message_id: UUID | None, at: datetime) -> None:
    await db.execute("INSERT INTO annoyance VALUES ($1, $2, $3, $4, $5, $6)", new_id(), kind, channel, customer_id, message_id, at)


async def figures(db: Connection, *, since: datetime, until: datetime, settled: timedelta) -> list[dict[str, Any]]:
    """By channel: messages taken over in the window, unsubscribes and complaints in it, and messages that nobody reacted to.

    A message counts as ignored when `settled` has passed since its hand-over without a person's visit.
    """
    rows = await db.fetch(
        """
        WITH sent AS (
            SELECT channel, count(*) AS messages,
                count(*) FILTER (WHERE finished_at <= now() - $3::interval) AS settled,
                count(*) FILTER (WHERE finished_at <= now() - $3::interval
                    AND NOT EXISTS (SELECT FROM engagement e WHERE e.message_id = message.id AND NOT e.automated)) AS ignored
            FROM message WHERE state = 'accepted' AND finished_at >= $1 AND finished_at < $2 GROUP BY channel),
        signs AS (
            SELECT channel, count(*) FILTER (WHERE kind = 'unsubscribe') AS unsubscribes, count(*) FILTER (WHERE kind = 'complaint') AS complaints
            FROM annoyance WHERE at >= $1 AND at < $2 GROUP BY channel)
        SELECT coalesce(sent.channel, signs.channel) AS channel, coalesce(messages, 0) AS messages, coalesce(settled, 0) AS settled,
            coalesce(ignored, 0) AS ignored, coalesce(unsubscribes, 0) AS unsubscribes, coalesce(complaints, 0) AS complaints
        FROM sent FULL JOIN signs USING (channel) ORDER BY 1
        """,
        since, until, settled,
    )
    return [dict(row) for row in rows]


async def count_capped(db: Connection, *, since: datetime, until: datetime) -> int:
    found: int = await db.fetchval(
        "SELECT count(*) FROM message WHERE state = 'suppressed' AND reason = 'capped' AND finished_at >= $1 AND finished_at < $2", since, until
    )
    return found


async def blank(db: Connection, *, customer_ids: Sequence[UUID]) -> int:
    """What was counted stays counted and is nobody's; the locks of the people go."""
    await db.execute("DELETE FROM contact_pressure WHERE customer_id = ANY($1::uuid[])", list(customer_ids))
    status = await db.execute("UPDATE annoyance SET customer_id = NULL WHERE customer_id = ANY($1::uuid[])", list(customer_ids))
    return int(status.rpartition(" ")[2])

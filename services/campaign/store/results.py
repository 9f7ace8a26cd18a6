"""What came of messages: visits, reports, lists."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from chassis.database import Connection


async def find_message(db: Connection, message_id: UUID) -> dict[str, Any] | None:
    row = await db.fetchrow("SELECT * FROM message WHERE id = $1", message_id)
    return None if row is None else dict(row)


async def find_in_campaign(db: Connection, *, campaign_id: UUID, customer_ids: list[UUID]) -> dict[str, Any] | None:
    row = await db.fetchrow(
        "SELECT * FROM message WHERE campaign_id = $1 AND customer_id = ANY($2::uuid[]) ORDER BY id LIMIT 1", campaign_id, customer_ids
    )
    return None if row is None else dict(row)


async def least_value(db: Connection, campaign_id: UUID) -> int | None:
    """The least value among those a campaign took; None: it took nobody yet, or nobody's value is known."""
    found: int | None = await db.fetchval("SELECT min(value) FROM message WHERE campaign_id = $1", campaign_id)
    return found


async def note_visit(db: Connection, *, message_id: UUID, kind: str, link: int, automated: bool, at: datetime) -> bool:
    """Count a visit; True when it is the first of its kind."""
    visits: int = await db.fetchval(
        """
        INSERT INTO engagement (message_id, kind, link, automated, visits, first_at, last_at) VALUES ($1, $2, $3, $4, 1, $5, $5)
        ON CONFLICT (message_id, kind, link, automated) DO UPDATE SET visits = engagement.visits + 1, last_at = EXCLUDED.last_at
        RETURNING visits
        """,
        message_id, kind, link, automated, at,
    )
    return visits == 1


async def report(db: Connection, campaign_id: UUID) -> dict[str, Any]:
    """Counts by state and reason, and responses, as of one moment (one statement).

    `responses`: for opens, clicks and either, apart for people and machines, how many messages had any; and all visits.
    """
    found: str = await db.fetchval(
        """
        WITH ours AS MATERIALIZED (SELECT id, state, reason, retry_at FROM message WHERE campaign_id = $1),
        visits AS (SELECT e.message_id, e.kind, e.automated, e.visits FROM engagement e JOIN ours ON ours.id = e.message_id)
        SELECT jsonb_build_object(
            'planned', (SELECT count(*) FROM ours),
            'states', (SELECT coalesce(jsonb_object_agg(state, n), '{}') FROM (SELECT state, count(*) AS n FROM ours GROUP BY state) s),
            'reasons', (SELECT coalesce(jsonb_agg(jsonb_build_object('state', state, 'reason', reason, 'messages', n) ORDER BY state, n DESC, reason), '[]')
                FROM (SELECT state, reason, count(*) AS n FROM ours WHERE reason IS NOT NULL GROUP BY state, reason) r),
            'waiting_until', (SELECT min(retry_at) FROM ours WHERE state = 'planned' AND retry_at > now()),
            'responses', (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', kind, 'automated', automated, 'messages', n, 'visits', v)), '[]')
                FROM (SELECT kind, automated, count(DISTINCT message_id) AS n, sum(visits) AS v FROM visits GROUP BY kind, automated) k),
            'responded', (SELECT count(DISTINCT message_id) FROM visits WHERE NOT automated),
            'responded_automated_only', (SELECT count(*) FROM (SELECT message_id FROM visits GROUP BY message_id HAVING bool_and(automated)) a)
        )::text
        """,
        campaign_id,
    )
    decoded: dict[str, Any] = msgspec.json.decode(found)
    return decoded


async def list_of_campaign(db: Connection, *, campaign_id: UUID, state: str | None, after: UUID | None, limit: int) -> list[dict[str, Any]]:
    rows = await db.fetch(
        """
        SELECT * FROM message WHERE campaign_id = $1 AND ($2::text IS NULL OR state = $2) AND ($3::uuid IS NULL OR id > $3) ORDER BY id LIMIT $4
        """,
        campaign_id, state, after, limit,
    )
    return [dict(row) for row in rows]


async def list_of_customer(
    db: Connection, *, customer_ids: list[UUID], since: datetime | None, until: datetime | None, after: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """Newest first, with the campaign's name and whether people opened or clicked; with times only what was handed off between them."""
    rows = await db.fetch(
        """
        SELECT m.*, coalesce(c.name, '') AS campaign_name,
            EXISTS (SELECT FROM engagement e WHERE e.message_id = m.id AND e.kind = 'open' AND NOT e.automated) AS opened,
            EXISTS (SELECT FROM engagement e WHERE e.message_id = m.id AND e.kind = 'click' AND NOT e.automated) AS clicked
        FROM message m LEFT JOIN campaign c ON c.id = m.campaign_id
        WHERE m.customer_id = ANY($1::uuid[]) AND ($2::uuid IS NULL OR m.id < $2)
          AND ($4::timestamptz IS NULL OR m.handed_off_at >= $4) AND ($5::timestamptz IS NULL OR m.handed_off_at < $5)
        ORDER BY m.id DESC LIMIT $3
        """,
        customer_ids, after, limit, since, until,
    )
    return [dict(row) for row in rows]


async def list_handed_off(db: Connection, *, after: UUID | None, limit: int) -> list[dict[str, Any]]:
    """Messages whose hand-off was begun and ended, in the order of their ids."""
    rows = await db.fetch(
        """
        SELECT m.* FROM message m
        WHERE m.state IN ('accepted', 'unknown', 'failed') AND m.permit_id IS NOT NULL AND m.handed_off_at IS NOT NULL
          AND ($1::uuid IS NULL OR m.id > $1)
        ORDER BY m.id LIMIT $2
        """,
        after, limit,
    )
    return [dict(row) for row in rows]

"""Acts towards customers and what customers did, for the responses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from chassis.database import Connection


async def list_messages(db: Connection, customers: Sequence[UUID], *, since: datetime, until: datetime) -> list[asyncpg.Record]:
    """What became of messages to customers; what a robot opened or followed is left out."""
    return await db.fetch(
        """
        SELECT e.message_id, e.campaign_id, e.channel, e.action, e.occurred_at, c.purpose, c.name AS campaign
        FROM message_entry e LEFT JOIN campaign_seen c USING (campaign_id)
        WHERE e.customer_id = ANY($1::uuid[]) AND e.occurred_at >= $2 AND e.occurred_at < $3
          AND e.action IN ('accepted', 'opened', 'clicked') AND coalesce(e.content::json ->> 'automated', 'false') <> 'true'
        ORDER BY e.occurred_at
        """,
        customers, since, until,
    )


async def list_contacts(
    db: Connection, identities: Sequence[bytes], *, messages: Sequence[str], since: datetime, until: datetime, limit: int
) -> list[asyncpg.Record]:
    """Touch points of identities, the newest first; `messages` are the kinds that are none."""
    return await db.fetch(
        """
        SELECT i.id, i.kind, i.channel, i.initiator, i.purpose, i.occurred_at, i.record FROM interaction i
        WHERE i.identity = ANY($1::bytea[]) AND i.occurred_at >= $2 AND i.occurred_at < $3 AND NOT i.kind = ANY($4::text[])
        ORDER BY i.occurred_at DESC LIMIT $5
        """,
        identities, since, until, messages, limit,
    )


async def list_orders(db: Connection, identities: Sequence[bytes], *, since: datetime, until: datetime) -> list[asyncpg.Record]:
    """Orders that stand."""
    return await db.fetch(
        """
        SELECT order_id, ordered_at FROM orders
        WHERE identity = ANY($1::bytea[]) AND ordered_at >= $2 AND ordered_at < $3 AND placed AND status <> 'cancelled' ORDER BY ordered_at
        """,
        identities, since, until,
    )


async def list_campaign_figures(
    db: Connection, *, campaign_id: str | None, since: datetime | None, until: datetime | None, window: timedelta, now: datetime
) -> list[asyncpg.Record]:
    """Messages of campaigns, and how many of them were answered in which way within the window; an order counts for the last message before it."""
    return await db.fetch(
        """
        WITH acts AS MATERIALIZED (
            SELECT e.message_id, e.campaign_id, e.customer_id, e.occurred_at AS at, e.occurred_at + $4::interval AS ends, s.id AS owner
            FROM message_entry e CROSS JOIN LATERAL (
                WITH RECURSIVE up (id, depth) AS (
                    SELECT e.customer_id, 0
                    UNION SELECT m.into_id, up.depth + 1 FROM merged_customer m JOIN up ON m.merged_id = up.id WHERE up.depth < 100)
                SELECT id FROM up ORDER BY depth DESC LIMIT 1) AS s
            WHERE e.action = 'accepted' AND ($1::text IS NULL OR e.campaign_id = $1)
              AND ($2::timestamptz IS NULL OR e.occurred_at >= $2) AND ($3::timestamptz IS NULL OR e.occurred_at < $3)),
        judged AS (
            SELECT a.campaign_id, a.ends > $5::timestamptz AS open,
                EXISTS (SELECT FROM message_entry e WHERE e.customer_id = a.customer_id AND e.occurred_at BETWEEN a.at AND a.ends
                    AND e.message_id = a.message_id AND e.action = 'opened' AND coalesce(e.content::json ->> 'automated', 'false') <> 'true') AS opened,
                EXISTS (SELECT FROM message_entry e WHERE e.customer_id = a.customer_id AND e.occurred_at BETWEEN a.at AND a.ends
                    AND e.message_id = a.message_id AND e.action = 'clicked' AND coalesce(e.content::json ->> 'automated', 'false') <> 'true') AS clicked,
                EXISTS (SELECT FROM identity_map i JOIN interaction t USING (identity) WHERE i.customer_id = a.owner
                    AND t.occurred_at BETWEEN a.at AND a.ends AND t.initiator = 'customer'
                    AND t.kind NOT IN ('identify', 'track', 'page', 'screen', 'group', 'alias', 'event')
                    AND (t.record::json #>> '{personal,properties,reply_to_message}' = a.message_id
                        OR t.record::json #>> '{personal,properties,in_reply_to}' = a.message_id
                        OR t.record::json #>> '{personal,properties,campaign_id}' = a.campaign_id)) AS replied,
                EXISTS (SELECT FROM identity_map i JOIN orders o USING (identity) WHERE i.customer_id = a.owner
                    AND o.ordered_at BETWEEN a.at AND a.ends AND o.placed AND o.status <> 'cancelled'
                    AND NOT EXISTS (SELECT FROM message_entry later WHERE later.customer_id = a.customer_id AND later.action = 'accepted'
                        AND later.occurred_at > a.at AND later.occurred_at <= o.ordered_at)) AS ordered
            FROM acts a)
        SELECT j.campaign_id, c.name AS campaign, count(*) AS messages, count(*) FILTER (WHERE opened) AS opened,
            count(*) FILTER (WHERE clicked) AS clicked, count(*) FILTER (WHERE replied) AS replied, count(*) FILTER (WHERE ordered) AS ordered,
            count(*) FILTER (WHERE opened OR clicked OR replied OR ordered) AS responded,
            count(*) FILTER (WHERE open AND NOT (opened OR clicked OR replied OR ordered)) AS waiting,
            count(*) FILTER (WHERE NOT open AND NOT (opened OR clicked OR replied OR ordered)) AS no_response
        FROM judged j LEFT JOIN campaign_seen c USING (campaign_id) GROUP BY 1, 2 ORDER BY 1
        """,
        campaign_id, since, until, window, now,
    )

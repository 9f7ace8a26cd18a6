"""Visits of identities, and the figures about them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from chassis.database import Connection
from services.interaction.domain.visits import CHANNELS, GAP, KINDS, Visit


def visit_of(row: Any) -> Visit:
    """A visit as it is kept."""
    return Visit(
        row["started_at"], row["ended_at"], row["source"], row["channel"], row["events"], row["pages"], row["entry"], row["exit"], row["referrer"],
        msgspec.json.decode(row["campaign"]) if row["campaign"] else None, list(row["reach"]), row["seen"],
    )


async def list_near(db: Connection, spans: Sequence[tuple[bytes, datetime, datetime]]) -> list[asyncpg.Record]:
    """Visits of (identity, from, to) that touch the span or lie no more than 30 minutes from it, oldest first."""
    return await db.fetch(
        """
        SELECT found.* FROM unnest($1::bytea[], $2::timestamptz[], $3::timestamptz[]) AS wanted (identity, since, until)
        CROSS JOIN LATERAL (
            SELECT * FROM visit v WHERE v.identity = wanted.identity AND v.started_at <= wanted.until + $4 AND v.ended_at >= wanted.since - $4
            ORDER BY v.started_at) AS found
        """,
        *([span[column] for span in spans] for column in range(3)), GAP,
    )


async def list_clicks(db: Connection, spans: Sequence[tuple[bytes, datetime, datetime]]) -> list[asyncpg.Record]:
    """(identity, record) of the stored events of (identity, from, to) that make visits."""
    return await db.fetch(
        """
        SELECT found.* FROM unnest($1::bytea[], $2::timestamptz[], $3::timestamptz[]) AS wanted (identity, since, until)
        CROSS JOIN LATERAL (
            SELECT i.identity, i.record FROM interaction i
            WHERE i.identity = wanted.identity AND i.occurred_at >= wanted.since AND i.occurred_at <= wanted.until
              AND i.kind = ANY($4::text[]) AND i.channel = ANY($5::text[])) AS found
        """,
        *([span[column] for span in spans] for column in range(3)), list(KINDS), list(CHANNELS),
    )


async def delete(db: Connection, visits: Sequence[tuple[bytes, datetime]]) -> None:
    """(identity, started_at)."""
    await db.executemany("DELETE FROM visit WHERE identity = $1 AND started_at = $2", visits)


async def put(db: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """(identity, started_at, ended_at, source, channel, events, pages, entry, exit, referrer, campaign, reach, seen)."""
    await db.executemany(
        """
        INSERT INTO visit (identity, started_at, ended_at, source, channel, events, pages, entry, exit, referrer, campaign, reach, seen)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT (identity, started_at) DO UPDATE
        SET ended_at = excluded.ended_at, events = excluded.events, pages = excluded.pages, entry = excluded.entry, exit = excluded.exit,
            referrer = excluded.referrer, campaign = excluded.campaign, reach = excluded.reach, seen = excluded.seen
        """,
        sorted(rows, key=lambda row: (row[0], row[1])),
    )


async def list_of(db: Connection, identities: Sequence[bytes], *, before: datetime | None, limit: int) -> list[asyncpg.Record]:
    """Visits of several identities, newest first."""
    return await db.fetch(
        """
        SELECT found.* FROM unnest($1::bytea[]) AS wanted (identity) CROSS JOIN LATERAL (
            SELECT * FROM visit v WHERE v.identity = wanted.identity AND ($2::timestamptz IS NULL OR v.started_at < $2)
            ORDER BY v.started_at DESC LIMIT $3) AS found
        ORDER BY found.started_at DESC LIMIT $3
        """,
        identities, before, limit,
    )


async def find_first_click(db: Connection, identities: Sequence[bytes]) -> datetime | None:
    """When an event of these identities that makes a visit happened first, also one that no visit knows yet."""
    found: datetime | None = await db.fetchval(
        """
        SELECT min(found.occurred_at) FROM unnest($1::bytea[]) AS wanted (identity) CROSS JOIN LATERAL (
            SELECT i.occurred_at FROM interaction i
            WHERE i.identity = wanted.identity AND i.kind = ANY($2::text[]) AND i.channel = ANY($3::text[])
            ORDER BY i.occurred_at LIMIT 1) AS found
        """,
        identities, list(KINDS), list(CHANNELS),
    )
    return found


async def count_orders(db: Connection, identities: Sequence[bytes]) -> int:
    """Orders these identities placed and did not cancel."""
    found: int = await db.fetchval(
        "SELECT count(*) FROM orders WHERE identity = ANY($1::bytea[]) AND placed AND status <> 'cancelled'", identities
    )
    return found


#: Visits of people (identities of one customer are one visitor), those that touch joined into one.
_WHOLE = """
WITH RECURSIVE top (merged_id, id) AS (
    SELECT m.merged_id, m.into_id FROM merged_customer m WHERE NOT EXISTS (SELECT 1 FROM merged_customer o WHERE o.merged_id = m.into_id)
    UNION ALL SELECT m.merged_id, top.id FROM merged_customer m JOIN top ON m.into_id = top.merged_id),
owned AS (
    SELECT v.*, coalesce(top.id, i.customer_id) AS customer, coalesce(coalesce(top.id, i.customer_id)::text, encode(v.identity, 'hex')) AS owner
    FROM visit v LEFT JOIN identity_map i ON i.identity = v.identity LEFT JOIN top ON top.merged_id = i.customer_id
    WHERE v.started_at >= $1 AND v.started_at < $2 AND ($3::text IS NULL OR v.source = $3)),
marked AS (
    SELECT *, started_at <= max(ended_at) OVER (PARTITION BY owner ORDER BY started_at, identity ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        + interval '30 minutes' AS goes_on FROM owned),
numbered AS (
    SELECT *, count(*) FILTER (WHERE goes_on IS NOT TRUE) OVER (PARTITION BY owner ORDER BY started_at, identity) AS number FROM marked),
whole AS (
    SELECT owner, customer, (array_agg(identity ORDER BY identity))[1] AS identity, min(started_at) AS started_at, max(ended_at) AS ended_at, sum(events) AS events, sum(pages) AS pages,
        (array_agg(entry ORDER BY started_at) FILTER (WHERE entry IS NOT NULL))[1] AS entry,
        (array_agg(exit ORDER BY ended_at DESC) FILTER (WHERE exit IS NOT NULL))[1] AS exit,
        (array_agg(referrer ORDER BY started_at) FILTER (WHERE referrer IS NOT NULL))[1] AS referrer,
        (array_agg(campaign ORDER BY started_at) FILTER (WHERE campaign IS NOT NULL))[1] AS campaign,
        visit_reach(reach ORDER BY started_at, identity) AS reach, bit_or(seen) AS seen
    FROM numbered GROUP BY owner, customer, number),
known AS (
    SELECT DISTINCT owner, i.identity FROM whole w JOIN identity_map i ON i.customer_id = w.customer
    UNION SELECT DISTINCT owner, i.identity FROM whole w JOIN top ON top.id = w.customer JOIN identity_map i ON i.customer_id = top.merged_id
    UNION SELECT owner, identity FROM whole),
first AS (
    SELECT k.owner, min(f.started_at) AS at FROM known k
    CROSS JOIN LATERAL (SELECT started_at FROM visit v WHERE v.identity = k.identity ORDER BY started_at LIMIT 1) AS f GROUP BY k.owner),
told AS (SELECT w.*, f.at >= w.started_at AS is_first FROM whole w JOIN first f USING (owner))
"""

_FIGURES = (
    _WHOLE
    + """
SELECT count(*) AS visits, count(DISTINCT owner) AS visitors, count(*) FILTER (WHERE is_first) AS first_visits,
    count(*) FILTER (WHERE events = 1) AS bounces, coalesce(sum(pages), 0)::bigint AS pages, coalesce(sum(events), 0)::bigint AS events,
    coalesce(extract(epoch FROM sum(ended_at - started_at)), 0)::float8 AS seconds,
    ARRAY[count(*) FILTER (WHERE reach[1] >= 1), count(*) FILTER (WHERE reach[1] >= 2), count(*) FILTER (WHERE reach[1] >= 3),
          count(*) FILTER (WHERE reach[1] >= 4)] AS reached,
    ARRAY[count(*) FILTER (WHERE seen & 1 > 0), count(*) FILTER (WHERE seen & 2 > 0), count(*) FILTER (WHERE seen & 4 > 0),
          count(*) FILTER (WHERE seen & 8 > 0)] AS seen,
    count(DISTINCT owner) FILTER (WHERE is_first) AS first_visitors
FROM told
"""
)

_TOPS = (
    _WHOLE  # noqa: S608 - two constants
    + """
, counted AS (
    SELECT 'entry' AS what, entry AS name, count(*) AS visits FROM told WHERE entry IS NOT NULL GROUP BY entry
    UNION ALL SELECT 'exit', exit, count(*) FROM told WHERE exit IS NOT NULL GROUP BY exit
    UNION ALL SELECT 'referrer', referrer, count(*) FROM told WHERE referrer IS NOT NULL GROUP BY referrer
    UNION ALL SELECT 'campaign', campaign, count(*) FROM told WHERE campaign IS NOT NULL GROUP BY campaign),
ranked AS (SELECT *, row_number() OVER (PARTITION BY what ORDER BY visits DESC, name) AS place FROM counted)
SELECT what, name, visits FROM ranked WHERE place <= 20 ORDER BY what, place
"""
)


async def find_figures(db: Connection, *, since: datetime, until: datetime, source: str | None) -> tuple[asyncpg.Record, list[asyncpg.Record]]:
    """The figures of the visits that began in a time, and (what, name, visits) of the most frequent entries, exits, referrers and campaigns."""
    row = await db.fetchrow(_FIGURES, since, until, source)
    assert row is not None
    return row, await db.fetch(_TOPS, since, until, source)

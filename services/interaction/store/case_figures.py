"""How cases and touch points went: counts, waiting times, satisfaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import asyncpg

from chassis.database import Connection

_MEASURES: Final = """
    count(*) AS opened, count(c.responsible_at) AS taken, count(c.answered_at) AS answered, count(c.resolved_at) AS resolved,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM c.responsible_at - c.opened_at)) AS responsible_p50_s,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM c.responsible_at - c.opened_at)) AS responsible_p95_s,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM c.answered_at - c.opened_at)) AS answer_p50_s,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM c.answered_at - c.opened_at)) AS answer_p95_s,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM c.resolved_at - c.opened_at)) AS resolve_p50_s,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM c.resolved_at - c.opened_at)) AS resolve_p95_s,
    count(*) FILTER (WHERE EXISTS (SELECT 1 FROM case_alarm a WHERE a.case_id = c.id AND a.level = 'breach')) AS breached
"""
_BY_CHANNEL: Final = f"""
SELECT c.channel, {_MEASURES} FROM support_case c
WHERE c.opened_at >= $1 AND c.opened_at < $2 AND c.status <> 'merged' GROUP BY ROLLUP (c.channel) ORDER BY c.channel NULLS FIRST
"""  # noqa: S608 - constant text
_BY_TEAM: Final = f"""
SELECT t.id AS team_id, t.name AS team, {_MEASURES} FROM support_case c JOIN team t ON t.id = c.team_id
WHERE c.opened_at >= $1 AND c.opened_at < $2 AND c.status <> 'merged' GROUP BY t.id ORDER BY t.name
"""  # noqa: S608 - constant text


async def by_channel(db: Connection, *, since: datetime, until: datetime) -> list[asyncpg.Record]:
    """Cases opened in a time, by channel; the first row, without a channel, is all of them."""
    return await db.fetch(_BY_CHANNEL, since, until)


async def by_team(db: Connection, *, since: datetime, until: datetime) -> list[asyncpg.Record]:
    return await db.fetch(_BY_TEAM, since, until)


async def by_employee(db: Connection, *, since: datetime, until: datetime) -> list[asyncpg.Record]:
    """What each employee has, resolved, and how satisfied the customers were."""
    return await db.fetch(
        """
        SELECT e.id AS employee_id, e.name AS employee, e.active, e.open_cases, e.capacity,
            (SELECT count(*) FROM support_case c WHERE c.employee_id = e.id AND c.resolved_at >= $1 AND c.resolved_at < $2) AS resolved,
            s.answers, s.satisfaction
        FROM employee e LEFT JOIN LATERAL (
            SELECT count(v.score) AS answers, avg(v.score)::float AS satisfaction FROM case_survey v
            WHERE v.employee_id = e.id AND v.answered_at >= $1 AND v.answered_at < $2) AS s ON true
        ORDER BY e.name, e.id LIMIT 2000
        """,
        since, until,
    )


async def insert_touchpoints(db: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """(interaction, identity, kind, channel, initiator, purpose, outcome, occurred_at)."""
    await db.executemany(
        """
        INSERT INTO touchpoint (interaction_id, identity, kind, channel, initiator, purpose, outcome, occurred_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING
        """,
        rows,
    )


async def touchpoints(db: Connection, *, since: datetime, until: datetime) -> list[asyncpg.Record]:
    """Contacts in and out by channel and kind, with how many customers used it; messages that campaigns sent are contacts out."""
    return await db.fetch(
        """
        SELECT t.channel, t.kind, count(*) FILTER (WHERE t.initiator = 'customer') AS contacts_in,
            count(*) FILTER (WHERE t.initiator <> 'customer') AS contacts_out,
            count(DISTINCT coalesce(i.customer_id::text, encode(t.identity, 'hex'))) FILTER (WHERE t.identity <> '') AS customers,
            min(t.occurred_at) AS first_at, max(t.occurred_at) AS last_at
        FROM touchpoint t LEFT JOIN identity_map i ON i.identity = t.identity
        WHERE t.occurred_at >= $1 AND t.occurred_at < $2 GROUP BY 1, 2
        UNION ALL
        SELECT m.channel, 'message', 0, count(*), count(DISTINCT m.customer_id), min(m.occurred_at), max(m.occurred_at)
        FROM message_entry m WHERE m.action = 'accepted' AND m.occurred_at >= $1 AND m.occurred_at < $2 GROUP BY 1
        ORDER BY 1, 2
        """,
        since, until,
    )


async def touchpoint_outcomes(db: Connection, *, since: datetime, until: datetime) -> list[asyncpg.Record]:
    """(channel, outcome, count): as told with the contact, and of cases with their first contact on the channel."""
    return await db.fetch(
        """
        SELECT channel, outcome, count(*) FROM touchpoint WHERE outcome IS NOT NULL AND occurred_at >= $1 AND occurred_at < $2 GROUP BY 1, 2
        UNION ALL
        SELECT channel, 'case: ' || coalesce(outcome, status), count(*) FROM support_case
        WHERE status <> 'merged' AND opened_at >= $1 AND opened_at < $2 GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2
        """,
        since, until,
    )


async def touchpoint_customers(
    db: Connection, *, channel: str, since: datetime, until: datetime, after: str | None, limit: int
) -> list[asyncpg.Record]:
    """Which customers used a channel, and how often; people nobody knows yet by the hash of their identity."""
    return await db.fetch(
        """
        SELECT coalesce(i.customer_id::text, encode(t.identity, 'hex')) AS who, i.customer_id,
            count(*) FILTER (WHERE t.initiator = 'customer') AS contacts_in, count(*) FILTER (WHERE t.initiator <> 'customer') AS contacts_out,
            max(t.occurred_at) AS last_at
        FROM touchpoint t LEFT JOIN identity_map i ON i.identity = t.identity
        WHERE t.channel = $1 AND t.occurred_at >= $2 AND t.occurred_at < $3 AND t.identity <> ''
          AND ($4::text IS NULL OR coalesce(i.customer_id::text, encode(t.identity, 'hex')) > $4)
        GROUP BY 1, 2 ORDER BY 1 LIMIT $5
        """,
        channel, since, until, after, limit,
    )

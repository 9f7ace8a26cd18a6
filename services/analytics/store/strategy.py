"""Assessments in PostgreSQL; what staff and attributes come to in the warehouse."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from chassis.database import Connection

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


async def put_assessment(
    db: Connection, *, assessment_id: UUID, kind: str, assessed_on: date, subject: str, answers: dict[str, Any], result: dict[str, Any], by: str, now: datetime
) -> dict[str, Any]:
    """One for each kind, subject and day: a second one on a day replaces the first."""
    row = await db.fetchrow(
        """
        INSERT INTO assessment (assessment_id, kind, assessed_on, subject, answers, result, noted_by, created_at)
        VALUES ($1, $2, $3, $4, $5::jsonb, $6::jsonb, $7, $8) ON CONFLICT (kind, subject, assessed_on) DO UPDATE SET
            answers = excluded.answers, result = excluded.result, noted_by = excluded.noted_by, created_at = excluded.created_at RETURNING *
        """,
        assessment_id, kind, assessed_on, subject, json.dumps(answers), json.dumps(result), by, now,
    )
    return _read(row)


async def assessments(db: Connection, *, kind: str, subject: str, limit: int) -> list[dict[str, Any]]:
    """The last ones by day, the oldest first."""
    rows = await db.fetch(
        "SELECT * FROM (SELECT * FROM assessment WHERE kind = $1 AND subject = $2 ORDER BY assessed_on DESC LIMIT $3) a ORDER BY assessed_on", kind, subject, limit
    )
    return [_read(row) for row in rows]


def _read(row: Any) -> dict[str, Any]:
    found = dict(row)
    for name in ("answers", "result"):
        found[name] = json.loads(found[name]) if isinstance(found[name], str) else found[name]
    return found


def staff(connection: DuckDBPyConnection, *, since: datetime, until: datetime, currency: str, days: int, by: str) -> list[dict[str, Any]]:
    """Cases by employee or team: the load, how fast, how satisfied, and what their customers ordered in the days after.

    `assigned`: handed to them in the window; `open`: in their hands at its end.
    """
    part = "employee" if by == "employee" else "team"
    sql = f"""
    WITH solved AS (
        SELECT {part} AS part, case_id, person, happened_at, epoch(coalesce(answered_at, happened_at) - opened_at) AS first_s FROM case_of
        WHERE step = 'resolved' AND happened_at >= $since AND happened_at < $until AND {part} IS NOT NULL),
    said AS (
        SELECT {part} AS part, count(*) AS answers, avg(score) AS csat, count(*) FILTER (score >= 5) AS praise FROM answer_of
        WHERE scale = 'csat' AND answered_at >= $since AND answered_at < $until AND {part} IS NOT NULL GROUP BY 1),
    bought AS (
        SELECT part, sum(net_minor)::BIGINT AS amount FROM (
            SELECT DISTINCT s.part, o.order_id, o.net_minor FROM solved s JOIN order_of o ON o.customer = s.person
            AND o.ordered_at >= s.happened_at AND o.ordered_at < s.happened_at + to_days($days::INTEGER) WHERE o.currency = $currency) GROUP BY 1),
    whose AS (SELECT case_id, any_value(person) AS person FROM case_of WHERE person IS NOT NULL GROUP BY 1),
    given AS (
        SELECT {part} AS part, c.case_id, w.person FROM case_of c LEFT JOIN whose w ON w.case_id = c.case_id
        WHERE c.step = 'assigned' AND c.happened_at >= $since AND c.happened_at < $until AND {part} IS NOT NULL),
    held AS (
        SELECT {part} AS part, c.case_id, w.person, c.step FROM case_of c LEFT JOIN whose w ON w.case_id = c.case_id
        WHERE c.step <> 'opened' AND c.happened_at < $until QUALIFY row_number() OVER (PARTITION BY c.case_id ORDER BY c.happened_at DESC, c.step DESC) = 1),
    touched AS (
        SELECT part, case_id, person, first_s, 'solved' AS how FROM solved UNION ALL SELECT part, case_id, person, NULL, 'given' FROM given
        UNION ALL SELECT part, case_id, person, NULL, 'open' FROM held WHERE step = 'assigned' AND part IS NOT NULL)
    SELECT t.part, count(DISTINCT t.case_id) FILTER (how = 'solved'), count(DISTINCT t.person), median(t.first_s), any_value(a.answers), any_value(a.csat),
           any_value(a.praise), any_value(b.amount), count(DISTINCT t.case_id) FILTER (how = 'given'), count(DISTINCT t.case_id) FILTER (how = 'open')
    FROM touched t LEFT JOIN said a ON a.part = t.part LEFT JOIN bought b ON b.part = t.part GROUP BY t.part ORDER BY 2 DESC, 1
    """  # noqa: S608 - own names
    values = {"since": _naive(since), "until": _naive(until), "days": days, "currency": currency}
    names = ("key", "cases", "customers", "median_first_answer_s", "answers", "csat_mean", "praise", "revenue_after_minor", "assigned", "open")
    return [dict(zip(names, row, strict=True)) for row in connection.execute(sql, values).fetchall()]


def collected(connection: DuckDBPyConnection, *, since: datetime) -> list[tuple[str, str, int]]:
    """Names that are collected: (trait or property, name, how many customers or events bear it); properties of events since a time."""
    return connection.execute(
        """
        SELECT 'trait', name, count(*) FROM (SELECT unnest(json_keys(traits)) AS name FROM customer WHERE live) GROUP BY 2
        UNION ALL
        SELECT 'property', name, count(*) FROM (SELECT unnest(json_keys(properties)) AS name FROM event WHERE occurred_at >= $since) GROUP BY 2
        ORDER BY 1, 3 DESC, 2
        """,
        {"since": _naive(since)},
    ).fetchall()


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)

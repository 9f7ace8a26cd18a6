"""What follows what: the matrix of transitions and the most common beginnings of visits or lives.

The events are sorted once, by person and time; everything after that is one pass in this order, which the warehouse keeps
(`preserve_insertion_order`): windows without an order of their own need no sorting.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class Move(NamedTuple):
    """From one event to the next within a visit or life."""

    here: str
    there: str
    times: int
    median_s: float | None
    first_time: int


def gather(connection: DuckDBPyConnection, *, since: datetime, until: datetime, per: str, minutes: int, scoped: bool) -> None:
    """Leave the events of the window in the temporary table `step`, in order: number of the visit and of the subject, what follows, whether it is the first visit.

    A visit ends after `minutes` without an event. Events of bots do not count.
    """
    scope = "AND i.customer IN (SELECT customer FROM scope)" if scoped else ""
    window = {"since": _naive(since), "until": _naive(until)}
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE step_name AS SELECT name, row_number() OVER (ORDER BY name)::INTEGER AS code
        FROM (SELECT DISTINCT name FROM event WHERE occurred_at >= $since AND occurred_at < $until)
        """,
        window,
    )
    sql = f"""
        CREATE OR REPLACE TEMP TABLE sorted AS
        SELECT CASE WHEN i.customer IS NULL THEN hash(e.identity) ELSE hash(i.customer) END AS who, n.code, e.occurred_at
        FROM event e JOIN step_name n ON n.name = e.name LEFT JOIN identity i ON i.identity = e.identity
        WHERE e.occurred_at >= $since AND e.occurred_at < $until AND e.initiator <> 'bot' {scope} ORDER BY who, e.occurred_at, e.rowid
        """  # noqa: S608 - own fragments
    connection.execute(sql, window)
    subject = "visit" if per == "visit" else "person"
    sql = f"""
        CREATE OR REPLACE TEMP TABLE step AS
        WITH seen AS (SELECT *, lag(who) OVER () IS DISTINCT FROM who AS fresh, lag(occurred_at) OVER () AS before FROM sorted),
        begun AS (SELECT code, occurred_at, fresh, fresh OR occurred_at - before > to_minutes($minutes) AS begins FROM seen),
        numbered AS (
            SELECT *, sum(begins::BIGINT) OVER (ROWS UNBOUNDED PRECEDING) AS visit, sum(fresh::BIGINT) OVER (ROWS UNBOUNDED PRECEDING) AS person FROM begun),
        homed AS (
            SELECT code, occurred_at, begins, fresh, visit = max(CASE WHEN fresh THEN visit END) OVER (ROWS UNBOUNDED PRECEDING) AS first, {subject} AS subject
            FROM numbered)
        SELECT code, occurred_at, begins, fresh, first, subject, lag(subject) OVER () IS DISTINCT FROM subject AS starts,
               CASE WHEN lead(subject) OVER () = subject THEN lead(code) OVER () END AS following, lead(occurred_at) OVER () AS following_at
        FROM homed
        """  # noqa: S608 - own fragments
    connection.execute(sql, {"minutes": minutes})


def counts(connection: DuckDBPyConnection) -> dict[str, int]:
    """Events, visits and people of `step`, by first and returning visits."""
    row: Any = connection.execute("SELECT count(*), count(*) FILTER (begins), count(*) FILTER (fresh) FROM step").fetchone()
    events, visits, people = row
    return {"events": events, "visits": visits, "people": people, "first_visits": people, "returning_visits": visits - people}


def moves(connection: DuckDBPyConnection, *, limit: int) -> list[Move]:
    """From event to event within each subject of `step`, with (start) and (end); the most frequent first."""
    rows = connection.execute(
        """
        WITH pairs AS (
            SELECT code, following, count(*) AS times, median(epoch(following_at - occurred_at)) FILTER (following IS NOT NULL) AS waited,
                   count(*) FILTER (first) AS firsts FROM step GROUP BY 1, 2)
        SELECT h.name, coalesce(t.name, '(end)'), p.times, p.waited, p.firsts
        FROM pairs p JOIN step_name h ON h.code = p.code LEFT JOIN step_name t ON t.code = p.following
        UNION ALL SELECT '(start)', h.name, count(*), NULL, count(*) FILTER (s.first) FROM step s JOIN step_name h ON h.code = s.code WHERE s.starts GROUP BY h.name
        ORDER BY 3 DESC, 1, 2 LIMIT $limit
        """,
        {"limit": limit},
    ).fetchall()
    return [Move(*row) for row in rows]


def common(connection: DuckDBPyConnection, *, length: int, limit: int) -> list[tuple[list[str], int, int]]:
    """The most common beginnings of subjects: (events, how many, how many of them first visits)."""
    later = range(1, length)
    ahead = "".join(f", lead(code, {number}) OVER () AS c{number}, lead(subject, {number}) OVER () AS s{number}" for number in later)
    path = "".join(f", CASE WHEN s{number} = subject THEN c{number} END" for number in later)
    sql = f"""
        SELECT path, count(*), count(*) FILTER (first) FROM (
            SELECT [code{path}] AS path, first FROM (SELECT code, subject, starts, first{ahead} FROM step) WHERE starts)
        GROUP BY path ORDER BY 2 DESC, path LIMIT $limit
        """  # noqa: S608 - own fragments
    names = dict(connection.execute("SELECT code, name FROM step_name").fetchall())
    rows = connection.execute(sql, {"limit": limit}).fetchall()
    return [([names[code] for code in codes if code is not None], count, first) for codes, count, first in rows]


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)

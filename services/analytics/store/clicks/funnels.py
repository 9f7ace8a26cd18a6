"""Ordered funnels of customers or of visits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from services.analytics.domain.journeys import FunnelStep
from services.analytics.store import segment_sql

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Time and place of an event as one number that orders them.
_KEY: Final = "epoch_us(e.occurred_at)::HUGEINT * 1099511627776 + e.rowid"
_GROUPS: Final = {"channel": "channel", "source": "coalesce(utm_source, source)", "medium": "coalesce(utm_medium, 'none')", "visitor": "visitor"}
GROUPS: Final = tuple(_GROUPS)


class Reached(NamedTuple):
    """How many came to each step, in a group."""

    group: str
    counts: list[int]
    #: Median seconds from the step before.
    medians: list[float | None]


def gather(
    connection: DuckDBPyConnection, *, since: datetime, until: datetime, per: str, minutes: int, scoped: bool, steps: Sequence[FunnelStep],
    visits: bool, by: str | None = None,
) -> None:
    """Leave the events of the window in the temporary table `click`: who, subject (a customer or a visit), key, and whether it is the first visit.

    A visit ends after `minutes` without an event. Events of bots do not count. Without visits only the events of the steps are read.
    """
    scope = "AND i.customer IN (SELECT customer FROM scope)" if scoped else ""
    columns = ["properties", *segment_sql.NUMBERS, *segment_sql.TEXTS] if any(step.where for step in steps) else []
    columns += ["kind"] if any(step.kind for step in steps) else []
    columns += ["channel", "source", "utm_source", "utm_medium"] if by is not None else []
    own = "".join(f" e.{name}," for name in columns)
    visits = visits or per == "visit"
    names = sorted({step.name for step in steps})
    narrow = "AND e.name IN (SELECT unnest($names::VARCHAR[]))" if names and "*" not in names and not visits else ""
    numbered = """
        begun AS (
            SELECT *, coalesce(occurred_at - lag(occurred_at) OVER w > to_minutes($minutes), true)::INTEGER AS begins FROM seen
            WINDOW w AS (PARTITION BY who ORDER BY place)),
        numbered AS (SELECT * EXCLUDE (begins), sum(begins) OVER (PARTITION BY who ORDER BY place) AS visit FROM begun)
    """ if visits else "numbered AS (SELECT *, 1 AS visit FROM seen)"
    sql = f"""
        CREATE OR REPLACE TEMP TABLE click AS
        WITH seen AS (
            SELECT CASE WHEN i.customer IS NULL THEN hash(e.identity) ELSE hash(i.customer) END AS who, e.name,
                   {own} e.occurred_at, {_KEY} AS place
            FROM event e LEFT JOIN identity i ON i.identity = e.identity
            WHERE e.occurred_at >= $since AND e.occurred_at < $until AND e.initiator <> 'bot' {narrow} {scope}),
        {numbered}
        SELECT *, CASE WHEN $visits THEN hash(who, visit) ELSE who END AS subject, CASE WHEN visit = 1 THEN 'first' ELSE 'returning' END AS visitor
        FROM numbered
        """  # noqa: S608 - own fragments
    values: dict[str, Any] = {"since": _naive(since), "until": _naive(until), "visits": per == "visit"}
    values |= {"minutes": minutes} if visits else {}
    values |= {"names": names} if narrow else {}
    connection.execute(sql, values)


def funnel(
    connection: DuckDBPyConnection, *, steps: list[FunnelStep], within_seconds: int | None, by: str | None, now: datetime
) -> list[Reached]:
    """How many subjects of `click` did the steps in this order, whatever else lies between; at most `within_seconds` from first to last.

    From every first step the earliest next one is taken, the start that comes farthest counts. Broken down by the event of that start.
    """
    compiler = segment_sql.begin(now=now, currency="")
    group = _GROUPS[by] if by is not None else "'all'"
    ctes: list[str] = []
    columns: list[str] = []
    for number, step in enumerate(steps):
        tests = " AND ".join(compiler.event_tests(step.name, step.kind, step.where))
        if number == 0:
            ctes.append(
                f"s0 AS (SELECT subject, {group} AS part, place, occurred_at AS t0, 1 AS depth FROM click e WHERE {tests})"  # noqa: S608
            )
            continue
        limit = "true" if within_seconds is None else f"e.occurred_at <= s.t0 + to_seconds({compiler.bind(within_seconds)}::BIGINT)"
        before = "".join(f", s.t{earlier}" for earlier in range(1, number))
        ctes.append(f"e{number} AS (SELECT subject, place, occurred_at FROM click e WHERE {tests})")  # noqa: S608
        ctes.append(
            f"s{number} AS (SELECT s.subject, s.part, s.t0{before}, CASE WHEN e.place IS NOT NULL AND {limit} THEN e.place END AS place, "  # noqa: S608
            f"CASE WHEN e.place IS NOT NULL AND {limit} THEN e.occurred_at END AS t{number}, "
            f"CASE WHEN e.place IS NOT NULL AND {limit} THEN {number + 1} ELSE s.depth END AS depth "
            f"FROM s{number - 1} s ASOF LEFT JOIN e{number} e ON e.subject = s.subject AND e.place > s.place)"
        )
    last = len(steps) - 1
    columns += [f"count(*) FILTER (depth > {number})" for number in range(len(steps))]
    columns += [f"median(epoch(t{number} - t{number - 1})) FILTER (depth > {number})" for number in range(1, len(steps))]
    sql = (
        f"WITH {', '.join(ctes)}, best AS (SELECT * FROM s{last} QUALIFY row_number() OVER (PARTITION BY subject ORDER BY depth DESC, t0) = 1) "  # noqa: S608
        f"SELECT part, {', '.join(columns)} FROM best GROUP BY part ORDER BY 2 DESC, part LIMIT 50"
    )
    parameters = compiler.out.arguments(sql)
    rows = connection.execute(sql, parameters).fetchall()
    width = len(steps)
    return [Reached(str(row[0]), list(row[1 : 1 + width]), [None, *row[1 + width :]]) for row in rows]


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)

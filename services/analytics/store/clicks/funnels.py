"""Ordered funnels of customers or of visits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.analytics.domain.journeys import FunnelStep
from services.analytics.store import segment_sql
from services.analytics.store.clicks import walking
from services.analytics.store.clicks.walking import Walk

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_GROUPS: Final = {"channel": "channel", "source": "coalesce(utm_source, source)", "medium": "coalesce(utm_medium, 'none')"}
GROUPS: Final = (*_GROUPS, "visitor")
_VISITORS: Final = ["first", "returning"]
#: The most branches that are told.
BRANCHES: Final = 50


class Reached(NamedTuple):
    """How many came to each step, in a group."""

    group: str
    counts: list[int]
    #: Median seconds from the step before.
    medians: list[float | None]


class Question(NamedTuple):
    """SQL for the events of a window with one bit for each step that they are, and its parameters."""

    sql: str
    values: dict[str, Any]


def question(
    *, since: datetime, until: datetime, per: str, scoped: bool, steps: Sequence[FunnelStep], by: str | None, now: datetime
) -> Question:
    """Events of bots do not count. Unless visits are asked about only the events of the steps are read: others cannot matter."""
    compiler = segment_sql.begin(now=now, currency="")
    tests = [" AND ".join(compiler.event_tests(step.name, step.kind, step.where)) for step in steps]
    code = " + ".join(f"CASE WHEN {test} THEN {1 << number} ELSE 0 END" for number, test in enumerate(tests))
    names = sorted({step.name for step in steps})
    narrow = "AND e.name IN (SELECT unnest($names::VARCHAR[]))" if "*" not in names and per != "visit" and by != "visitor" else ""
    scope = "AND i.customer IN (SELECT customer FROM scope)" if scoped else ""
    group, joined = (", g.code::INTEGER AS grp", f"JOIN step_group g ON g.name IS NOT DISTINCT FROM ({_GROUPS[by]})") if by in _GROUPS else ("", "")
    sql = f"""
        SELECT {walking.WHO} AS who, epoch_us(e.occurred_at) AS moment, e.rowid AS place, ({code})::USMALLINT AS code{group}
        FROM event e {walking.OWNERS} {joined}
        WHERE e.occurred_at >= $since AND e.occurred_at < $until AND e.initiator <> 'bot' {narrow} {scope}
        """  # noqa: S608 - own fragments
    return Question(sql, compiler.out.arguments(sql, since=_naive(since), until=_naive(until), names=names))


def name_groups(connection: DuckDBPyConnection, *, since: datetime, until: datetime, by: str | None) -> list[str]:
    """What the groups are called, by their number; those of the events stand in the temporary table `step_group`."""
    if by not in _GROUPS:
        return _VISITORS
    sql = f"""
        CREATE OR REPLACE TEMP TABLE step_group AS SELECT name, row_number() OVER (ORDER BY name NULLS LAST) - 1 AS code FROM (
            SELECT DISTINCT {_GROUPS[by]} AS name FROM event WHERE occurred_at >= $since AND occurred_at < $until)
        """  # noqa: S608 - own names
    connection.execute(sql, {"since": _naive(since), "until": _naive(until)})
    return [str(row[0]) for row in connection.execute("SELECT name FROM step_group ORDER BY code").fetchall()]


def read(
    connection: DuckDBPyConnection, *, since: datetime, until: datetime, per: str, minutes: int, scoped: bool, steps: Sequence[FunnelStep],
    within_seconds: int | None, by: str | None, now: datetime,
) -> tuple[Reached, list[Reached]]:
    """(all, branches by size): how many subjects (customers or visits) did the steps in this order, whatever else lies between; at most
    `within_seconds` from first to last.

    From every first step the earliest next one is taken, the start that comes farthest counts, the earliest of these. Branches are by the event of that start.
    """
    groups = name_groups(connection, since=since, until=until, by=by)
    asked = question(since=since, until=until, per=per, scoped=scoped, steps=steps, by=by, now=now)
    seen = _Seen(len(steps), None if within_seconds is None else within_seconds * 1_000_000)
    for part in walking.walk(connection, asked.sql, asked.values, minutes=minutes):
        seen.add(part, part.begins if per == "visit" else part.fresh)
    depths, groups_of, waits = seen.all()
    everything = np.ones(len(depths), np.bool_)
    branches = [_reached(name, groups_of == number, depths, waits) for number, name in enumerate(groups)] if by is not None else []
    branches = [one for one in branches if one.counts[0]]
    return _reached("all", everything, depths, waits), sorted(branches, key=lambda one: (-one.counts[0], one.group))[:BRANCHES]


def _reached(name: str, of: NDArray[np.bool_], depths: NDArray[np.int64], waits: NDArray[np.int64]) -> Reached:
    counts, medians = [], []
    for number in range(waits.shape[1]):
        there = of & (depths > number)
        counts.append(int(there.sum()))
        medians.append(float(np.median(waits[there, number])) / 1e6 if number and counts[-1] else None)
    return Reached(name, counts, medians)


class _Seen:
    """The best start of each subject, piece by piece: how far it came, its group, and the wait before each step."""

    def __init__(self, steps: int, within: int | None) -> None:
        self._steps, self._within = steps, within
        self._found: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]] = []

    def add(self, part: Walk, starts: NDArray[np.bool_]) -> None:
        own, begun = walking.ends_of(starts), np.flatnonzero(part.code & 1)
        if not len(begun):
            return
        here, depth = begun.copy(), np.ones(len(begun), np.int64)
        waits = np.zeros((len(begun), self._steps), np.int64)
        alive = np.arange(len(begun))
        for number in range(1, self._steps):
            following = _next(part.code & (1 << number))[here[alive] + 1]
            there = following < own[here[alive]]
            alive, following = alive[there], following[there]
            if self._within is not None:
                soon = part.at[following] - part.at[begun[alive]] <= self._within
                alive, following = alive[soon], following[soon]
            waits[alive, number] = part.at[following] - part.at[here[alive]]
            depth[alive] += 1
            here[alive] = following
        subject = (np.cumsum(starts) - 1)[begun]
        first = np.flatnonzero(np.diff(subject, prepend=-1))
        farthest = np.repeat(np.maximum.reduceat(depth, first), np.diff(np.append(first, len(subject))))
        best = np.flatnonzero(depth == farthest)
        best = best[np.flatnonzero(np.diff(subject[best], prepend=-1))]
        group = part.returning if part.group is None else part.group
        self._found.append((depth[best], group[begun[best]].astype(np.int64), waits[best]))

    def all(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        if not self._found:
            none = np.zeros(0, np.int64)
            return none, none, np.zeros((0, self._steps), np.int64)
        depths, groups, waits = (np.concatenate(one) for one in zip(*self._found, strict=True))
        return depths, groups, waits


def _next(matches: NDArray[Any]) -> NDArray[np.int64]:
    """At each place the first match there or later (the number of rows: none); one more at the end."""
    rows = len(matches)
    places = np.where(matches != 0, np.arange(rows), rows)
    return np.append(np.minimum.accumulate(places[::-1])[::-1], rows)


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)

"""What follows what: the matrix of transitions and the most common beginnings of visits or lives."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.analytics.store.clicks import walking
from services.analytics.store.clicks.walking import Walk

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_NAMES: Final = "SELECT DISTINCT name FROM event WHERE occurred_at >= $since AND occurred_at < $until ORDER BY name"
#: An odd number for hashing paths that are too long for one number.
_MIX: Final = 0x9E3779B97F4A7C15


class Move(NamedTuple):
    """From one event to the next within a visit or life."""

    here: str
    there: str
    times: int
    median_s: float | None
    first_time: int


class Paths(NamedTuple):
    """Figures of the window, moves and beginnings; the most frequent first."""

    counts: dict[str, int]
    moves: list[Move]
    #: (events, how many subjects, how many of them first visits).
    common: list[tuple[list[str], int, int]]


def statement(*, scoped: bool) -> str:
    """The events of a window with the number of their name."""
    scope = "AND i.customer IN (SELECT customer FROM scope)" if scoped else ""
    return f"""
        SELECT {walking.WHO} AS who, epoch_us(e.occurred_at) AS moment, e.rowid AS place, n.code
        FROM event e JOIN step_name n ON n.name = e.name {walking.OWNERS}
        WHERE e.occurred_at >= $since AND e.occurred_at < $until AND e.initiator <> 'bot' {scope}
        """  # noqa: S608 - own fragments


def read(
    connection: DuckDBPyConnection, *, since: datetime, until: datetime, per: str, minutes: int, scoped: bool, length: int, moves: int, common: int
) -> Paths:
    """What follows what in the window, `per` visit or customer. A visit ends after `minutes` without an event. Events of bots do not count."""
    window = {"since": _naive(since), "until": _naive(until)}
    names = [row[0] for row in connection.execute(_NAMES, window).fetchall()]
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE step_name AS SELECT name, list_position($names::VARCHAR[], name)::INTEGER - 1 AS code FROM (SELECT unnest($names::VARCHAR[]) AS name)",
        {"names": names},
    )
    seen = _Seen(len(names), length)
    for part in walking.walk(connection, statement(scoped=scoped), window, minutes=minutes):
        seen.add(part, part.begins if per == "visit" else part.fresh)
    return Paths(seen.counts(), seen.moves(names, moves), seen.common(names, common))


class _Seen:
    """Sums over pieces. A code of `names` stands for the start and for the end."""

    def __init__(self, names: int, length: int) -> None:
        self._base, self._length = names + 1, length
        self._events, self._visits, self._people = 0, 0, 0
        self._moves: Counter[int] = Counter()
        self._firsts: Counter[int] = Counter()
        self._waits: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
        self._paths: dict[tuple[int, ...], list[int]] = {}

    def add(self, part: Walk, starts: NDArray[np.bool_]) -> None:
        code, first = part.code.astype(np.int64), ~part.returning
        self._events, self._visits, self._people = self._events + len(code), self._visits + int(part.begins.sum()), self._people + int(part.fresh.sum())
        follows = np.append(~starts[1:], False)
        pairs = code * self._base + np.where(follows, np.append(code[1:], 0), self._base - 1)
        begun = (self._base - 1) * self._base + code[starts]
        for into, moved in ((self._moves, (pairs, begun)), (self._firsts, (pairs[first], begun[first[starts]]))):
            for keys in moved:
                found, counts = walking.tally(keys, self._base**2)
                into.update(dict(zip(found.tolist(), counts.tolist(), strict=True)))
        ahead = np.flatnonzero(follows)
        self._waits.append((pairs[ahead], part.at[ahead + 1] - part.at[ahead]))
        self._begin(code, starts, first)

    def _begin(self, code: NDArray[np.int64], starts: NDArray[np.bool_], first: NDArray[np.bool_]) -> None:
        start = np.flatnonzero(starts)
        end = np.append(start[1:], len(code))
        steps = [np.where(start + ahead < end, code[np.minimum(start + ahead, len(code) - 1)], self._base - 1) for ahead in range(self._length)]
        if self._base**self._length < 2**61:
            self._begin_short(steps, first[start])
            return
        keys = np.zeros(len(start), np.uint64)
        for step in steps:
            keys = keys * np.uint64(_MIX) + step.astype(np.uint64)
        _, places, kinds, counts = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
        firsts = np.bincount(kinds, weights=first[start], minlength=len(places))
        for place, count, fresh in zip(places.tolist(), counts.tolist(), firsts.tolist(), strict=True):
            self._note([int(step[place]) for step in steps], count, int(fresh))

    def _begin_short(self, steps: list[NDArray[np.int64]], first: NDArray[np.bool_]) -> None:
        """A path is one number in the base of the codes; its last bit says whether it is of a first visit."""
        keys = np.zeros(len(first), np.int64)
        for step in steps:
            keys = keys * self._base + step
        found, counts = walking.tally(keys * 2 + first, 2 * self._base**self._length)
        for key, count in zip(found.tolist(), counts.tolist(), strict=True):
            rest, fresh = divmod(key, 2)
            path = [rest // self._base**place % self._base for place in reversed(range(self._length))]
            self._note(path, count, count * fresh)

    def _note(self, path: list[int], count: int, firsts: int) -> None:
        before = self._paths.setdefault(tuple(code for code in path if code < self._base - 1), [0, 0])
        before[0], before[1] = before[0] + count, before[1] + firsts

    def counts(self) -> dict[str, int]:
        return {
            "events": self._events, "visits": self._visits, "people": self._people, "first_visits": self._people,
            "returning_visits": self._visits - self._people,
        }

    def moves(self, names: list[str], limit: int) -> list[Move]:
        here, there = [*names, "(start)"], [*names, "(end)"]
        told = [(here[key // self._base], there[key % self._base], times, key) for key, times in self._moves.items()]
        told = sorted(told, key=lambda one: (-one[2], one[0], one[1]))[:limit]
        waits = self._medians()
        return [Move(one, other, times, waits.get(key), self._firsts[key]) for one, other, times, key in told]

    def _medians(self) -> dict[int, float]:
        """Median seconds of each move, of all pieces."""
        if not any(len(keys) for keys, _ in self._waits):
            return {}
        keys, waits = (np.concatenate(one) for one in zip(*self._waits, strict=True))
        order = np.argsort(keys.astype(np.uint16) if self._base**2 < 2**16 else keys, kind="stable")
        keys, waits = keys[order], waits[order]
        begins = np.flatnonzero(np.diff(keys, prepend=-1))
        return {int(keys[one]): float(np.median(waits[one:next_one])) / 1e6 for one, next_one in zip(begins, np.append(begins[1:], len(keys)), strict=True)}

    def common(self, names: list[str], limit: int) -> list[tuple[list[str], int, int]]:
        told = [([names[code] for code in path], count, first) for path, (count, first) in self._paths.items()]
        return sorted(told, key=lambda one: (-one[1], one[0]))[:limit]


def _naive(moment: datetime) -> Any:
    return moment.astimezone(UTC).replace(tzinfo=None)

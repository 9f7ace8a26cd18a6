"""Events of a window person by person and in order: the warehouse sorts them once, numpy walks along them in pieces that end between people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Rows at a time; a year of ten million events is never in memory at once.
PIECE: Final = 250_000


class Walk(NamedTuple):
    """Events of some people, all of each, in order. `fresh`: the first of a person; `begins`: of a visit; `returning`: not of the first visit in the window."""

    #: Microseconds.
    at: NDArray[np.int64]
    code: NDArray[Any]
    group: NDArray[Any] | None
    fresh: NDArray[np.bool_]
    begins: NDArray[np.bool_]
    returning: NDArray[np.bool_]


def walk(connection: DuckDBPyConnection, sql: str, values: Mapping[str, Any], *, minutes: int, piece: int = PIECE) -> Iterator[Walk]:
    """`sql` gives who, moment (microseconds), place, code and perhaps grp in any order. A visit ends after `minutes` without an event.

    Sorted by two keys; the place only tells equal times apart, which is done here for the few of them: a third key would cost half as much again.
    """
    reader: Any = connection.sql(f"SELECT * FROM ({sql}) ORDER BY who, moment", params=dict(values)).to_arrow_reader(piece)  # noqa: S608 - this package's own
    held: list[NDArray[Any]] | None = None
    for batch in reader:
        if not batch.num_rows:
            continue
        columns = [column.to_numpy(zero_copy_only=False) for column in batch.columns]
        held = columns if held is None else [np.concatenate(pair) for pair in zip(held, columns, strict=True)]
        last = int(np.searchsorted(held[0], held[0][-1]))
        if last:
            yield _walked([column[:last] for column in held], minutes)
            held = [column[last:] for column in held]
    if held is not None:
        yield _walked(held, minutes)


def _walked(columns: list[NDArray[Any]], minutes: int) -> Walk:
    who, at, place = columns[:3]
    same = who[1:] == who[:-1]
    tied = np.flatnonzero(same & (at[1:] == at[:-1]))
    if len(tied):
        rows = np.unique(np.concatenate([tied, tied + 1]))
        ordered = rows[np.lexsort((place[rows], at[rows], who[rows]))]
        for number in range(2, len(columns)):
            columns[number] = columns[number].copy()
            columns[number][rows] = columns[number][ordered]
    fresh, begins = np.ones(len(who), np.bool_), np.ones(len(who), np.bool_)
    fresh[1:] = ~same
    begins[1:] = fresh[1:] | (np.diff(at) > minutes * 60_000_000)
    visit = np.cumsum(begins)
    returning = visit != visit[fresh][np.cumsum(fresh) - 1]
    return Walk(at, columns[3], columns[4] if len(columns) > 4 else None, fresh, begins, returning)


def ends_of(starts: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each row the row after the last one of its subject."""
    first = np.flatnonzero(starts)
    ends: NDArray[np.int64] = np.append(first[1:], len(starts))
    whose: NDArray[np.int64] = ends[np.cumsum(starts) - 1]
    return whose


def tally(keys: NDArray[np.int64], size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(keys that occur, how often); `size` is above every key."""
    if size > 4 * max(len(keys), 1 << 16):
        found, counts = np.unique(keys, return_counts=True)
        return found, counts
    counts = np.bincount(keys, minlength=1)
    found = np.flatnonzero(counts)
    return found, counts[found]


#: Who did an event of the table `event e`, as a number; with the join below. Whoever told nothing is the identity.
WHO: Final = "coalesce(i.who, hash(e.identity))"
OWNERS: Final = "LEFT JOIN (SELECT identity, customer, hash(customer) AS who FROM identity) i ON i.identity = e.identity"

"""Purchase histories as purchase models see them: repeat purchase days, recency and age of each customer."""

from __future__ import annotations

from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

#: Arrays of whole numbers and of floats; the names say what is in them, since what NumPy makes of two arrays is typed too finely to be written down.
Ints: TypeAlias = npt.NDArray[Any]
Floats: TypeAlias = npt.NDArray[Any]

#: Models count time in weeks of seven days, as the papers do.
WEEK: Final = 7.0
#: Fewer customers with a repeat purchase than this say too little.
LEAST_REPEATERS: Final = 200


class NotEnoughData(ValueError):
    """The data cannot carry the model; the message says why, in words for people."""


class Histories(NamedTuple):
    """One row a customer. `repeats`: purchase days after the first; `recency`, `age`: days from the first to the last one and to the cut-off.

    `spent`: money (any unit) of the repeat days together, 0 without one.
    """

    repeats: Ints
    recency: Ints
    age: Ints
    spent: Floats

    @property
    def size(self) -> int:
        return len(self.repeats)


class Groups(NamedTuple):
    """Equal rows once, with how many there are of each."""

    repeats: Ints
    recency: Ints
    age: Ints
    counts: Ints


def histories(customers: npt.NDArray[Any], days: Ints, amounts: Floats, *, cut_off: int) -> tuple[npt.NDArray[Any], Histories]:
    """(customers, their histories) out of purchases up to and including day `cut_off`; purchases of one day count once, their money is added.

    Customers come in ascending order, whatever the order of the rows.
    """
    within = days <= cut_off
    names, codes = np.unique(customers[within], return_inverse=True)
    day = days[within].astype(np.int64)
    if not len(names):
        empty = np.zeros(0, np.int64)
        return names, Histories(empty, empty, empty, np.zeros(0))
    low = int(day.min())
    span = int(day.max()) - low + 1
    keys, place = np.unique(codes.astype(np.int64) * span + (day - low), return_inverse=True)
    money = np.bincount(place, weights=amounts[within], minlength=len(keys))
    owner, when = keys // span, keys % span + low
    starts = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
    purchases = np.diff(np.r_[starts, len(owner)])
    first, last = when[starts], when[starts + purchases - 1]
    repeats = purchases - 1
    spent = np.where(repeats > 0, np.add.reduceat(money, starts) - money[starts], 0.0)
    return names, Histories(repeats, last - first, cut_off - first, spent)


def group(rows: Histories) -> Groups:
    """Equal rows once; one packed integer is the key, since sorting rows of several columns takes ten times as long."""
    keys, counts = np.unique(_packed(rows.repeats, rows.recency, rows.age), return_counts=True)
    return Groups(*_unpacked(keys, rows.age), counts.astype(np.int64))


def group_with_places(rows: Histories) -> tuple[Groups, Ints]:
    """The groups, and for each row which group it is in."""
    keys, places, counts = np.unique(_packed(rows.repeats, rows.recency, rows.age), return_inverse=True, return_counts=True)
    return Groups(*_unpacked(keys, rows.age), counts.astype(np.int64)), places.astype(np.int64)


def _packed(repeats: Ints, recency: Ints, age: Ints) -> Ints:
    if not len(age):
        return np.zeros(0, np.int64)
    if int(repeats.min()) < 0 or int(recency.min()) < 0 or bool((recency > age).any()):
        raise ValueError("repeats and days are 0 or more, and nobody bought after the cut-off")
    span = int(age.max()) + 1
    return (repeats * span + recency) * span + age


def _unpacked(keys: Ints, age: Ints) -> tuple[Ints, Ints, Ints]:
    span = int(age.max()) + 1 if len(age) else 1
    return keys // (span * span), keys // span % span, keys % span

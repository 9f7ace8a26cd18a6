"""The pairs worth comparing, in near-linear time.

Several passes; each puts profiles that share a key into a block: one coarse field alone where it is rare enough, two coarse fields together
otherwise. Which, is found from how often each key is shared. Small blocks give all their pairs, large ones those of near neighbours in a
sorted order (Hernandez and Stolfo 1995), and each pass at most `PER_PROFILE` pairs a profile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from services.customer.domain.matching.columns import Codes, Places
from services.customer.domain.matching.fields import Field

PASSES: Final = 18
#: Pairs of one pass, for each profile on average.
PER_PROFILE: Final = 2.5
LARGEST_BLOCK: Final = 60
WINDOW: Final = 4
#: A field takes part in this many passes, so that an error in it does not spoil all.
_USES: Final = 6

Pairs = npt.NDArray[np.int64]


class Key(NamedTuple):
    """Coarse codes of one or two fields; profiles that agree in all of them meet."""

    label: str
    codes: tuple[Codes, ...]
    pairs: float
    covered: float


def keys(fields: Sequence[Field], count: int) -> list[Key]:
    """The passes: every key that is rare enough alone, then pairs of keys, those first that cover most and are used least."""
    single = []
    for place, field in enumerate(fields):
        for label, codes in field.keys.items():
            shared, covered = _shared(codes)
            if covered > 0.02:
                single.append((place, Key(f"{field.name} {label}", (codes,), shared * (covered * count) ** 2 / 2, covered)))
    enough = [key for _, key in single if key.pairs <= PER_PROFILE * count]
    enough.sort(key=lambda key: (-round(key.covered, 1), key.pairs))
    found = enough[: PASSES // 2]
    found += _joined(single, count, PASSES - len(found))
    return found


def _joined(single: list[tuple[int, Key]], count: int, wanted: int) -> list[Key]:
    possible = []
    for (one, first), (two, second) in combinations(single, 2):
        if one == two:
            continue
        covered = first.covered * second.covered
        pairs = max(first.pairs * second.pairs / (count * count / 2), 0.01 * count)
        if pairs <= PER_PROFILE * count:
            possible.append((one, two, Key(f"{first.label} + {second.label}", first.codes + second.codes, pairs, covered)))
    uses: Counter[int] = Counter()
    found: list[Key] = []
    while possible and len(found) < wanted:
        best = max(
            range(len(possible)),
            key=lambda place: possible[place][2].covered / (1 + uses[possible[place][0]] + uses[possible[place][1]]),
        )
        one, two, key = possible.pop(best)
        if uses[one] < _USES and uses[two] < _USES:
            found.append(key)
            uses[one] += 1
            uses[two] += 1
    return found


def _shared(codes: Codes) -> tuple[float, float]:
    """How likely two profiles that have the key share it, and the share of profiles that have it."""
    counts = np.bincount(codes[codes >= 0])
    total = float(counts.sum())
    if total < 2:
        return 1.0, 0.0
    return float((counts * (counts - 1.0)).sum() / (total * (total - 1))), total / len(codes)


def candidates(
    passes: Sequence[Key], order: Codes, *, changed: npt.NDArray[np.bool_] | None = None, step: Callable[[float], None] = lambda share: None
) -> Pairs:
    """Distinct pairs of places as `low * count + high`, sorted. `changed`: only pairs with at least one of these profiles."""
    count = len(order)
    found = np.empty(0, np.int64)
    for number, key in enumerate(passes):
        fresh = [low * count + high for low, high in pairs_of(key, order, changed)]
        if fresh:
            found = np.unique(np.concatenate([found, *fresh]))
        step((number + 1) / len(passes))
    return found


def pairs_of(key: Key, order: Codes, changed: npt.NDArray[np.bool_] | None) -> Iterator[tuple[Places, Places]]:
    """The pairs of one pass."""
    places, blocks = _blocks(key, order)
    if not len(places):
        return
    starts = np.flatnonzero(np.r_[True, blocks[1:] != blocks[:-1]])
    sizes = np.diff(np.r_[starts, len(blocks)])
    limit = _limit(sizes, PER_PROFILE * len(order))
    ends = np.repeat(starts + sizes, sizes)
    reach = np.repeat(np.where(sizes <= limit, sizes - 1, min(WINDOW, limit)), sizes)
    here = np.arange(len(places))
    reach = np.minimum(reach, ends - 1 - here)
    distance = 1
    while True:
        here = here[reach[here] >= distance]
        if not len(here):
            return
        one, two = places[here], places[here + distance]
        if changed is not None:
            wanted = changed[one] | changed[two]
            one, two = one[wanted], two[wanted]
        yield np.minimum(one, two), np.maximum(one, two)
        distance += 1


def _blocks(key: Key, order: Codes) -> tuple[Places, npt.NDArray[np.int64]]:
    """Places sorted by block, within a block by the order in which twins stand near; and the block of each."""
    has = key.codes[0] >= 0
    for codes in key.codes[1:]:
        has &= codes >= 0
    places = np.flatnonzero(has)
    block = np.zeros(len(places), np.int64)
    for codes in key.codes:
        block = block * (int(codes.max(initial=0)) + 1) + codes[places]
    sort = np.lexsort((order[places], block))
    return places[sort], block[sort]


def _limit(sizes: npt.NDArray[np.int64], budget: float) -> int:
    """The largest block whose pairs all are compared, so that the pass stays within its budget."""
    counts = np.bincount(np.minimum(sizes, LARGEST_BLOCK + 1), minlength=LARGEST_BLOCK + 2)
    size = np.arange(LARGEST_BLOCK + 2)
    spent = np.cumsum(counts * size * (size - 1) / 2)[: LARGEST_BLOCK + 1]
    return max(2, int(np.searchsorted(spent, budget, side="right")) - 1)

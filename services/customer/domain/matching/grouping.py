"""Groups of profiles that are one person, without chains.

A pair may be near B and B near C though A and C cannot be one. Pairs are joined from the most certain on, and two groups only while what
speaks for joining them outweighs what speaks against (greedy additive edge contraction for correlation clustering: Bansal, Blum and Chawla
2004, Keuper et al. 2015). A pair that was never a candidate counts as a moderate no.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from heapq import heappop, heappush
from math import log
from typing import Final, NamedTuple

#: Evidence (natural logarithm of the odds) of a pair in one group that nobody could score.
UNSEEN: Final = -2.0
_MOST: Final = 12.0


def evidence(score: float) -> float:
    """Odds of a probability, bounded so that one pair alone never decides for a large group."""
    score = min(max(score, 1e-6), 1 - 1e-6)
    return max(-_MOST, min(_MOST, log(score / (1 - score))))


class Tie(NamedTuple):
    """What is known between two groups: the evidence of the pairs that were scored, and how many there are."""

    total: float
    seen: int


def groups(pairs: Iterable[tuple[int, int, float]]) -> dict[int, int]:
    """Pairs (one, two, probability) -> per member the least member of its group; members that stay alone are left out."""
    near: dict[int, dict[int, Tie]] = defaultdict(dict)
    waiting: list[tuple[float, int, int]] = []
    for one, two, probability in pairs:
        near[one][two] = near[two][one] = Tie(evidence(probability), 1)
        _wait(waiting, one, two, near[one][two].total)
    sizes = dict.fromkeys(near, 1)
    into: dict[int, int] = {}
    while waiting:
        negative, one, two = heappop(waiting)
        if one in into or two in into or -negative != _weight(near[one][two], sizes[one] * sizes[two]):
            continue  # an older state of what was joined meanwhile
        if len(near[one]) < len(near[two]):
            one, two = two, one
        into[two] = one
        sizes[one] += sizes.pop(two)
        del near[one][two]
        for other, tie in near.pop(two).items():
            if other == one:
                continue
            del near[other][two]
            before = near[one].get(other, Tie(0.0, 0))
            near[one][other] = near[other][one] = Tie(before.total + tie.total, before.seen + tie.seen)
        for other, tie in near[one].items():
            _wait(waiting, one, other, _weight(tie, sizes[one] * sizes[other]))
    return _least(into)


def _weight(tie: Tie, possible: int) -> float:
    return tie.total + UNSEEN * (possible - tie.seen)


def _wait(waiting: list[tuple[float, int, int]], one: int, two: int, weight: float) -> None:
    if weight > 0:
        heappush(waiting, (-weight, min(one, two), max(one, two)))


def _least(into: dict[int, int]) -> dict[int, int]:
    def root(member: int) -> int:
        while member in into:
            member = into[member]
        return member

    members: dict[int, list[int]] = defaultdict(list)
    for member in {*into, *into.values()}:
        members[root(member)].append(member)
    return {member: min(group) for group in members.values() for member in group}

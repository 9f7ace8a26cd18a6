"""From columns of profiles to pairs that may be one person, with reasons."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from services.customer.domain.matching import blocking, estimating, fields, grouping
from services.customer.domain.matching.columns import Columns, Places
from services.customer.domain.matching.comparing import NOTHING
from services.customer.domain.matching.scoring import CHUNK, Scored, Scorer, joined

#: Pairs below this probability are not kept: nobody would look at them.
LEAST: Final = 0.05
#: A person would agree: what is listed unless asked otherwise.
LIKELY: Final = 0.5
#: Candidates and random pairs from which the probabilities are learnt.
_LEARN_FROM: Final = 150_000
_LEVEL_NAMES: Final = ("different", "similar", "near", "same")


class Reason(NamedTuple):
    """What one field says: `bits` above 0 speaks for one person, below against."""

    field: str
    level: str
    bits: float


class Pair(NamedTuple):
    """Two profiles (by their keys) and the probability that they are one person.

    `group`: the key that names the group of profiles which belong together; None when the two do not end in one group.
    """

    low: bytes
    high: bytes
    score: float
    household: float
    reasons: list[Reason]
    group: bytes | None


@dataclass
class Result:
    """What a scan found. `pairs` may be read once."""

    profiles: int
    compared: int
    count: int
    pairs: Iterator[Pair]
    fields: list[dict[str, Any]] = field(default_factory=list)
    passes: list[str] = field(default_factory=list)
    model: dict[str, Any] = field(default_factory=dict)


def find(
    columns: Columns, *, changed: npt.NDArray[np.bool_] | None = None, least: float = LEAST, step: Callable[[float], None] = lambda share: None
) -> Result:
    """Compare profiles; `step` is told the share of the work that is done. Same input, same result.

    Near-linear in time; memory is about 1 kB a profile. With `changed` only pairs with one of these are looked for.
    """
    count = len(columns)
    made = fields.chosen(columns)
    if count < 2 or not made:
        return Result(count, 0, 0, iter(()))
    step(0.05)
    order = fields.sorted_order(made, count)
    passes = blocking.keys(made, count)
    candidates = blocking.candidates(passes, order, step=lambda share: step(0.05 + 0.25 * share))
    scorer = Scorer(made)
    _learn(scorer, candidates, count)
    step(0.4)
    if changed is not None:
        low, high = np.divmod(candidates, count)
        candidates = candidates[changed[low] | changed[high]]
    scored = _score(scorer, candidates, count, least, lambda share: step(0.4 + 0.5 * share))
    groups = grouping.groups(zip(scored.low.tolist(), scored.high.tolist(), scored.score.tolist(), strict=True))
    scored = _completed(scorer, scored, groups, least, count)
    step(0.95)
    assert scorer.model is not None
    return Result(
        count, len(candidates), len(scored.low), _pairs(columns, scorer, scored, groups), fields.describes(made),
        [key.label for key in passes], scorer.model.to_json(made),
    )


def _learn(scorer: Scorer, candidates: blocking.Pairs, count: int) -> None:
    """Fit the model on samples: once roughly, and again knowing which values are rare."""
    draw = np.random.default_rng(1969)
    sample = candidates if len(candidates) <= _LEARN_FROM else np.sort(draw.choice(candidates, _LEARN_FROM, replace=False))
    scale = len(candidates) / max(len(sample), 1)
    low, high = np.divmod(sample, count)
    one, two = _random(draw, count)
    found, random = scorer.levels(low, high)[0], scorer.levels(one, two)[0]
    rough = estimating.fit(scorer.fields, found, random, count=count, scale=scale)
    scorer.use(rough)
    scorer.use(estimating.fit(scorer.fields, found, random, count=count, scale=scale, adjust=scorer.adjust(found, low), start=rough))


def _random(draw: np.random.Generator, count: int) -> tuple[Places, Places]:
    wanted = min(_LEARN_FROM, count * (count - 1) // 2)
    if count <= math.isqrt(2 * _LEARN_FROM):
        one, two = np.triu_indices(count, 1)
        return one.astype(np.int64), two.astype(np.int64)
    one, two = draw.integers(0, count, wanted), draw.integers(0, count - 1, wanted)
    return one, np.where(two >= one, two + 1, two)


def _score(scorer: Scorer, candidates: blocking.Pairs, count: int, least: float, step: Callable[[float], None]) -> Scored:
    low, high = np.divmod(candidates, count)
    parts = []
    for done, part in enumerate(scorer.score(low, high, least=least), start=1):
        parts.append(part)
        step(min(1.0, done * CHUNK / max(len(low), 1)))
    return joined(parts) if parts else _nothing(scorer)


def _nothing(scorer: Scorer) -> Scored:
    none = np.empty(0, np.int64)
    return Scored(none, none, np.empty(0), np.empty(0), np.empty((len(scorer.fields), 0), np.int8), np.empty(0, np.bool_))


def _completed(scorer: Scorer, scored: Scored, groups: dict[int, int], least: float, count: int) -> Scored:
    """Add the pairs within groups that were no candidates, each with its own score."""
    members: dict[int, list[int]] = {}
    for member, group in groups.items():
        members.setdefault(group, []).append(member)
    known = set((scored.low * count + scored.high).tolist())
    more = [
        (one, two) for group in members.values() if 2 < len(group) <= 50
        for place, one in enumerate(sorted(group)) for two in sorted(group)[place + 1 :] if one * count + two not in known
    ]
    if not more:
        return scored
    pairs = np.array(more, np.int64)
    return joined([scored, *scorer.score(pairs[:, 0], pairs[:, 1], least=least)])


def _pairs(columns: Columns, scorer: Scorer, scored: Scored, groups: dict[int, int]) -> Iterator[Pair]:
    names = [each.name for each in scorer.fields]
    for begin in range(0, len(scored.low), 50_000):
        part = scored.only(np.arange(begin, min(begin + 50_000, len(scored.low))))
        bits = scorer.weights(part).T.tolist()
        for place, (levels, weights) in enumerate(zip(part.levels.T.tolist(), bits, strict=True)):
            one, two = int(part.low[place]), int(part.high[place])
            low, high = sorted((columns.ids[one], columns.ids[two]))
            group = groups.get(one)
            yield Pair(
                low, high, float(part.score[place]), float(part.household[place]),
                [
                    Reason(name, "swapped" if part.swapped[place] and name in {"given_name", "family_name"} else _LEVEL_NAMES[level], round(weight, 1))
                    for name, level, weight in sorted(zip(names, levels, weights, strict=True), key=lambda each: -abs(each[2]))
                    if level != NOTHING
                ],
                None if group is None or group != groups.get(two) else columns.ids[group],
            )

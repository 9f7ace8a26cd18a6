"""Whether arms differ: sizes of tests, intervals of effects, and p-values that stay valid however often one looks.

Always-valid p-values and confidence sequences are those of the mixture sequential probability ratio test with a normal mixture
(Robbins 1970; Johari, Koomen, Pekelis and Walsh, "Always Valid Inference: Continuous Monitoring of A/B Tests", Operations Research 70(3), 2022,
equations 8 to 10), on the difference of two proportions in its normal approximation. Intervals of a difference are Newcombe's hybrid score
intervals (Statistics in Medicine 17, 1998, method 10); for means Welch's.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Final, NamedTuple

_NORMAL: Final = NormalDist()
#: Below so many people, or so many with and without a response, an arm says nothing yet.
LEAST_PEOPLE: Final = 50
LEAST_EACH: Final = 5


class Counted(NamedTuple):
    """An arm: people who were reached, and those of them who responded."""

    people: int
    responses: int

    @property
    def rate(self) -> float | None:
        return self.responses / self.people if self.people else None

    @property
    def enough(self) -> bool:
        return self.people >= LEAST_PEOPLE and self.responses >= LEAST_EACH and self.people - self.responses >= LEAST_EACH


class Effect(NamedTuple):
    """A difference with its interval; `relative`: as a share of the control's rate. `extra`: responses that would not have come without."""

    difference: float
    low: float
    high: float
    relative: float | None
    extra: float

    @property
    def beyond_chance(self) -> bool:
        return self.low > 0 or self.high < 0


class Sequential(NamedTuple):
    """What may be said at this look: p-value and interval hold at all looks together."""

    p_value: float
    low: float
    high: float


def sample_size(*, baseline: float, effect: float, alpha: float = 0.05, power: float = 0.8, comparisons: int = 1) -> int:
    """People per arm to see a rate change from `baseline` to `baseline + effect`, two-sided (Fleiss, Levin and Paik 2003, equation 4.14 without the
    correction); `alpha` is shared out among the comparisons. Raises ValueError outside of (0, 1).
    """
    other = baseline + effect
    if not 0 < baseline < 1 or not 0 < other < 1 or effect == 0:
        raise ValueError("rates lie between 0 and 1, and differ")
    middle = (baseline + other) / 2
    by_chance = _NORMAL.inv_cdf(1 - alpha / comparisons / 2) * math.sqrt(2 * middle * (1 - middle))
    by_power = _NORMAL.inv_cdf(power) * math.sqrt(baseline * (1 - baseline) + other * (1 - other))
    return math.ceil(((by_chance + by_power) / effect) ** 2)


def wilson(counted: Counted, *, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a rate."""
    if counted.people == 0:
        return 0.0, 1.0
    z = _NORMAL.inv_cdf(0.5 + level / 2)
    n, rate = counted.people, counted.responses / counted.people
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def effect(treated: Counted, control: Counted, *, level: float = 0.95) -> Effect | None:
    """What the treatment changed; None when one of the groups is empty."""
    if treated.rate is None or control.rate is None:
        return None
    difference = treated.rate - control.rate
    t_low, t_high = wilson(treated, level=level)
    c_low, c_high = wilson(control, level=level)
    low = difference - math.hypot(treated.rate - t_low, c_high - control.rate)
    high = difference + math.hypot(t_high - treated.rate, control.rate - c_low)
    return Effect(difference, low, high, difference / control.rate if control.rate else None, difference * treated.people)


def mean_effect(
    treated: tuple[int, float, float], control: tuple[int, float, float], *, level: float = 0.95
) -> tuple[float, float, float] | None:
    """(difference of means, low, high) from (people, sum, sum of squares) of each group; None with fewer than two people in one (normal, Welch)."""
    if min(treated[0], control[0]) < 2:
        return None
    means = [total / people for people, total, _ in (treated, control)]
    spread = sum(
        max(0.0, squares - people * mean * mean) / (people - 1) / people
        for (people, _, squares), mean in zip((treated, control), means, strict=True)
    )
    half = _NORMAL.inv_cdf(0.5 + level / 2) * math.sqrt(spread)
    difference = means[0] - means[1]
    return difference, difference - half, difference + half


def always_valid(one: Counted, other: Counted, *, smallest_effect: float, alpha: float = 0.05) -> Sequential | None:
    """One look at two arms that are watched all the time; `smallest_effect` sets the mixture (its standard deviation). None: too few yet."""
    if not one.enough or not other.enough:
        return None
    rates = [one.responses / one.people, other.responses / other.people]
    variance = sum(rate * (1 - rate) / counted.people for rate, counted in zip(rates, (one, other), strict=True))
    mixture, difference = smallest_effect**2, rates[0] - rates[1]
    log_ratio = 0.5 * math.log(variance / (variance + mixture)) + mixture * difference**2 / (2 * variance * (variance + mixture))
    half = math.sqrt(variance * (variance + mixture) / mixture * (math.log((variance + mixture) / variance) - 2 * math.log(alpha)))
    return Sequential(min(1.0, math.exp(min(0.0, -log_ratio))), difference - half, difference + half)


class Standing(NamedTuple):
    """How a test stands. `leader`: the arm with the highest rate; `p_values`: leader against each other arm, the smallest ever seen."""

    leader: str | None
    p_values: dict[str, float]
    winner: str | None


def judge(arms: dict[str, Counted], *, seen: dict[str, float], smallest_effect: float, alpha: float = 0.05) -> Standing:
    """The arm that is better than every other one, as soon as that is beyond chance; `seen`: p-values of earlier looks by `a<b` (kept by the caller).

    Each of the k(k-1)/2 pairs gets its share of `alpha` (Bonferroni), so that looking at all pairs all the time errs in at most `alpha` of tests.
    """
    pairs = len(arms) * (len(arms) - 1) // 2
    names = list(arms)
    for index, first in enumerate(names):
        for second in names[index + 1 :]:
            look = always_valid(arms[first], arms[second], smallest_effect=smallest_effect, alpha=alpha / pairs)
            if look is not None:
                pair = pair_of(first, second)
                seen[pair] = min(seen.get(pair, 1.0), look.p_value)
    rated = [name for name in names if arms[name].rate is not None]
    if not rated:
        return Standing(None, {}, None)
    leader = max(rated, key=lambda name: arms[name].rate or 0.0)
    p_values = {name: seen[pair_of(leader, name)] for name in names if name != leader and pair_of(leader, name) in seen}
    won = len(p_values) == len(names) - 1 and all(value * pairs < alpha for value in p_values.values())
    return Standing(leader, p_values, leader if won else None)


def pair_of(first: str, second: str) -> str:
    """The name of two arms' comparison, whichever comes first."""
    return "<".join(sorted((first, second)))

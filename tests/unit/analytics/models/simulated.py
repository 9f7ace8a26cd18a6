"""Made-up customers whose truth is known."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from services.analytics.domain.models import bgnbd, purchasing

TRUE = bgnbd.Fitted(0.6, 8.0, 0.9, 3.5, 0.0)
SPENDING = (6.25, 3.74, 1544.0)


class Later(NamedTuple):
    """What happened in the year after the cut-off."""

    purchases: Any
    money: Any
    #: Days from the cut-off to the next purchase; NaN without one.
    following: Any


def histories(customers: int, *, seed: int, true: bgnbd.Fitted = TRUE, weeks: float = 365.25 / 7) -> tuple[purchasing.Histories, Later]:
    """Histories up to the cut-off, and the truth of the year after it; purchases at their moments, not merged by day."""
    random = np.random.default_rng(seed)
    age = random.integers(150, 401, customers)
    rate, leaving = random.gamma(true.r, 1 / true.alpha, customers), random.beta(true.a, true.b, customers)
    price = random.gamma(SPENDING[1], 1 / SPENDING[2], customers)
    x, recency = np.zeros(customers, np.int64), np.zeros(customers, np.int64)
    spent, later, money = np.zeros(customers), np.zeros(customers), np.zeros(customers)
    following = np.full(customers, np.nan)
    now, live, end = np.zeros(customers), np.ones(customers, bool), age / 7
    while live.any():
        now += random.exponential(1 / np.maximum(rate, 1e-9))
        live &= now < end + weeks
        cost = random.gamma(SPENDING[0], 1 / price)
        before, after = live & (now < end), live & (now >= end)
        x[before] += 1
        recency[before] = (now[before] * 7).astype(np.int64)
        spent[before] += cost[before]
        first = after & np.isnan(following)
        following[first] = (now[first] - end[first]) * 7
        later[after] += 1
        money[after] += cost[after]
        live &= random.random(customers) >= leaving
    return purchasing.Histories(x, recency, age, spent), Later(later, money, following)


def purchases(customers: int, *, seed: int) -> tuple[Any, Any, Any]:
    """(customer, day, amount) rows over 400 days."""
    rows, _ = histories(customers, seed=seed)
    random = np.random.default_rng(seed)
    who: list[int] = []
    when: list[int] = []
    paid: list[float] = []
    for number in range(customers):
        start, x = 400 - int(rows.age[number]), int(rows.repeats[number])
        between = random.integers(1, max(2, int(rows.recency[number])), max(0, x - 1))
        days = [start, *(start + between), start + int(rows.recency[number])][: x + 1] if x else [start]
        who += [number] * len(days)
        when += days
        paid += [round(float(rows.spent[number]) / max(x, 1), 2) or 10.0] * len(days)
    return np.array(who), np.array(when), np.array(paid)

"""Lifetime value: past profit and the discounted profit expected of the months ahead, with an interval, for each customer."""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

import numpy as np

from services.analytics.domain.models import bgnbd, gammagamma, paretonbd, purchasing
from services.analytics.domain.models.purchasing import (
    LEAST_REPEATERS,
    WEEK,
    Floats,
    Groups,
    Histories,
    Ints,
    NotEnoughData,
)

PurchaseModel: TypeAlias = bgnbd.Fitted | paretonbd.Fitted

#: A month of the definition: 365.25 / 12 days.
MONTH_WEEKS: Final = 365.25 / 12 / WEEK
MONTHS: Final = 36
DISCOUNT: Final = 0.10
COVERED: Final = 0.80
DRAWS: Final = 100


class Terms(NamedTuple):
    """What the value depends on besides the purchases. `margin`: profit per revenue; `discount`: a year."""

    margin: float
    discount: float = DISCOUNT
    months: int = MONTHS


class NextOrder(NamedTuple):
    """Days until the next purchase of each, given that it still buys: the median, and where 80 % of them lie."""

    days: Floats
    low: Floats
    high: Floats


class Ahead(NamedTuple):
    """One row a customer: P(alive), purchases within the months ahead, expected amount of one, discounted value and its 80 % interval.

    Money in the unit of the amounts. The interval is where the customer's own figure is expected to lie, not the mean's uncertainty.
    """

    alive: Floats
    purchases: Floats
    amount: Floats
    future: Floats
    low: Floats
    high: Floats


def check_enough(rows: Histories, least: int = LEAST_REPEATERS) -> None:
    """Raises NotEnoughData under `least` customers with a repeat purchase."""
    repeaters = int((rows.repeats > 0).sum())
    if repeaters < least:
        raise NotEnoughData(f"not enough data: {repeaters} customers bought on a second day, {least} are needed")


def alive(model: PurchaseModel, repeats: Ints, recency: Ints, age: Ints) -> Floats:
    """The probability that each still buys."""
    if isinstance(model, bgnbd.Fitted):
        return bgnbd.alive(model, repeats, recency, age)
    return paretonbd.alive(model, repeats, recency, age)


def purchases_if_alive(model: PurchaseModel, repeats: Ints, age: Ints, weeks: Floats) -> Floats:
    """Expected purchases (rows) within each of `weeks` (columns) of somebody who still buys."""
    if isinstance(model, bgnbd.Fitted):
        return bgnbd.purchases_if_alive(model, repeats, age, weeks)
    return paretonbd.purchases_if_alive(model, repeats, age, weeks)


def next_order(model: PurchaseModel, rows: Histories) -> NextOrder:
    """When each buys next if it still buys: its rate is Gamma(r + x, alpha + T), so the wait t has P(t > w) = ((alpha + T) / (alpha + T + w))^(r + x).

    Exact for BG/NBD, where nobody leaves between purchases; for Pareto/NBD given that it does not leave before.
    """
    power, scale = model.r + rows.repeats, model.alpha + rows.age / WEEK

    def after(share: float) -> Floats:
        with np.errstate(over="ignore"):
            days: Floats = WEEK * scale * np.expm1(-np.log1p(-share) / power)
        return days

    tail = (1 - COVERED) / 2
    return NextOrder(after(0.5), after(tail), after(1 - tail))


def discounts(terms: Terms) -> Floats:
    """1 / (1 + discount)^((k - 0.5) / 12) for the months k = 1, 2, …"""
    months = np.arange(1, terms.months + 1)
    factors: Floats = (1 + terms.discount) ** -((months - 0.5) / 12)
    return factors


def ahead(model: PurchaseModel, spending: gammagamma.Fitted, rows: Histories, terms: Terms, *, interval: bool = True, seed: int = 7) -> Ahead:
    """The value ahead of every customer: the sum over months k of X_k V margin / (1 + discount)^((k - 0.5) / 12).

    Equal histories are reckoned once. With `interval` false, `low` and `high` are the value itself.
    """
    groups, places = purchasing.group_with_places(rows)
    chance = alive(model, groups.repeats, groups.recency, groups.age)
    total, discounted = _months(model, groups, terms)
    amount = gammagamma.expected_amount(spending, rows.repeats, rows.spent)
    future = (chance * discounted)[places] * amount * terms.margin
    low = high = future
    if interval:
        low, high = _interval(model, spending, rows, chance[places], terms, seed)
    return Ahead(chance[places], (chance * total)[places], amount, future, low, high)


def _months(model: PurchaseModel, groups: Groups, terms: Terms) -> tuple[Floats, Floats]:
    """(purchases, discounted purchases) over the months ahead of somebody who still buys, for each group."""
    span = int(groups.age.max()) + 1
    keys, place = np.unique(groups.repeats * span + groups.age, return_inverse=True)
    repeats, age = keys // span, keys % span
    weeks = np.arange(1, terms.months + 1) * MONTH_WEEKS
    cumulated = purchases_if_alive(model, repeats, age, weeks)
    monthly = np.diff(cumulated, axis=1, prepend=0.0)
    return cumulated[:, -1][place], (monthly @ discounts(terms))[place]


def _interval(
    model: PurchaseModel, spending: gammagamma.Fitted, rows: Histories, chance: Floats, terms: Terms, seed: int
) -> tuple[Floats, Floats]:
    """Tenth and ninetieth percentile of drawn futures; the same rows and seed give the same interval, whatever the unit of money.

    Rows are drawn in the order of their figures, not of their ids.
    """
    order = np.lexsort((rows.spent, rows.age, rows.recency, rows.repeats))
    columns = (rows.repeats[order], rows.recency[order], rows.age[order], rows.spent[order])
    begins = np.r_[True, np.logical_or.reduce([column[1:] != column[:-1] for column in columns])] if rows.size else np.zeros(0, bool)
    place = np.empty(rows.size, np.int64)
    place[order] = np.cumsum(begins) - 1
    one = order[begins]
    low, high = np.empty(len(one)), np.empty(len(one))
    random = np.random.Generator(np.random.SFC64(seed))
    weeks = terms.months * MONTH_WEEKS
    lower = round(DRAWS * (1 - COVERED) / 2)
    for start in range(0, len(one), 20_000):
        part = one[start : start + 20_000]
        made, wanted = _draw(model, (rows.repeats[part], rows.recency[part], rows.age[part]), chance[part], weeks, random)
        value = gammagamma.draw_sums(spending, rows.repeats[part], rows.spent[part], made, random) * _mean_discount(made, wanted, terms)
        value.partition((lower, DRAWS - 1 - lower), axis=1)
        low[start : start + 20_000], high[start : start + 20_000] = value[:, lower] * terms.margin, value[:, DRAWS - 1 - lower] * terms.margin
    low, high = low[place], high[place]
    return (low, high) if terms.margin >= 0 else (high, low)


def _draw(
    model: PurchaseModel, rows: tuple[Ints, Ints, Ints], chance: Floats, weeks: float, random: np.random.Generator
) -> tuple[Floats, Floats]:
    """(purchases made, purchases the same stretch of time would have held without an end)."""
    repeats, _, age = rows
    if isinstance(model, bgnbd.Fitted):
        return bgnbd.draw_counts(model, (repeats, age.astype(float), chance), weeks, draws=DRAWS, random=random)
    shape = (len(repeats), DRAWS)
    end = age[:, None] / WEEK
    rate = random.standard_gamma((model.r + repeats)[:, None], shape) / (model.alpha + end)
    leaving = random.standard_gamma(model.s, shape) / (model.beta + end)
    life = np.minimum(random.standard_exponential(shape) / np.maximum(leaving, 1e-12), weeks)
    made = np.where(random.random(shape) < chance[:, None], random.poisson(rate * life), 0).astype(float)
    return made, made * weeks / np.maximum(life, 1e-9)


def _mean_discount(made: Floats, wanted: Floats, terms: Terms) -> Floats:
    """The mean discount of the first `made` of `wanted` purchases spread evenly over the months ahead."""
    step = np.log1p(terms.discount) * terms.months / 12 / (wanted + 1)
    if terms.discount == 0:
        return np.ones_like(step)
    factor: Floats = np.where(made > 0, -np.expm1(-step * made) / np.maximum(np.expm1(step) * made, 1e-12), 1.0)
    return factor

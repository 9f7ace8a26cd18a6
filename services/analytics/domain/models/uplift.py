"""Uplift: what a contact changes, by two models and by the transformed class, and the Qini curve that judges both.

Radcliffe 2007 (Qini); Jaskowski and Jaroszewicz 2012 (class transformation); Hansotia and Rukstales 2002 (two models).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from services.analytics.domain.models import classifying
from services.analytics.domain.models.classifying import Classifier
from services.analytics.domain.models.purchasing import Floats


class Effect(NamedTuple):
    """The mean effect of the contact as a difference of shares with its 95 % interval."""

    treated: int
    control: int
    rate_treated: float
    rate_control: float
    lift: float
    low: float
    high: float


class TwoModels(NamedTuple):
    """One answer with the contact, one without."""

    with_contact: Classifier
    without: Classifier

    def lift(self, x: Floats) -> Floats:
        return self.with_contact.chance(x) - self.without.chance(x)


class Transformed(NamedTuple):
    """The probability of the class `answered if contacted, did not if not`, weighted so that both arms count alike: lift = 2 p - 1."""

    model: Classifier

    def lift(self, x: Floats) -> Floats:
        return 2 * self.model.chance(x) - 1


def effect(treated: Any, outcome: Any) -> Effect:
    """Mean effect over all."""
    arm = treated == 1
    n, m = int(arm.sum()), int((~arm).sum())
    p, q = float(outcome[arm].mean()), float(outcome[~arm].mean())
    error = 1.959963984540054 * float(np.sqrt(p * (1 - p) / n + q * (1 - q) / m))
    return Effect(n, m, p, q, p - q, p - q - error, p - q + error)


def train(method: str, x: Floats, treated: Any, outcome: Any, seed: int) -> TwoModels | Transformed:
    """`two_models` or `class_transformation`, each of logistic regressions."""
    arm = treated == 1
    if method == "two_models":
        return TwoModels(classifying.train("logistic", x[arm], outcome[arm], seed), classifying.train("logistic", x[~arm], outcome[~arm], seed))
    # With as many rows of each arm the weights are equal: rows of the smaller arm are drawn again.
    random = np.random.default_rng(seed)
    places = [np.flatnonzero(arm), np.flatnonzero(~arm)]
    size = max(len(one) for one in places)
    rows = np.concatenate([one if len(one) == size else random.choice(one, size) for one in places])
    z = np.where(arm[rows], outcome[rows], 1 - outcome[rows])
    return Transformed(classifying.train("logistic", x[rows], z, seed))


def qini(lift: Floats, treated: Any, outcome: Any, points: int = 100) -> tuple[list[tuple[float, float]], float]:
    """((share contacted, extra answers for each customer)…, the area between that curve and that of contacting at random).

    Customers by expected lift; extra answers = answers of the contacted - answers of the others scaled to as many (Radcliffe 2007).
    """
    order = np.argsort(-lift, kind="stable")
    arm, answer = treated[order] == 1, outcome[order]
    contacted, others = np.cumsum(arm), np.cumsum(~arm)
    gained = np.cumsum(answer * arm) - np.cumsum(answer * ~arm) * contacted / np.maximum(others, 1)
    gained = np.r_[0.0, gained] / max(1, int(arm.sum()))
    share = np.linspace(0, 1, len(gained))
    area = float(np.trapezoid(gained, share)) - float(gained[-1]) / 2
    kept = np.linspace(0, len(gained) - 1, points + 1).astype(np.int64)
    return [(round(float(share[place]), 4), round(float(gained[place]), 6)) for place in kept], area


def qini_interval(lift: Floats, treated: Any, outcome: Any, seed: int, draws: int = 60) -> tuple[float, float]:
    """5 % and 95 % of the area over drawn samples of the customers."""
    random = np.random.default_rng(seed)
    areas = []
    for _ in range(draws):
        rows = random.integers(0, len(lift), len(lift))
        areas.append(qini(lift[rows], treated[rows], outcome[rows], points=2)[1])
    low, high = np.percentile(areas, [5, 95])
    return float(low), float(high)

"""Pareto/NBD: purchases and silent leaving at any time (Schmittlein, Morrison and Colombo 1987; Fader and Hardie 2005, "A note on deriving the Pareto/NBD model").

Purchases follow a Poisson process with rate lambda ~ Gamma(r, alpha) until an end that comes with rate mu ~ Gamma(s, beta).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy import optimize, special

from services.analytics.domain.models.purchasing import WEEK, Floats, Groups, Ints, NotEnoughData

_BOUND: Final = 12.0
#: Nodes of the quadrature of the one integral; the power flattens the end where its integrand is steep.
_NODES: Final = 28
_POWER: Final = 4


class Fitted(NamedTuple):
    """Parameters with time in weeks, and the log-likelihood of the data."""

    r: float
    alpha: float
    s: float
    beta: float
    log_likelihood: float


def fit(groups: Groups) -> Fitted:
    """Maximum likelihood. Raises NotEnoughData when there is no optimum."""
    if not len(groups.counts) or not (groups.repeats > 0).any():
        raise NotEnoughData("nobody bought on a second day")
    weight = groups.counts / groups.counts.sum()
    length = max(float(np.average(groups.age, weights=groups.counts)) / WEEK / 3, 0.1)

    def loss(theta: Floats) -> float:
        r, alpha, s, beta = np.exp(theta)
        return -float(weight @ log_likelihoods(Fitted(r, alpha, s, beta, 0.0), groups.repeats, groups.recency, groups.age))

    found = optimize.minimize(
        loss, np.log([0.5, length, 0.5, length]), method="L-BFGS-B", bounds=[(-_BOUND, _BOUND)] * 4,
        jac="3-point", options={"maxiter": 200, "ftol": 1e-13, "gtol": 1e-7},
    )
    if not np.isfinite(found.fun):
        raise NotEnoughData("the purchases do not settle the parameters of the purchase model")
    r, alpha, s, beta = np.exp(found.x)
    return Fitted(float(r), float(alpha), float(s), float(beta), -float(found.fun) * float(groups.counts.sum()))


def log_likelihoods(fitted: Fitted, repeats: Ints, recency: Ints, age: Ints) -> Floats:
    """Of each row. The two cases (alive, gone since some moment) are added as logarithms; nothing is subtracted."""
    r, alpha, s, beta, _ = fitted
    still, gone = _cases(fitted, repeats, recency, age)
    answer: Floats = special.gammaln(r + repeats) - special.gammaln(r) + r * np.log(alpha) + s * np.log(beta) + np.logaddexp(still, gone)
    return answer


def alive(fitted: Fitted, repeats: Ints, recency: Ints, age: Ints) -> Floats:
    """The probability that they still buy."""
    still, gone = _cases(fitted, repeats, recency, age)
    chance: Floats = special.expit(still - gone)
    return chance


def _cases(fitted: Fitted, repeats: Ints, recency: Ints, age: Ints) -> tuple[Floats, Floats]:
    """Logarithms of the likelihood of being alive, and of having left since the last purchase, both without the factor they share.

    The second is s times the integral over the moment of leaving y in [t_x, T] of (alpha + y)^-(r + x) (beta + y)^-(s + 1). With
    v = ((alpha + t_x) / (alpha + y))^(r + s + x) it becomes the integral of (1 + (beta - alpha) / (alpha + t_x) v^(1 / (r + s + x)))^-(s + 1): bounded,
    the same number as the difference of the two hypergeometric functions of the paper, and exact where these cancel.
    """
    r, alpha, s, beta, _ = fitted
    last, end = recency / WEEK, age / WEEK
    power = r + s + repeats
    still = -(r + repeats) * np.log(alpha + end) - s * np.log(beta + end)
    longer = np.log1p((end - last) / (alpha + last))
    span = -np.expm1(-power * longer / _POWER)
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    shift = ((beta - alpha) / (alpha + last))[:, None]
    u = 1 - span[:, None] * (1 - nodes[None, :]) / 2
    ratio = np.exp(-(s + 1) * np.log1p(shift * np.exp(np.log(u) * (_POWER / power)[:, None])))
    integral = (weights * _POWER * u ** (_POWER - 1) * ratio).sum(axis=1) * span / 2
    with np.errstate(divide="ignore"):
        gone = np.log(s) - np.log(power) - power * np.log(alpha + last) + np.log(integral)
    return still, gone


def purchases_if_alive(fitted: Fitted, repeats: Ints, age: Ints, weeks: Floats) -> Floats:
    """Expected purchases (rows) within each of `weeks` (columns) of somebody who still buys; multiply by `alive`."""
    r, alpha, s, beta, _ = fitted
    end = (age / WEEK)[:, None]
    longer = np.log1p(weeks[None, :] / (beta + end))
    answer: Floats = (r + repeats)[:, None] * (beta + end) / (alpha + end) * _mean_life(s, longer)
    return answer


def purchases_of_a_new_one(fitted: Fitted, weeks: Floats) -> Floats:
    """Expected purchases of a new customer after the first one."""
    nothing = np.zeros(1, np.int64)
    (row,) = purchases_if_alive(fitted, nothing, nothing, weeks)
    return np.asarray(row)


def _mean_life(s: float, longer: Floats) -> Floats:
    """(1 - exp(-(s - 1) L)) / (s - 1), also at s = 1."""
    if abs(s - 1) < 1e-9:
        return longer
    answer: Floats = -np.expm1(-(s - 1) * longer) / (s - 1)
    return answer

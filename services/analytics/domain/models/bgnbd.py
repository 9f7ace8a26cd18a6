"""BG/NBD: how often somebody buys while they do, and whether they still do (Fader, Hardie and Lee 2005, "Counting your customers" the easy way).

Purchases follow a Poisson process with rate lambda ~ Gamma(r, alpha); after each one the customer leaves with probability p ~ Beta(a, b).
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

from services.analytics.domain.models.purchasing import WEEK, Floats, Groups, Ints, NotEnoughData

#: Bounds of the logarithms of the parameters; the optimum of usable data lies far within.
_BOUND: Final = 12.0
#: Nodes of the quadrature over p; 24 give ten digits on horizons of years.
_NODES: Final = 24


class Fitted(NamedTuple):
    """Parameters with time in weeks, and the log-likelihood of the data."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float


def fit(groups: Groups) -> Fitted:
    """Maximum likelihood (eq. 6 of the paper) with the analytic gradient. Raises NotEnoughData when there is no optimum."""
    if not len(groups.counts) or not (groups.repeats > 0).any():
        raise NotEnoughData("nobody bought on a second day")
    statistics = _Statistics(groups)
    start = np.log([0.5, max(float(np.average(groups.age, weights=groups.counts)) / WEEK / 3, 0.1), 0.8, 2.0])
    found = optimize.minimize(
        statistics.loss, start, jac=True, method="L-BFGS-B", bounds=[(-_BOUND, _BOUND)] * 4, options={"maxiter": 500, "ftol": 1e-14, "gtol": 1e-8}
    )
    if not np.isfinite(found.fun) or float(np.abs(found.jac).max()) > 1e-4:
        raise NotEnoughData("the purchases do not settle the parameters of the purchase model")
    r, alpha, a, b = np.exp(found.x)
    return Fitted(float(r), float(alpha), float(a), float(b), -float(found.fun) * statistics.total)


class _Statistics:
    """What the likelihood needs of the data: gamma functions of each count once, logarithms of each day once."""

    def __init__(self, groups: Groups) -> None:
        self.counts = groups.counts.astype(float)
        self.total = float(self.counts.sum())
        self.x = groups.repeats
        self.by_x = np.bincount(groups.repeats, weights=self.counts)
        self.levels = np.flatnonzero(self.by_x)
        self.weight_x = self.by_x[self.levels]
        self.recency, self.age = groups.recency, groups.age
        self.days = np.arange(int(groups.age.max()) + 1) / WEEK
        self.bought = groups.repeats > 0

    def loss(self, theta: Floats) -> tuple[float, Floats]:
        """(minus the mean log-likelihood, its gradient) at the logarithms of r, alpha, a, b."""
        r, alpha, a, b = np.exp(theta)
        level, weight = self.levels, self.weight_x
        fixed = weight @ (
            special.gammaln(r + level) - special.gammaln(r) + r * np.log(alpha) + special.gammaln(a + b) + special.gammaln(b + level)
            - special.gammaln(b) - special.gammaln(a + b + level)
        )
        logs, inverse = np.log(alpha + self.days), 1 / (alpha + self.days)
        steps = np.arange(len(self.by_x))
        gone_by_x = np.log(a) - np.log(np.maximum(b + steps - 1, 1e-300))
        rate = r + self.x
        at_end, at_last = logs[self.age], logs[self.recency]
        odds = np.where(self.bought, gone_by_x[self.x] + rate * (at_end - at_last), -np.inf)
        gone = special.expit(odds) * self.counts
        stays = self.counts - gone
        total = fixed + self.counts @ (np.logaddexp(0.0, odds) - rate * at_end)
        psi = weight @ (special.digamma(a + b) - special.digamma(a + b + level))
        gradient = np.array([
            weight @ (special.digamma(r + level) - special.digamma(r) + np.log(alpha)) - stays @ at_end - gone @ at_last,
            self.total * r / alpha - (rate * stays) @ inverse[self.age] - (rate * gone) @ inverse[self.recency],
            psi + gone.sum() / a,
            psi + weight @ (special.digamma(b + level) - special.digamma(b)) - gone @ (1 / np.maximum(b + steps - 1, 1e-300))[self.x],
        ])
        return -float(total) / self.total, -gradient * np.exp(theta) / self.total


def alive(fitted: Fitted, repeats: Ints, recency: Ints, age: Ints) -> Floats:
    """The probability that they still buy (Fader, Hardie and Lee 2008, eq. 7), as the logistic of logarithms: exact for thousands of purchases.

    It is 1 for everybody without a repeat: in this model people leave only after a repeat purchase.
    """
    left = np.log(fitted.a) - np.log(np.maximum(fitted.b + repeats - 1, 1e-300))
    silent = np.log1p((age - recency) / WEEK / (fitted.alpha + recency / WEEK))
    chance: Floats = np.where(repeats > 0, special.expit(-(left + (fitted.r + repeats) * silent)), 1.0)
    return chance


def purchases_if_alive(fitted: Fitted, repeats: Ints, age: Ints, weeks: Floats) -> Floats:
    """Expected purchases (rows) within each of `weeks` (columns) of somebody who still buys.

    The mean of (1 - (1 + p t / (alpha + T))^-(r + x)) / p over p ~ Beta(a, b + x), by Gauss-Jacobi quadrature; it is eq. 10 of the paper without
    the hypergeometric function, whose two halves cancel for heavy buyers. Multiply by `alive`.
    """
    levels, place = np.unique(repeats, return_inverse=True)
    nodes, weights = beta_nodes(fitted.a, fitted.b + levels)
    answer = np.empty((len(repeats), len(weeks)))
    size = max(1, 2_000_000 // (_NODES * max(1, len(weeks))))
    for start in range(0, len(repeats), size):
        part = slice(start, start + size)
        p, weight = nodes[place[part]], weights[place[part]]
        rate = (fitted.r + repeats[part])[:, None]
        scale = (fitted.alpha + age[part] / WEEK)[:, None]
        for column, length in enumerate(weeks):
            answer[part, column] = (weight * -np.expm1(-rate * np.log1p(p * length / scale)) / p).sum(axis=1)
    return answer


def purchases_of_a_new_one(fitted: Fitted, weeks: Floats) -> Floats:
    """Expected purchases of a new customer after the first one."""
    nothing = np.zeros(1, np.int64)
    (row,) = purchases_if_alive(fitted, nothing, nothing, weeks)
    return np.asarray(row)


def beta_nodes(a: float, b: Floats) -> tuple[Floats, Floats]:
    """Nodes and weights (rows: one b each) that integrate over Beta(a, b): eigenvalues of the Jacobi matrices (Golub and Welsch 1969)."""
    high, low = np.asarray(b, float)[:, None] - 1, a - 1
    k = np.arange(_NODES, dtype=float)[None, :]
    both = high + low
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = (low**2 - high**2) / ((2 * k + both) * (2 * k + both + 2))
    middle[:, 0] = ((low - high) / (both + 2))[:, 0]
    j = k[:, 1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        beside = 4 * j * (j + high) * (j + low) * (j + both) / ((2 * j + both) ** 2 * (2 * j + both + 1) * (2 * j + both - 1))
    beside[:, 0] = (4 * (1 + high) * (1 + low) / ((2 + both) ** 2 * (3 + both)))[:, 0]
    matrix = np.zeros((len(high), _NODES, _NODES))
    diagonal = np.arange(_NODES)
    matrix[:, diagonal, diagonal] = middle
    matrix[:, diagonal[1:], diagonal[:-1]] = np.sqrt(beside)
    values, vectors = np.linalg.eigh(matrix)
    return np.maximum((1 + values) / 2, 1e-15), vectors[:, 0, :] ** 2


def draw_counts(
    fitted: Fitted, rows: tuple[Ints, Floats, Floats], weeks: float, *, draws: int, random: np.random.Generator
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """(purchases made, purchases there would be without leaving) in `weeks`, drawn `draws` times for each (repeats, age in days, alive)."""
    repeats, age, chance = rows
    shape = (len(repeats), draws)
    rate = random.standard_gamma((fitted.r + repeats)[:, None], shape) / (fitted.alpha + age / WEEK)[:, None]
    leaving = random.standard_gamma(fitted.a, shape)
    leaving /= leaving + random.standard_gamma((fitted.b + repeats)[:, None], shape)
    wanted = random.poisson(rate * weeks)
    until = np.ceil(np.log(random.random(shape)) / np.log1p(-np.clip(leaving, 1e-12, 1 - 1e-12)))
    there = random.random(shape) < chance[:, None]
    return np.where(there, np.minimum(wanted, until), 0), wanted

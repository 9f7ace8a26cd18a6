"""Gamma-Gamma: what a customer spends at a time (Fader and Hardie 2013, "The Gamma-Gamma model of monetary value").

Amounts of one customer follow Gamma(p, nu), nu ~ Gamma(q, gamma); how much is independent of how often.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy import optimize, special

from services.analytics.domain.models.purchasing import Floats, Ints, NotEnoughData

_BOUND: Final = 12.0


class Fitted(NamedTuple):
    """`gamma` is in the unit of the money given."""

    p: float
    q: float
    gamma: float
    log_likelihood: float
    customers: int


def fit(repeats: Ints, spent: Floats) -> Fitted:
    """Maximum likelihood (eq. 1b) over customers with a repeat and money spent on repeats. Raises NotEnoughData.

    Money is first divided by its mean, so that the fit is the same in any unit.
    """
    used = (repeats > 0) & (spent > 0)
    x, total = repeats[used], spent[used]
    if len(x) < 3:
        raise NotEnoughData("nobody has repeat purchases with an amount")
    unit = float(total.sum() / x.sum())
    z = total / unit
    counts = np.bincount(x).astype(float)
    levels = np.flatnonzero(counts)
    weight = counts[levels]
    sum_log_z, sum_x_log_z = float(np.log(z).sum()), float(x @ np.log(z))

    def loss(theta: Floats) -> tuple[float, Floats]:
        p, q, gamma = np.exp(theta)
        logs, inverse = np.log(gamma + z), 1 / (gamma + z)
        sum_logs, sum_x_logs = float(logs.sum()), float(x @ logs)
        sizes = p * levels
        value = (
            weight @ (special.gammaln(sizes + q) - special.gammaln(sizes)) + len(x) * (q * np.log(gamma) - special.gammaln(q))
            + p * sum_x_log_z - sum_log_z + float(weight @ np.log(levels)) - p * sum_x_logs - q * sum_logs
        )
        psi = special.digamma(sizes + q)
        gradient = np.array([
            weight @ (levels * (psi - special.digamma(sizes))) + sum_x_log_z - sum_x_logs,
            weight @ psi + len(x) * (np.log(gamma) - special.digamma(q)) - sum_logs,
            len(x) * q / gamma - p * float(x @ inverse) - q * float(inverse.sum()),
        ])
        return -float(value) / len(x), -gradient * np.exp(theta) / len(x)

    found = optimize.minimize(
        loss, np.log([5.0, 3.5, 0.5]), jac=True, method="L-BFGS-B", bounds=[(-_BOUND, _BOUND)] * 3,
        options={"maxiter": 500, "ftol": 1e-14, "gtol": 1e-8},
    )
    p, q, gamma = np.exp(found.x)
    if not np.isfinite(found.fun) or q <= 1.001 or float(np.abs(found.x).max()) > _BOUND - 0.01:
        raise NotEnoughData("the amounts do not settle a mean: they differ hardly at all, or without bound")
    return Fitted(float(p), float(q), float(gamma * unit), -float(found.fun) * len(x) - len(x) * float(np.log(unit)), len(x))


def expected_amount(fitted: Fitted, repeats: Ints, spent: Floats) -> Floats:
    """The expected amount at a time (eq. 5): the customer's own mean drawn towards everybody's, the more the fewer purchases there are."""
    x = np.where(spent > 0, repeats, 0)
    amount: Floats = fitted.p * (fitted.gamma + np.where(x > 0, spent, 0.0)) / (fitted.p * x + fitted.q - 1)
    return amount


def population_amount(fitted: Fitted) -> float:
    """The mean over customers nobody knows anything of."""
    return fitted.p * fitted.gamma / (fitted.q - 1)


def draw_sums(fitted: Fitted, repeats: Ints, spent: Floats, counts: Floats, random: np.random.Generator) -> Floats:
    """What `counts` (rows: customers, columns: draws) purchases cost together, drawn from what is known of each customer."""
    x = np.where(spent > 0, repeats, 0)
    shape = random.standard_gamma((fitted.q + fitted.p * x)[:, None], counts.shape)
    rate = shape / (fitted.gamma + np.where(x > 0, spent, 0.0))[:, None]
    sums: Floats = np.where(counts > 0, random.standard_gamma(np.maximum(fitted.p * counts, 1e-9)), 0.0) / np.maximum(rate, 1e-300)
    return sums

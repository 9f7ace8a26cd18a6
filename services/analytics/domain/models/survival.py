"""Survival: Kaplan-Meier with median and Greenwood's interval, the log-rank test, and Cox regression with Efron's ties.

Kaplan and Meier 1958; Greenwood 1926 with the log-log transform (Kalbfleisch and Prentice 1980); Mantel 1966; Cox 1972; Efron 1977.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from scipy import linalg, special, stats

from services.analytics.domain.models.purchasing import Floats, NotEnoughData

_STEPS: Final = 60
_Z: Final = 1.959963984540054


class Curve(NamedTuple):
    """At each time with an event: at risk and events there, the share that lasts longer, its 95 % interval. `median` None: not reached."""

    times: Floats
    at_risk: Floats
    events: Floats
    survival: Floats
    low: Floats
    high: Floats
    median: float | None

    def at(self, time: float) -> float:
        """The share that lasts longer than `time`."""
        place = int(np.searchsorted(self.times, time, side="right")) - 1
        return 1.0 if place < 0 else float(self.survival[place])


def kaplan_meier(duration: Floats, ended: Floats) -> Curve:
    """`ended`: 1 where the end was seen, 0 where it is still running (censored)."""
    times, place = np.unique(duration, return_inverse=True)
    leaving = np.bincount(place, minlength=len(times)).astype(float)
    events = np.bincount(place, weights=ended.astype(float), minlength=len(times))
    at_risk = len(duration) - np.r_[0.0, np.cumsum(leaving)[:-1]]
    seen = events > 0
    times, events, at_risk = times[seen], events[seen], at_risk[seen]
    survival = np.cumprod(1 - events / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(events / (at_risk * (at_risk - events)))
        width = _Z * np.sqrt(greenwood) / np.log(survival)
        low, high = survival ** np.exp(-width), survival ** np.exp(width)
    inner = (survival > 0) & (survival < 1)
    low, high = np.where(inner, low, survival), np.where(inner, high, survival)
    reached = np.flatnonzero(survival <= 0.5)
    median = float(times[reached[0]]) if len(reached) else None
    return Curve(times, at_risk, events, survival, np.minimum(low, high), np.maximum(low, high), median)


class Difference(NamedTuple):
    """A test whether groups last equally long."""

    statistic: float
    freedom: int
    p: float


def log_rank(duration: Floats, ended: Floats, group: Any) -> Difference:
    """Mantel's test of two groups or more. Raises NotEnoughData with fewer."""
    names, codes = np.unique(group, return_inverse=True)
    if len(names) < 2:
        raise NotEnoughData("not enough data: there is one group only, two are needed")
    times, place = np.unique(duration, return_inverse=True)
    shape = (len(times), len(names))
    leaving, dying = np.zeros(shape), np.zeros(shape)
    np.add.at(leaving, (place, codes), 1.0)
    np.add.at(dying, (place, codes), ended.astype(float))
    at_risk = leaving[::-1].cumsum(axis=0)[::-1]
    seen = dying.sum(axis=1) > 0
    at_risk, dying = at_risk[seen], dying[seen]
    n, d = at_risk.sum(axis=1), dying.sum(axis=1)
    share = at_risk / n[:, None]
    apart = (dying - share * d[:, None]).sum(axis=0)
    factor = np.where(n > 1, d * (n - d) / np.maximum(n - 1, 1), 0.0)
    spread = np.diag((factor[:, None] * share).sum(axis=0)) - np.einsum("t,ti,tj->ij", factor, share, share)
    kept = slice(0, len(names) - 1)
    statistic = float(apart[kept] @ linalg.pinvh(spread[kept, kept]) @ apart[kept])
    return Difference(statistic, len(names) - 1, float(stats.chi2.sf(statistic, len(names) - 1)))


class Cox(NamedTuple):
    """Coefficients on covariates as given, their standard errors, the partial log-likelihood, concordance, and the baseline hazard."""

    coefficients: Floats
    errors: Floats
    log_likelihood: float
    null_log_likelihood: float
    concordance: float
    times: Floats
    hazard: Floats

    @property
    def p(self) -> Floats:
        values: Floats = 2 * special.ndtr(-np.abs(self.coefficients / self.errors))
        return values


def cox(duration: Floats, ended: Floats, covariates: Floats) -> Cox:
    """Newton-Raphson on the partial likelihood with Efron's correction for ties. Raises NotEnoughData when it does not settle."""
    order = np.argsort(-duration, kind="stable")
    time, event, x = duration[order], ended[order].astype(float), covariates[order].astype(float)
    centre, scale = x.mean(axis=0), x.std(axis=0)
    if (scale == 0).any():
        raise NotEnoughData("an attribute is the same for everybody")
    x = (x - centre) / scale
    ties = _Ties(time, event)
    beta = np.zeros(x.shape[1])
    value, gradient, information = _partial(beta, x, event, ties)
    null = value
    for _ in range(_STEPS):
        try:
            step = linalg.solve(information, gradient, assume_a="pos")
        except linalg.LinAlgError:
            raise NotEnoughData("the attributes say the same twice, or tell the end without fail") from None
        size = 1.0
        while size > 1e-6:
            trial = _partial(beta + size * step, x, event, ties)
            if np.isfinite(trial[0]) and trial[0] >= value - 1e-12:
                break
            size /= 2
        beta = beta + size * step
        settled = abs(trial[0] - value) < 1e-10 * abs(value)
        value, gradient, information = trial
        if settled:
            break
    else:
        raise NotEnoughData("an attribute tells the end without fail: leave it out")
    risk = np.exp(x @ beta)
    times, hazard = _baseline(risk, ties)
    shift = np.exp(-(centre / scale) @ beta)
    errors = np.sqrt(np.diag(linalg.inv(information))) / scale
    return Cox(beta / scale, errors, value, null, concordance(time, event, x @ beta), times, hazard * shift)


class _Ties:
    """Rows sorted by time descending, in blocks of equal time."""

    def __init__(self, time: Floats, event: Floats) -> None:
        starts = np.flatnonzero(np.r_[True, time[1:] != time[:-1]])
        self.time = time[starts]
        self.ends = np.r_[starts[1:], len(time)]
        self.block = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(time)]))
        self.deaths = np.bincount(self.block, weights=event, minlength=len(starts)).astype(np.int64)
        self.event = event


def _partial(beta: Floats, x: Floats, event: Floats, ties: _Ties) -> tuple[float, Floats, Floats]:
    """(log-likelihood, gradient, information)."""
    count, width = len(ties.ends), x.shape[1]
    linear = x @ beta
    risk = np.exp(linear)
    weighted = risk[:, None] * x
    products = (weighted[:, :, None] * x[:, None, :]).reshape(len(x), width * width)
    whole0 = risk.cumsum()[ties.ends - 1]
    whole1 = weighted.cumsum(axis=0)[ties.ends - 1]
    whole2 = products.cumsum(axis=0)[ties.ends - 1]
    tied0 = np.bincount(ties.block, weights=risk * event, minlength=count)
    dead = np.flatnonzero(event)
    tied1, tied2 = np.zeros((count, width)), np.zeros((count, width * width))
    np.add.at(tied1, ties.block[dead], weighted[dead])
    np.add.at(tied2, ties.block[dead], products[dead])
    value, gradient = float(linear[dead].sum()), x[dead].sum(axis=0)
    information = np.zeros((width, width))
    blocks = np.repeat(np.flatnonzero(ties.deaths), ties.deaths[ties.deaths > 0])
    first = np.r_[0, np.cumsum(ties.deaths[ties.deaths > 0])[:-1]]
    number = np.arange(len(blocks)) - np.repeat(first, ties.deaths[ties.deaths > 0])
    part = (number / ties.deaths[blocks])[:, None]
    zero = whole0[blocks] - part[:, 0] * tied0[blocks]
    one = (whole1[blocks] - part * tied1[blocks]) / zero[:, None]
    value -= float(np.log(zero).sum())
    gradient = gradient - one.sum(axis=0)
    second = ((whole2[blocks] - part * tied2[blocks]) / zero[:, None]).sum(axis=0).reshape(width, width)
    # Enough that a column nobody at risk differs in stays at nothing, too little to be seen anywhere else.
    information = second - one.T @ one + 1e-7 * np.eye(width)
    return value, gradient, information


def _baseline(risk: Floats, ties: _Ties) -> tuple[Floats, Floats]:
    """(times ascending, cumulated hazard of a customer with all covariates 0), by Breslow 1974."""
    seen = ties.deaths > 0
    steps = ties.deaths[seen] / risk.cumsum()[ties.ends - 1][seen]
    return ties.time[seen][::-1], steps[::-1].cumsum()


def concordance(time: Floats, event: Floats, linear: Floats, *, most: int = 4_000) -> float:
    """Of pairs whose order is known the share in which the higher risk ended first (Harrell 1982); of at most `most` rows, evenly taken."""
    if len(time) > most:
        kept = np.linspace(0, len(time) - 1, most).astype(np.int64)
        time, event, linear = time[kept], event[kept], linear[kept]
    right = known = 0.0
    for place in np.flatnonzero(event):
        later = (time > time[place]) | ((time == time[place]) & (event == 0))
        known += float(later.sum())
        right += float((linear[later] < linear[place]).sum()) + 0.5 * float((linear[later] == linear[place]).sum())
    return right / known if known else float("nan")

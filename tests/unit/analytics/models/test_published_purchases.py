"""Published figures of the CDNOW sample: BG/NBD 2005, Pareto/NBD 2005, Gamma-Gamma 2013."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, special

from services.analytics.domain.models import bgnbd, gammagamma, lifetime, paretonbd, purchasing
from tests.unit.analytics.models import cdnow

Find = Callable[[str], Path]


def test_purchases_of_one_day_count_once(example_file: Find) -> None:
    names, rows = cdnow.calibration(example_file(cdnow.FILE))
    assert (len(names), rows.repeats.sum(), (rows.repeats == 0).sum(), (rows.repeats > 0).sum()) == (2357, 2457, 1411, 946)


def test_bgnbd(example_file: Find) -> None:
    names, rows = cdnow.calibration(example_file(cdnow.FILE))
    fitted = bgnbd.fit(purchasing.group(rows))
    assert fitted[:4] == pytest.approx((0.243, 4.414, 0.793, 2.426), rel=0.01)
    assert fitted.log_likelihood == pytest.approx(-9582.4, abs=0.1)
    alive = bgnbd.alive(fitted, rows.repeats, rows.recency, rows.age)
    assert alive.mean() == pytest.approx(0.8134, abs=0.0005)
    forecast = alive * bgnbd.purchases_if_alive(fitted, rows.repeats, rows.age, np.array([39.0]))[:, 0]
    assert forecast.sum() == pytest.approx(1653.4, abs=2)
    later, days, _ = cdnow.purchases(example_file(cdnow.FILE))
    pairs = np.unique(np.column_stack([later, days])[days > cdnow.CUT_OFF], axis=0)
    real = np.array([np.count_nonzero(pairs[:, 0] == name) for name in names])
    assert (int(real.sum()), int(np.count_nonzero(real))) == (1882, 684)
    assert np.corrcoef(forecast, real)[0, 1] == pytest.approx(0.626, abs=0.002)
    assert np.abs(forecast - real).mean() == pytest.approx(0.785, abs=0.002)
    assert bgnbd.purchases_of_a_new_one(fitted, np.array([52.0]))[0] == pytest.approx(1.444, abs=0.005)


def test_paretonbd(example_file: Find) -> None:
    _, rows = cdnow.calibration(example_file(cdnow.FILE))
    fitted = paretonbd.fit(purchasing.group(rows))
    assert fitted[:4] == pytest.approx((0.553, 10.578, 0.606, 11.669), rel=0.01)
    assert fitted.log_likelihood == pytest.approx(-9595.0, abs=0.1)
    assert paretonbd.purchases_of_a_new_one(fitted, np.array([52.0]))[0] == pytest.approx(1.473, abs=0.005)


def test_gammagamma(example_file: Find) -> None:
    names, rows = cdnow.calibration(example_file(cdnow.FILE))
    fitted = gammagamma.fit(rows.repeats, rows.spent)
    assert fitted[:3] == pytest.approx((6.25, 3.74, 15.44), rel=0.01)
    assert fitted.log_likelihood == pytest.approx(-4055.918, abs=0.1)
    expected = dict(zip(names.tolist(), gammagamma.expected_amount(fitted, rows.repeats, rows.spent), strict=True))
    assert [expected[name] for name in (1, 2, 3, 6, 9)] == pytest.approx([24.66, 18.91, 35.17, 71.46, 27.28], abs=0.05)


PUBLISHED = bgnbd.Fitted(0.243, 4.414, 0.793, 2.426, 0.0)
PARETO = paretonbd.Fitted(0.553, 10.578, 0.606, 11.669, 0.0)


def test_forecast_is_the_published_formula() -> None:
    x, age, weeks = np.array([0, 1, 2, 7, 30]), np.array([70, 273, 140, 273, 273]), 104.0
    r, alpha, a, b, _ = PUBLISHED
    inner = special.hyp2f1(r + x, b + x, a + b + x - 1, weeks / (alpha + age / 7 + weeks))
    published = (a + b + x - 1) / (a - 1) * (1 - ((alpha + age / 7) / (alpha + age / 7 + weeks)) ** (r + x) * inner)
    assert bgnbd.purchases_if_alive(PUBLISHED, x, age, np.array([weeks]))[:, 0] == pytest.approx(published, rel=1e-8)


@pytest.mark.parametrize("x", [200, 201, 500, 5_000, 50_000])
def test_alive_stays_exact_for_heavy_buyers(x: int) -> None:
    """Against exact rational-free arithmetic in logarithms of Python integers: no NaN, no 0 or 1 where the truth is between."""
    from decimal import Decimal, getcontext

    getcontext().prec = 60
    r, alpha, a, b, _ = (Decimal(repr(value)) for value in PUBLISHED)
    for recency in (3648, 3640, 3600):
        last, end = Decimal(recency) / 7, Decimal(3650) / 7
        odds = a / (b + x - 1) * ((alpha + end) / (alpha + last)) ** (r + x)
        truth = float(1 / (1 + odds))
        ours = bgnbd.alive(PUBLISHED, np.array([x]), np.array([recency]), np.array([3650]))[0]
        assert ours == pytest.approx(truth, rel=1e-9)
        assert paretonbd.alive(PARETO, np.array([x]), np.array([recency]), np.array([3650]))[0] == pytest.approx(_alive_of_pareto(x, recency, 3650), rel=1e-7)


def _alive_of_pareto(x: int, recency: int, age: int) -> float:
    """still / (still + gone), gone = s times the integral over the moment of leaving, each divided by what both share; in pieces where it falls steeply."""
    r, alpha, s, beta, _ = PARETO
    last, end = recency / 7, age / 7

    def gone(y: float) -> float:
        return float(s * np.exp(-(r + x) * np.log((alpha + y) / (alpha + last)) - (s + 1) * np.log(beta + y)))

    edges = [last, *(last + (alpha + last) * step / (r + x) for step in (0.5, 1, 2, 4, 8, 16, 40)), end]
    edges = sorted({min(edge, end) for edge in edges})
    area = sum(integrate.quad(gone, *part, epsabs=0, epsrel=1e-12, limit=400)[0] for part in pairwise(edges))
    still = float(np.exp(-(r + x) * np.log((alpha + end) / (alpha + last)) - s * np.log(beta + end)))
    return float(still / (still + area))


@pytest.mark.parametrize(("x", "recency", "age"), [(0, 0, 273), (0, 0, 3650), (1, 7, 273), (20, 250, 273), (250, 900, 1000), (400, 5, 3000)])
def test_likelihood_of_pareto_is_its_integral(x: int, recency: int, age: int) -> None:
    r, alpha, s, beta, _ = PARETO
    last, end = recency / 7, age / 7
    knee = min(last + 3 * (alpha + last) / (r + x), (last + end) / 2)

    def integrand(y: float) -> float:
        return float(np.exp(-(r + x) * np.log((alpha + y) / (alpha + last))) * (beta + y) ** -(s + 1))

    area = sum(integrate.quad(integrand, *part, epsabs=0, epsrel=1e-11, limit=400)[0] for part in ((last, knee), (knee, end)))
    still = -(r + x) * np.log(alpha + end) - s * np.log(beta + end)
    gone = np.log(s * area) - (r + x) * np.log(alpha + last)
    whole = special.gammaln(r + x) - special.gammaln(r) + r * np.log(alpha) + s * np.log(beta) + np.logaddexp(still, gone)
    ours = paretonbd.log_likelihoods(PARETO, np.array([x]), np.array([recency]), np.array([age]))[0]
    assert ours == pytest.approx(whole, rel=1e-9)


def test_value_ahead_by_hand() -> None:
    """36 months, 10 % a year, margin 0.3: the formula of the definition, month by month."""
    rows = purchasing.Histories(np.array([4, 0]), np.array([200, 0]), np.array([273, 100]), np.array([120.0, 0.0]))
    spending = gammagamma.Fitted(6.25, 3.74, 15.44, 0.0, 946)
    found = lifetime.ahead(PUBLISHED, spending, rows, lifetime.Terms(0.3))
    for number in range(2):
        one = (rows.repeats[number : number + 1], rows.age[number : number + 1])
        month = 365.25 / 12 / 7
        made = [float(bgnbd.purchases_if_alive(PUBLISHED, *one, np.array([k * month]))[0, 0]) for k in range(37)]
        value = sum((made[k] - made[k - 1]) / 1.1 ** ((k - 0.5) / 12) for k in range(1, 37))
        x, spent = rows.repeats[number], rows.spent[number]
        amount = 6.25 * (15.44 + spent) / (6.25 * x + 2.74)
        assert found.future[number] == pytest.approx(value * found.alive[number] * amount * 0.3, rel=1e-9)
        assert found.low[number] <= found.future[number] <= found.high[number]

"""What a contact changes: the published e-mail test, the Qini area by hand, and both methods where the truth is known."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from services.analytics.domain.models import uplift
from tests.bench import methods
from tests.unit.analytics.models import published


def test_the_published_email_test() -> None:
    """Hillstrom 2008: visits 18.28 and 15.14 against 10.62 %, conversions 1.253 and .884 against .573 %; all four lifts are beyond chance."""
    for arm, visits, conversions, lift, more in ((published.MENS, 0.1828, 0.01253, 0.0766, 0.00681), (published.WOMENS, 0.1514, 0.00884, 0.0452, 0.00311)):
        came = uplift.effect(*published.arms(arm, "visit"))
        assert (came.treated, came.control) == (arm.customers, 21_306)
        assert [came.rate_treated, came.rate_control, came.lift] == pytest.approx([visits, 0.1062, lift], abs=5e-5)
        bought = uplift.effect(*published.arms(arm, "conversion"))
        assert [bought.rate_treated, bought.rate_control] == pytest.approx([conversions, 0.00573], abs=5e-6)
        assert bought.lift == pytest.approx(more, abs=5e-6)
        assert came.low > 0
        assert bought.low > 0
    # 1.96 standard errors of the difference of two shares, by hand.
    p, q = 3_894 / 21_307, 2_262 / 21_306
    half = 1.959964 * (p * (1 - p) / 21_307 + q * (1 - q) / 21_306) ** 0.5
    assert uplift.effect(*published.arms(published.MENS, "visit")).low == pytest.approx(p - q - half, abs=1e-9)


def test_qini_by_hand() -> None:
    """Four customers by falling lift: contacted and answered, held back, contacted, held back and answered."""
    lift, treated, outcome = np.array([0.4, 0.3, 0.2, 0.1]), np.array([1, 0, 1, 0]), np.array([1, 0, 0, 1])
    # extra answers of each contacted one: 1/2, 1/2, 1/2, then (1 - 1 * 2/2) / 2 = 0; under them by trapezoids (1/4 + 1/2 + 1/2 + 1/4) / 4, less nothing
    curve, area = uplift.qini(lift, treated, outcome, points=4)
    assert curve == [(0.0, 0.0), (0.25, 0.5), (0.5, 0.5), (0.75, 0.5), (1.0, 0.0)]
    assert area == pytest.approx(0.375)
    assert uplift.qini(-lift, treated, outcome, points=4)[1] < 0


@pytest.mark.parametrize("method", ["two_models", "class_transformation"])
def test_both_methods_find_whom_a_contact_moves(method: str) -> None:
    random = np.random.default_rng(11)
    x = random.normal(size=(6_000, 2))
    treated = (random.random(6_000) < 0.3).astype(float)
    true = np.where(x[:, 0] > 0, 0.25, 0.0)
    outcome = (random.random(6_000) < 0.2 + treated * true).astype(float)
    found = uplift.train(method, x[:4_000], treated[:4_000], outcome[:4_000], 7).lift(x[4_000:])
    assert found[x[4_000:, 0] > 0.5].mean() > found[x[4_000:, 0] < -0.5].mean() + 0.12
    low, high = uplift.qini_interval(found, treated[4_000:], outcome[4_000:], 7)
    assert 0 < low < high
    noise = random.random(2_000)
    assert uplift.qini_interval(noise, treated[4_000:], outcome[4_000:], 7)[0] < 0.005


NUMBER = re.compile(r"-?[\d,]*\.?\d+")


def test_the_page_of_methods_is_what_is_computed(example_file: Callable[[str], Path]) -> None:
    """Every line of docs/methods.md stands there as computed now, and lies beside the published figures; RFM and cohorts are asserted elsewhere."""
    for name in ("purchases/cdnow/CDNOW_sample.txt", "churn/Telco-Customer-Churn.csv", "segmentation/Wholesale customers data.csv"):
        example_file(name)
    listed = methods.PAGE.read_text(encoding="utf-8").partition(methods.HEAD)[2].partition("\n\n")[0].splitlines()
    page = {cells[0]: cells for cells in ([cell.strip() for cell in line.strip("|").split(" | ")] for line in listed)}
    computed = [line for part in methods.PARTS if part is not methods.totals for line in part()]
    assert len(page) == len(listed) == len(computed) + 4
    for line in computed:
        _, published_there, ours_there, source = page[line.figure]
        assert (published_there, source) == (line.published, line.source)
        there, here, theirs = (_numbers(text) for text in (ours_there, line.ours, line.published))
        assert there == pytest.approx(here, rel=1e-3), line.figure
        assert here == pytest.approx(theirs, rel=0.012), line.figure
    for figure, cells in page.items():
        if figure not in {line.figure for line in computed}:
            assert _numbers(cells[2]) == pytest.approx(_numbers(cells[1]), rel=1e-4), figure


def _numbers(text: str) -> list[float]:
    return [float(one.replace(",", "")) for one in NUMBER.findall(text)]

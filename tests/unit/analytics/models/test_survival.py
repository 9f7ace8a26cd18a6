"""Survival: the Telco file's published figures, and Cox and log-rank against their definitions."""

from __future__ import annotations

import csv
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.analytics.domain.models import fit_survival, survival
from services.analytics.domain.models.fitting import Job
from services.analytics.domain.models.purchasing import NotEnoughData
from tests.unit.analytics.models import published

FILE = "churn/Telco-Customer-Churn.csv"


def _telco(path: Path) -> tuple[list[str], dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = [name for name in rows[0] if name not in {"customerID", "tenure", "Churn"}]
    columns: dict[str, Any] = {name: np.array([row[name] for row in rows], object) for name in names}
    return names, columns | {
        "duration": np.array([float(row["tenure"]) for row in rows]), "ended": np.array([float(row["Churn"] == "Yes") for row in rows]),
        "group": columns["Contract"],
    }


def test_telco(example_file: Callable[[str], Path]) -> None:
    names, columns = _telco(example_file(FILE))
    found = fit_survival.fit(Job(columns, {"attributes": names}, {}), lambda _: None)
    assert found.data["ended"] == 1869
    assert found.quality["churn"] == pytest.approx(0.26537, abs=1e-5)
    curve = survival.kaplan_meier(columns["duration"], columns["ended"])
    assert [curve.at(time) for time in (12, 24, 48, 72)] == pytest.approx([0.84320, 0.78874, 0.70884, 0.59279], abs=1e-4)
    assert found.explanation["all"]["median"] is None
    last = {one["group"]: one["curve"][-1]["lasting"] for one in found.explanation["groups"]}
    assert (last["One year"], last["Two year"]) == (pytest.approx(0.56815, abs=1e-4), pytest.approx(0.93574, abs=1e-4))
    assert found.quality["auc"] == pytest.approx(0.845, abs=0.005)
    assert len(found.quality["auc_of_folds"]) == 5
    assert found.quality["top_decile_lift"] == pytest.approx(2.85, abs=0.1)
    assert found.quality["calibration_error"] < 0.03
    assert found.explanation["log_rank"]["statistic"] == pytest.approx(2352.87, abs=0.01)
    assert found.scores is not None
    scored = [one for one in found.scores if one is not None]
    assert len(scored) == 7043 - 1869
    assert all(0 <= one["number"] <= 1 for one in scored)


def test_curve_by_hand() -> None:
    """Kaplan and Meier's own example of 1958: deaths at 0.8, 3.1, 5.4, 9.2, losses at 1.0, 2.7, 7.0, 12.1."""
    times = np.array([0.8, 1.0, 2.7, 3.1, 5.4, 7.0, 9.2, 12.1])
    curve = survival.kaplan_meier(times, np.array([1, 0, 0, 1, 1, 0, 1, 0.0]))
    assert curve.survival == pytest.approx([7 / 8, 7 / 8 * 4 / 5, 7 / 8 * 3 / 5, 7 / 8 * 3 / 5 * 1 / 2])
    assert curve.median == 9.2


def test_remission_data() -> None:
    """Published: log-rank 16.79 (Kalbfleisch and Prentice), Cox with Efron's ties 1.5721 (s.e. 0.4124), log-likelihood -85.01."""
    time, ended, placebo = published.remission()
    assert survival.log_rank(time, ended, placebo).statistic == pytest.approx(16.79, abs=0.01)
    found = survival.cox(time, ended, placebo[:, None])
    assert found.coefficients[0] == pytest.approx(1.5721, abs=1e-4)
    assert found.errors[0] == pytest.approx(0.4124, abs=1e-4)
    assert found.log_likelihood == pytest.approx(-85.0084, abs=1e-3)
    medians = [survival.kaplan_meier(time[placebo == arm], ended[placebo == arm]).median for arm in (0, 1)]
    assert medians == [23, 8]


def test_against_lifelines() -> None:
    if importlib.util.find_spec("lifelines") is None:
        pytest.skip("the package lifelines is not installed; it is a reference only")
    import pandas as pd
    from lifelines import CoxPHFitter

    time, ended, placebo = published.remission()
    theirs = CoxPHFitter().fit(pd.DataFrame({"t": time, "e": ended, "x": placebo}), "t", "e")
    assert survival.cox(time, ended, placebo[:, None]).coefficients == pytest.approx(theirs.params_.to_numpy(), rel=1e-6)


def test_what_cannot_be_told() -> None:
    with pytest.raises(NotEnoughData, match="one group only"):
        survival.log_rank(np.ones(5), np.ones(5), np.array(["a"] * 5))
    with pytest.raises(NotEnoughData, match="same for everybody"):
        survival.cox(np.arange(1, 9.0), np.ones(8), np.ones((8, 1)))
    with pytest.raises(NotEnoughData, match="without fail"):
        survival.cox(np.arange(1, 41.0), np.ones(40), np.arange(40.0)[:, None])

"""Published figures beside ours: `python -m tests.bench.methods`. Reads the example data (ECRM_EXAMPLE_DATA)."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from services.analytics.domain.models import (
    bgnbd,
    fit_groups,
    fit_survival,
    gammagamma,
    paretonbd,
    purchasing,
    survival,
)
from services.analytics.domain.models.fitting import Job
from tests.unit.analytics.models import cdnow

DATA = Path(os.environ.get("ECRM_EXAMPLE_DATA", str(Path(__file__).resolve().parents[3] / "shared" / "data")))


def purchases() -> Iterator[tuple[str, str, str]]:
    _, rows = cdnow.calibration(DATA / cdnow.FILE)
    groups = purchasing.group(rows)
    simple, pareto, spend = bgnbd.fit(groups), paretonbd.fit(groups), gammagamma.fit(rows.repeats, rows.spent)
    yield "CDNOW: customers, repeat purchases, repeaters", "2,357 2,457 946", f"{rows.size:,} {rows.repeats.sum():,} {(rows.repeats > 0).sum():,}"
    yield "BG/NBD r, alpha, a, b", ".243 4.414 .793 2.426", " ".join(f"{value:.4f}" for value in simple[:4])
    yield "BG/NBD log-likelihood", "-9582.4", f"{simple.log_likelihood:.3f}"
    yield "Pareto/NBD r, alpha, s, beta", ".553 10.578 .606 11.669", " ".join(f"{value:.4f}" for value in pareto[:4])
    yield "Pareto/NBD log-likelihood", "-9595.0", f"{pareto.log_likelihood:.3f}"
    yield "Gamma-Gamma p, q, gamma", "6.25 3.74 15.44", " ".join(f"{value:.4f}" for value in spend[:3])
    yield "Gamma-Gamma log-likelihood", "-4055.918", f"{spend.log_likelihood:.3f}"
    alive = bgnbd.alive(simple, rows.repeats, rows.recency, rows.age)
    ahead = alive * bgnbd.purchases_if_alive(simple, rows.repeats, rows.age, np.array([39.0]))[:, 0]
    yield "BG/NBD purchases of the next 39 weeks; mean P(alive)", "1653.4; .8134", f"{ahead.sum():.1f}; {alive.mean():.4f}"


def contracts() -> Iterator[tuple[str, str, str]]:
    with (DATA / "churn/Telco-Customer-Churn.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = [name for name in rows[0] if name not in {"customerID", "tenure", "Churn"}]
    columns: dict[str, Any] = {name: np.array([row[name] for row in rows], object) for name in names}
    columns |= {"duration": np.array([float(row["tenure"]) for row in rows]), "ended": np.array([float(row["Churn"] == "Yes") for row in rows])}
    curve = survival.kaplan_meier(columns["duration"], columns["ended"])
    found = fit_survival.fit(Job(columns, {"attributes": names}, {}), lambda _: None)
    yield "Telco: churn", "26.537 %", f"{found.quality['churn']:.3%}"
    yield "Kaplan-Meier S(12) S(24) S(48) S(72)", ".84320 .78874 .70884 .59279", " ".join(f"{curve.at(time):.5f}" for time in (12, 24, 48, 72))
    yield "Logistic churn, five folds: AUC (each fold)", ".845", f"{found.quality['auc']} ({' '.join(map(str, found.quality['auc_of_folds']))})"
    yield "Lift of the top tenth", "2.85", f"{found.quality['top_decile_lift']}"


def groups() -> Iterator[tuple[str, str, str]]:
    with (DATA / "segmentation/Wholesale customers data.csv").open(encoding="latin-1") as file:
        rows = list(csv.DictReader(file))
    names = ["Fresh", "Milk", "Grocery", "Frozen", "Detergents_Paper", "Delicassen"]
    columns: dict[str, Any] = {name: np.array([row[name] for row in rows], object) for name in names}
    columns["group"] = np.array([row["Channel"] for row in rows], object)
    about = {"attributes": names}
    clusters = fit_groups.clusters(Job(columns, {"method": "kmeans", "transform": "log1p", "clusters": 2}, about), lambda _: None)
    sizes = [one["customers"] for one in clusters.explanation["profiles"]]
    yield "Wholesale, k-means of 2: inertia, silhouette, sizes", "1844.06 .2903 252/188", f"{clusters.quality['inertia']} {clusters.quality['silhouette']} {sizes[0]}/{sizes[1]}"
    known = fit_groups.discriminant(Job(columns, {"method": "linear", "transform": "log1p"}, about), lambda _: None)
    yield "Linear discriminant: Wilks' lambda", ".43843", f"{known.quality['wilks_lambda']:.5f}"
    yield "Told rightly: resubstitution, leaving one out", ".91591 402/440", f"{known.quality['resubstitution']:.5f} {known.quality['leave_one_out_right']}/440"


def main() -> int:
    table = Table("figure", "published", "ours")
    for part in (purchases, contracts, groups):
        for row in part():
            table.add_row(*row)
    Console(width=150).print(table)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

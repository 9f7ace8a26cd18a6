"""Published figures beside ours: `python -m tests.bench.methods`; `--write` puts the table into docs/methods.md.

Reads the example data (ECRM_EXAMPLE_DATA).
"""

from __future__ import annotations

import asyncio
import csv
import os
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

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
    uplift,
)
from services.analytics.domain.models.fitting import Job
from tests.unit.analytics import test_example_figures as shops
from tests.unit.analytics.models import cdnow, published

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("ECRM_EXAMPLE_DATA", str(ROOT.parent / "shared" / "data")))
PAGE = ROOT / "docs" / "methods.md"
HEAD = "| figure | published | ours | source |\n|---|---|---|---|\n"


class Line(NamedTuple):
    """One row of the table."""

    figure: str
    published: str
    ours: str
    source: str


FADER = 'Fader, Hardie and Lee 2005, "Counting your customers" the easy way'
PARETO = "Schmittlein, Morrison and Colombo 1987; Fader and Hardie 2005"


def purchases() -> Iterator[Line]:
    """The CDNOW 1/10 sample."""
    _, rows = cdnow.calibration(DATA / cdnow.FILE)
    groups = purchasing.group(rows)
    simple, pareto, spend = bgnbd.fit(groups), paretonbd.fit(groups), gammagamma.fit(rows.repeats, rows.spent)
    yield Line(
        "CDNOW 1/10 sample: customers, repeat purchases, repeaters (purchases of one day count once)", "2,357 2,457 946",
        f"{rows.size:,} {rows.repeats.sum():,} {(rows.repeats > 0).sum():,}", FADER,
    )
    yield Line("BG/NBD r, α, a, b", ".243 4.414 .793 2.426", " ".join(f"{value:.4f}" for value in simple[:4]), FADER)
    yield Line("BG/NBD log-likelihood", "-9582.4", f"{simple.log_likelihood:.3f}", FADER)
    yield Line("Pareto/NBD r, α, s, β", ".553 10.578 .606 11.669", " ".join(f"{value:.4f}" for value in pareto[:4]), PARETO)
    yield Line("Pareto/NBD log-likelihood", "-9595.0", f"{pareto.log_likelihood:.3f}", PARETO)
    yield Line("Gamma-Gamma p, q, γ", "6.25 3.74 15.44", " ".join(f"{value:.4f}" for value in spend[:3]), "Fader and Hardie 2013")
    yield Line("Gamma-Gamma log-likelihood", "-4055.918", f"{spend.log_likelihood:.3f}", "Fader and Hardie 2013")
    alive = bgnbd.alive(simple, rows.repeats, rows.recency, rows.age)
    ahead = alive * bgnbd.purchases_if_alive(simple, rows.repeats, rows.age, np.array([39.0]))[:, 0]
    yield Line("BG/NBD purchases of the 39 weeks after (really 1,882); mean P(alive)", "1653.4 .8134", f"{ahead.sum():.1f} {alive.mean():.4f}", "computed apart")


def contracts() -> Iterator[Line]:
    """The Telco file, and the remission data of 1963."""
    with (DATA / "churn/Telco-Customer-Churn.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = [name for name in rows[0] if name not in {"customerID", "tenure", "Churn"}]
    columns: dict[str, Any] = {name: np.array([row[name] for row in rows], object) for name in names}
    columns |= {"duration": np.array([float(row["tenure"]) for row in rows]), "ended": np.array([float(row["Churn"] == "Yes") for row in rows])}
    curve = survival.kaplan_meier(columns["duration"], columns["ended"])
    found = fit_survival.fit(Job(columns, {"attributes": names}, {}), lambda _: None)
    yield Line("Telco: share of contracts that ended", "26.537 %", f"{100 * found.quality['churn']:.3f} %", "1,869 of 7,043")
    yield Line(
        "Kaplan-Meier S(12) S(24) S(48) S(72); the median is not reached", ".84320 .78874 .70884 .59279",
        " ".join(f"{curve.at(time):.5f}" for time in (12, 24, 48, 72)), "Kaplan and Meier 1958; computed apart",
    )
    yield Line("logistic churn model, five folds: AUC", ".845", f"{found.quality['auc']}", "computed apart, ± .005")
    yield Line("lift of the top tenth", "2.85", f"{found.quality['top_decile_lift']}", "computed apart, ± .1")
    time, ended, placebo = published.remission()
    cox = survival.cox(time, ended, placebo[:, None])
    yield Line("remission data: log-rank", "16.79", f"{survival.log_rank(time, ended, placebo).statistic:.2f}", "Freireich 1963; Kalbfleisch and Prentice 1980")
    yield Line(
        "Cox with Efron's ties: coefficient, error, log-likelihood", "1.5721 .4124 -85.008", f"{cox.coefficients[0]:.4f} {cox.errors[0]:.4f} {cox.log_likelihood:.3f}",
        "Cox 1972; Efron 1977",
    )


def groups() -> Iterator[Line]:
    """Wholesale customers."""
    with (DATA / "segmentation/Wholesale customers data.csv").open(encoding="latin-1") as file:
        rows = list(csv.DictReader(file))
    names = ["Fresh", "Milk", "Grocery", "Frozen", "Detergents_Paper", "Delicassen"]
    columns: dict[str, Any] = {name: np.array([row[name] for row in rows], object) for name in names}
    columns["group"] = np.array([row["Channel"] for row in rows], object)
    about = {"attributes": names}
    clusters = fit_groups.clusters(Job(columns, {"method": "kmeans", "transform": "log1p", "clusters": 2}, about), lambda _: None)
    sizes = [one["customers"] for one in clusters.explanation["profiles"]]
    yield Line(
        "Wholesale: k-means of 2 on z-scores of log(1 + v): inertia, silhouette, sizes", "1844.06 .2903 252 188",
        f"{clusters.quality['inertia']} {clusters.quality['silhouette']} {sizes[0]} {sizes[1]}", "MacQueen 1967; Rousseeuw 1987; computed apart",
    )
    known = fit_groups.discriminant(Job(columns, {"method": "linear", "transform": "log1p"}, about), lambda _: None)
    yield Line("linear discriminant on Channel: Wilks' lambda", ".43843", f"{known.quality['wilks_lambda']:.5f}", "Fisher 1936; Wilks 1932; computed apart")
    yield Line(
        "told rightly: resubstitution, leaving one out (of 440)", ".91591 402", f"{known.quality['resubstitution']:.5f} {known.quality['leave_one_out_right']}",
        "Lachenbruch and Mickey 1968; computed apart",
    )


def contacts() -> Iterator[Line]:
    """The e-mail test of 64,000 customers: the published counts through the arithmetic of uplift."""
    for name, arm, lifts in (("men's", published.MENS, "7.66 .681"), ("women's", published.WOMENS, "4.52 .311")):
        found = [uplift.effect(*published.arms(arm, outcome)) for outcome in ("visit", "conversion")]
        yield Line(
            f"MineThatData e-mail test, {name} mail against none: points of visits and of conversions", lifts,
            f"{100 * found[0].lift:.2f} {100 * found[1].lift:.3f}", "Hillstrom 2008 (published counts; the file itself is not read)",
        )


def totals() -> Iterator[Line]:
    """RFM and cohorts of two shops, by the warehouse's own statements."""
    with tempfile.TemporaryDirectory() as folder:
        yield from asyncio.run(_shops(Path(folder)))


async def _shops(folder: Path) -> list[Line]:
    """The cleaning rule of Online Retail: lines with a customer, an invoice not starting with C, quantity and price above 0."""
    found = []
    source = "with the data; lines with a customer, no C invoice, quantity and price above 0"
    for name, orders, as_of, currency, by_days, months in (
        ("CDNOW", shops._cdnow(DATA / cdnow.FILE), datetime(1998, 7, 1, tzinfo=UTC), "USD", True, (date(1997, 1, 1), date(1998, 7, 1))),
        ("Online Retail", shops._online_retail(DATA / "purchases/online_retail_by_day.tar.gz"), datetime(2011, 12, 10, tzinfo=UTC), "GBP", False, (date(2010, 12, 1), date(2012, 1, 1))),
    ):
        warehouse = await shops._load(folder / name, orders)
        rows = await shops._scores(warehouse, as_of, currency, by_days=by_days)
        table = await shops._cohorts(warehouse, *months)
        await warehouse.close()
        middle = [median(row[column] for row in rows) for column in (1, 2 if by_days else 3, 4)]
        first = "1997-01" if by_days else "2011-01"
        ours = f"{len(rows):,} {middle[0]:g} {middle[1]:g} {middle[2] / 100:g}"
        found.append(Line(f"{name}: customers, median R, F, M", "2,357 474 1 43.06" if by_days else "4,338 50 2 674.485", ours, "with the data" if by_days else source))
        found.append(Line(
            f"{name}: cohort {first}, customers of months 0 to 6", "781 124 95 70 65 77 65" if by_days else "417 92 111 96 134 120 103",
            " ".join(map(str, table[first][:7])), "with the data" if by_days else source,
        ))
    return found


PARTS = (purchases, contracts, groups, contacts, totals)


def main() -> int:
    lines = [line for part in PARTS for line in part()]
    table = Table(*Line._fields)
    for line in lines:
        table.add_row(*line)
    Console(width=200).print(table)
    if "--write" in sys.argv:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(HEAD)
        after = rest[rest.index("\n\n") :]
        PAGE.write_text(before + HEAD + "\n".join(f"| {' | '.join(line)} |" for line in lines) + after, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

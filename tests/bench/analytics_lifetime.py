"""Lifetime value of a million customers: group, fit and score; side by side with the package `lifetimes` (`make reference`).

CPU seconds of this process, since wall-clock time on a shared machine says little. `CUSTOMERS=100000` for less.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

# Before NumPy is loaded: one thread each, so that CPU seconds compare.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from services.analytics.domain.models import bgnbd, gammagamma, lifetime, purchasing

CUSTOMERS = int(os.environ.get("CUSTOMERS", "1000000"))
ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / ".venv-reference" / "bin" / "python"
TRUE = bgnbd.Fitted(0.243, 4.414, 0.793, 2.426, 0.0)


def made_up(customers: int) -> purchasing.Histories:
    """Customers of a CD shop as the published parameters have it, with 27 to 39 weeks behind them."""
    random = np.random.default_rng(1)
    age = random.integers(189, 274, customers)
    rate, leaving = random.gamma(TRUE.r, 1 / TRUE.alpha, customers), random.beta(TRUE.a, TRUE.b, customers)
    x, recency, now, live = np.zeros(customers, np.int64), np.zeros(customers, np.int64), np.zeros(customers), np.ones(customers, bool)
    while live.any():
        now[live] += random.exponential(1 / np.maximum(rate[live], 1e-12))
        live &= now < age / 7
        x[live] += 1
        recency[live] = (now[live] * 7).astype(np.int64)
        live &= random.random(customers) > leaving
    spent = np.where(x > 0, np.round(100 * random.gamma(6.25 * np.maximum(x, 1)) / random.gamma(3.74, 1 / 15.44, customers)), 0.0)
    return purchasing.Histories(x, recency, age, spent)


def measure(rows: purchasing.Histories) -> dict[str, float]:
    """CPU seconds of each step."""
    marks = [time.process_time()]
    groups = purchasing.group(rows)
    marks.append(time.process_time())
    model = bgnbd.fit(groups)
    marks.append(time.process_time())
    spending = gammagamma.fit(rows.repeats, rows.spent)
    marks.append(time.process_time())
    found = lifetime.ahead(model, spending, rows, lifetime.Terms(0.3))
    marks.append(time.process_time())
    assert found.future.shape == (rows.size,)
    assert np.isfinite(found.future).all()
    names = ("group", "fit_bgnbd", "fit_gammagamma", "score_with_interval")
    return dict(zip(names, np.diff(marks).tolist(), strict=True)) | {"all": marks[-1] - marks[0], "groups": float(len(groups.counts)), "r": model.r}


def reference(rows: purchasing.Histories) -> dict[str, Any]:
    """CPU seconds of `lifetimes` for the same fit, in an environment of its own, since it needs older packages than ours."""
    if not REFERENCE.exists():
        return {"skipped": "the package lifetimes is not installed: make reference"}
    with tempfile.TemporaryDirectory() as folder:
        np.savez(f"{folder}/rows.npz", repeats=rows.repeats, recency=rows.recency, age=rows.age)
        done = subprocess.run(
            [str(REFERENCE), "tests/bench/reference/fit.py", f"{folder}/rows.npz"], cwd=ROOT, capture_output=True, text=True, timeout=1800, check=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> int:
    rows = made_up(CUSTOMERS)
    results: dict[str, Any] = {"customers": CUSTOMERS, "ours": measure(rows), "lifetimes": reference(rows)}
    theirs = results["lifetimes"].get("fit_bgnbd")
    if theirs is not None:
        results["ratio"] = theirs / (results["ours"]["group"] + results["ours"]["fit_bgnbd"])
    print(json.dumps(results, indent=1))
    Path("build").mkdir(exist_ok=True)
    Path("build/bench-lifetime.json").write_text(json.dumps(results, indent=1))
    return 0 if results["ours"]["all"] < 60 and results.get("ratio", 50) >= 50 else 1


if __name__ == "__main__":
    raise SystemExit(main())

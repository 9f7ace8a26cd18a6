"""How two figures of people go together: correlation with its interval, the curve between them, and where one stands among many."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from scipy import stats

#: Fewer people than this say nothing about a relation.
FEW: Final = 10
#: Of the normal distribution, for 95 %.
_Z: Final = 1.959963984540054


def correlation(first: Sequence[float], second: Sequence[float]) -> dict[str, Any]:
    """Pearson's and Spearman's coefficient with 95 % intervals (Fisher's transformation; Spearman with Fieller's variance 1.06 / (n - 3)).

    Null with a `reason` below ten pairs, or when one of the two does not vary.
    """
    x, y = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    n = len(x)
    nothing = {"n": n, "pearson": None, "pearson_interval": None, "spearman": None, "spearman_interval": None}
    if n < FEW:
        return nothing | {"reason": "not_enough_data"}
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return nothing | {"reason": "no_variation"}
    pearson, spearman = float(stats.pearsonr(x, y).statistic), float(stats.spearmanr(x, y).statistic)
    return {
        "n": n, "pearson": pearson, "pearson_interval": _fisher(pearson, 1 / (n - 3)), "spearman": spearman,
        "spearman_interval": _fisher(spearman, 1.06 / (n - 3)), "reason": None,
    }


def _fisher(value: float, variance: float) -> list[float]:
    if abs(value) >= 1 - 1e-12:
        return [value, value]
    middle, half = math.atanh(value), _Z * math.sqrt(variance)
    return [math.tanh(middle - half), math.tanh(middle + half)]


def curve(steps: Sequence[float], values: Sequence[float]) -> list[dict[str, Any]]:
    """By the whole number nearest to each step (halves upwards): how many, mean value and its 95 % interval (Student's t; null below two)."""
    at, of = np.floor(np.asarray(steps, dtype=float) + 0.5).astype(int), np.asarray(values, dtype=float)
    found = []
    for step in np.unique(at):
        own = of[at == step]
        half = float(stats.t.ppf(0.975, len(own) - 1) * own.std(ddof=1) / math.sqrt(len(own))) if len(own) > 1 else None
        mean = float(own.mean())
        found.append({"score": int(step), "n": len(own), "mean": mean, "interval": None if half is None else [mean - half, mean + half]})
    return found


def standing(own: float | None, others: Sequence[float]) -> dict[str, Any]:
    """Mean and median of the others, and the share of them that lie below one's own (ties count half)."""
    values = np.asarray(others, dtype=float)
    values = values[~np.isnan(values)]
    if not len(values):
        return {"n": 0, "mean": None, "median": None, "share_below": None}
    below = None if own is None else float((np.count_nonzero(values < own) + np.count_nonzero(values == own) / 2) / len(values))
    return {"n": len(values), "mean": float(values.mean()), "median": float(np.median(values)), "share_below": below}

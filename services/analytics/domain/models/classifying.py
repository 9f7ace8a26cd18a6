"""Yes-or-no questions: five methods on the same columns, calibrated, tried on folds or on a later time, kept as plain arrays."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from scipy import special
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import GaussianNB

from services.analytics.domain.models.fitting import Columns, rounded
from services.analytics.domain.models.purchasing import Floats

METHODS: Final = ("logistic", "boosting", "discriminant", "bayes")
FOLDS: Final = 5
#: Boosting learns from at most so many rows.
MOST_ROWS: Final = 60_000
#: A column that tells the outcome better than this alone is not known before it.
LEAK_AUC: Final = 0.98


class Classifier(NamedTuple):
    """A fitted method: `linear` (coefficients, intercept last) or `trees`; `slope`, `offset`: calibration of its logit."""

    method: str
    linear: Floats
    trees: Columns
    slope: float = 1.0
    offset: float = 0.0

    def raw(self, x: Floats) -> Floats:
        """The logit before calibration."""
        if self.method == "boosting":
            return self._walk(x, None)
        if self.method == "bayes":
            mean, spread, prior = self.trees["mean"], self.trees["spread"], self.trees["prior"]
            each = -0.5 * (np.log(spread)[None] + (x[:, None, :] - mean[None]) ** 2 / spread[None]).sum(axis=2) + np.log(prior)[None]
            values: Floats = np.clip(each[:, 1] - each[:, 0], -30, 30)
            return values
        return np.asarray(x @ self.linear[:-1] + self.linear[-1])

    def chance(self, x: Floats) -> Floats:
        """The calibrated probability."""
        values: Floats = special.expit(self.slope * self.raw(x) + self.offset)
        return values

    def drivers(self, x: Floats) -> Floats:
        """What each column adds to the logit of each row, against the mean customer."""
        if self.method == "boosting":
            share = np.zeros_like(x)
            self._walk(x, share)
            return self.slope * share
        if self.method == "bayes":
            mean, spread = self.trees["mean"], self.trees["spread"]
            each = -0.5 * (np.log(spread)[None] + (x[:, None, :] - mean[None]) ** 2 / spread[None])
            return self.slope * (each[:, 1] - each[:, 0])
        return self.slope * (x - self.trees["middle"][None, :]) * self.linear[:-1]

    def _walk(self, x: Floats, share: Floats | None) -> Floats:
        """Down every tree; what the value changes by at each step belongs to the column asked there (Saabas 2014)."""
        total = np.full(len(x), float(self.trees["start"]))
        rows = np.arange(len(x))
        for left, right, column, cut, value in zip(*(self.trees[name] for name in ("left", "right", "column", "cut", "value")), strict=True):
            node = np.zeros(len(x), np.int64)
            while True:
                inner = left[node] >= 0
                if not inner.any():
                    break
                asked = column[node]
                following = np.where(x[rows, np.maximum(asked, 0)].astype(np.float32) <= cut[node], left[node], right[node])
                following = np.where(inner, following, node)
                if share is not None:
                    np.add.at(share, (rows[inner], asked[inner]), (value[following] - value[node])[inner])
                node = following
            total += value[node]
        return total


def train(method: str, x: Floats, y: Any, seed: int) -> Classifier:
    """Fit one of METHODS to columns `x` and outcomes `y` (0, 1)."""
    middle = {"middle": x.mean(axis=0)}
    if method == "boosting":
        if len(x) > MOST_ROWS:
            kept = np.random.default_rng(seed).permutation(len(x))[:MOST_ROWS]
            x, y = x[kept], y[kept]
        forest = GradientBoostingClassifier(
            n_estimators=80, max_depth=3, learning_rate=0.1, subsample=0.7, min_samples_leaf=max(5, len(x) // 500), random_state=seed
        ).fit(x, y)
        return Classifier(method, np.zeros(0), _arrays(forest, float(np.mean(y))))
    if method == "discriminant":
        found = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(x, y)
        return Classifier(method, np.r_[found.coef_[0], found.intercept_[0]], middle)
    if method == "bayes":
        naive = GaussianNB(var_smoothing=1e-3).fit(x, y)
        return Classifier(method, np.zeros(0), {"mean": naive.theta_, "spread": naive.var_, "prior": naive.class_prior_})
    logistic = LogisticRegression(C=1.0, max_iter=500).fit(x, y)
    return Classifier(method, np.r_[logistic.coef_[0], logistic.intercept_[0]], middle)


def _arrays(forest: Any, base: float) -> Columns:
    """The trees as rectangular arrays; the value of an inner node is the mean of its leaves."""
    trees = [one[0].tree_ for one in forest.estimators_]
    size = max(tree.node_count for tree in trees)
    shape = (len(trees), size)
    kept = {"left": np.full(shape, -1), "right": np.full(shape, -1), "column": np.full(shape, -2), "cut": np.zeros(shape), "value": np.zeros(shape)}
    for place, tree in enumerate(trees):
        count = tree.node_count
        kept["left"][place, :count], kept["right"][place, :count] = tree.children_left, tree.children_right
        kept["column"][place, :count], kept["cut"][place, :count] = tree.feature, tree.threshold
        value = tree.value[:, 0, 0] * forest.learning_rate
        weight = tree.weighted_n_node_samples
        for node in range(count - 1, -1, -1):
            low, high = tree.children_left[node], tree.children_right[node]
            if low >= 0:
                value[node] = (value[low] * weight[low] + value[high] * weight[high]) / (weight[low] + weight[high])
        kept["value"][place, :count] = value
    return {**kept, "start": np.array(special.logit(base))}


def calibrate(found: Classifier, raw: Floats, y: Any) -> Classifier:
    """Platt's calibration (1999) on logits of rows that it was not trained with."""
    fitted = LogisticRegression(C=1e6, max_iter=500).fit(raw[:, None], y)
    slope = float(fitted.coef_[0, 0])
    return found if slope <= 0 else found._replace(slope=slope, offset=float(fitted.intercept_[0]))


def out_of_fold(method: str, x: Floats, y: Any, seed: int) -> tuple[Floats, list[float]]:
    """(logits of each row by a model that has not seen it, AUC of each fold)."""
    raw, areas = np.zeros(len(y)), []
    for learn, check in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(x, y):
        raw[check] = train(method, x[learn], y[learn], seed).raw(x[check])
        areas.append(float(roc_auc_score(y[check], raw[check])))
    return raw, areas


def quality(chance: Floats, y: Any) -> dict[str, Any]:
    """AUC, Brier score, log loss, lift of the top tenth, and how far probabilities and shares lie apart (by tenths)."""
    order = np.argsort(-chance, kind="stable")
    top = max(1, len(y) // 10)
    tenths = [part for part in np.array_split(order[::-1], 10) if len(part)]
    table = [{"expected": rounded(chance[part].mean(), 4), "observed": rounded(np.mean(y[part]), 4), "customers": len(part)} for part in tenths]
    apart = sum(len(part) * abs(float(chance[part].mean()) - float(np.mean(y[part]))) for part in tenths) / len(y)
    return {
        "auc": rounded(roc_auc_score(y, chance), 4), "brier": rounded(brier_score_loss(y, chance), 5), "log_loss": rounded(log_loss(y, chance), 5),
        "top_decile_lift": rounded(float(np.mean(y[order[:top]])) / max(float(np.mean(y)), 1e-12), 3), "calibration_error": rounded(apart, 4),
        "calibration": table, "customers": len(y), "share": rounded(np.mean(y), 5),
    }


def leaking(x: Floats, y: Any, titles: tuple[str, ...]) -> list[str]:
    """Columns that tell the outcome alone: they were most likely only known after it."""
    found = []
    for place, title in enumerate(titles):
        if len(np.unique(x[:, place])) > 1:
            area = float(roc_auc_score(y, x[:, place]))
            if max(area, 1 - area) > LEAK_AUC:
                found.append(title)
    return found


def reasons(drivers: Floats, titles: tuple[str, ...], most: int = 3) -> list[list[str]]:
    """For each row what moves it furthest from the mean customer, in words."""
    strongest = np.argsort(-np.abs(drivers), axis=1, kind="stable")[:, :most]
    return [
        [f"{titles[place]} {'raises' if row[place] > 0 else 'lowers'} it ({row[place]:+.2f})" for place in places if abs(row[place]) >= 0.01]
        for row, places in zip(drivers, strongest, strict=True)
    ]


def kept(found: Classifier, prefix: str = "") -> Columns:
    """The classifier as arrays."""
    return {
        f"{prefix}method": np.array(found.method), f"{prefix}linear": found.linear, f"{prefix}calibration": np.array([found.slope, found.offset]),
        **{f"{prefix}tree_{name}": values for name, values in found.trees.items()},
    }


def read(arrays: Columns, prefix: str = "") -> Classifier:
    """Back from arrays."""
    slope, offset = arrays[f"{prefix}calibration"].tolist()
    start = f"{prefix}tree_"
    trees = {name.removeprefix(start): values for name, values in arrays.items() if name.startswith(start)}
    return Classifier(str(arrays[f"{prefix}method"]), arrays[f"{prefix}linear"], trees, slope, offset)

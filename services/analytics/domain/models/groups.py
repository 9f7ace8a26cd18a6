"""Groups that are not known (k-means, Gaussian mixture) and groups that are (linear discriminant, Wilks' lambda, leave-one-out).

MacQueen 1967; Rousseeuw 1987 (silhouette); Schwarz 1978 (BIC); Fisher 1936; Wilks 1932; Lachenbruch and Mickey 1968.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from scipy import linalg, stats
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from sklearn.mixture import GaussianMixture

from services.analytics.domain.models.purchasing import Floats, NotEnoughData

#: Silhouettes are reckoned on at most so many rows.
_SAMPLE: Final = 5_000
_MOST: Final = 8


class Clusters(NamedTuple):
    """Centres in the columns as given, the cluster of each row (the largest is 0), and how each number of clusters did."""

    centres: Floats
    labels: Any
    silhouette: float
    inertia: float
    tried: list[dict[str, Any]]


def cluster(method: str, x: Floats, count: int | None, seed: int) -> Clusters:
    """Without `count` the number with the best silhouette (k-means) or the lowest BIC (mixture) of 2 to 8. Same seed, same groups."""
    sample = np.random.default_rng(seed).permutation(len(x))[:_SAMPLE]
    tried, best = [], None
    for number in (count,) if count is not None else range(2, min(_MOST, len(np.unique(x, axis=0)) - 1) + 1):
        labels, centres, inertia, criterion = _fitted(method, x, number, seed)
        mean = float(silhouette_score(x[sample], labels[sample])) if 1 < len(np.unique(labels[sample])) < len(sample) else -1.0
        tried.append({"clusters": number, "silhouette": round(mean, 4), "inertia": round(inertia, 2), **({"bic": round(criterion, 1)} if method == "gaussian_mixture" else {})})
        merit = -criterion if method == "gaussian_mixture" else mean
        if best is None or merit > best[0]:
            best = (merit, labels, centres, mean, inertia)
    if best is None:
        raise NotEnoughData("not enough data: the customers hardly differ")
    _, labels, centres, mean, inertia = best
    order = np.argsort(-np.bincount(labels, minlength=len(centres)), kind="stable")
    return Clusters(centres[order], np.argsort(order)[labels], mean, inertia, tried)


def _fitted(method: str, x: Floats, number: int, seed: int) -> tuple[Any, Floats, float, float]:
    if method == "gaussian_mixture":
        mixture = GaussianMixture(number, random_state=seed, n_init=3, reg_covar=1e-4).fit(x)
        labels = mixture.predict(x)
        return labels, mixture.means_, float(((x - mixture.means_[labels]) ** 2).sum()), float(mixture.bic(x))
    found = KMeans(number, n_init=10, random_state=seed).fit(x)
    return found.labels_, found.cluster_centers_, float(found.inertia_), 0.0


class Discriminant(NamedTuple):
    """Linear functions of the groups (rows) with their constants; `lambda_`: Wilks; `resubstitution`, `leave_one_out`: share told rightly."""

    words: tuple[str, ...]
    functions: Floats
    constants: Floats
    lambda_: float
    f: float
    freedom: tuple[float, float]
    p: float
    resubstitution: float
    leave_one_out: int
    confusion: Any

    def chances(self, x: Floats) -> Floats:
        """The probability of each group (columns)."""
        score = x @ self.functions.T + self.constants
        score = np.exp(score - score.max(axis=1, keepdims=True))
        probabilities: Floats = score / score.sum(axis=1, keepdims=True)
        return probabilities


def discriminate(x: Floats, group: Any) -> Discriminant:
    """Linear discriminant functions with priors as in the data. Raises NotEnoughData."""
    words, codes = np.unique(group, return_inverse=True)
    counts = np.bincount(codes)
    size, width, kinds = len(x), x.shape[1], len(words)
    if kinds < 2 or counts.min() <= 2 or size <= width + kinds:
        raise NotEnoughData("not enough data: two groups are needed, each of three customers or more, and more customers than attributes")
    means = np.array([x[codes == kind].mean(axis=0) for kind in range(kinds)])
    apart = x - means[codes]
    within = apart.T @ apart
    whole = (x - x.mean(axis=0)).T @ (x - x.mean(axis=0))
    try:
        inverse = linalg.inv(within / (size - kinds))
    except linalg.LinAlgError:
        raise NotEnoughData("the attributes say the same twice: leave one out") from None
    functions = means @ inverse
    constants = -0.5 * (functions * means).sum(axis=1) + np.log(counts / size)
    told = (x @ functions.T + constants).argmax(axis=1)
    ratio = float(np.exp(np.linalg.slogdet(within)[1] - np.linalg.slogdet(whole)[1]))
    f, freedom, p = _rao(ratio, size, width, kinds)
    confusion = np.zeros((kinds, kinds), np.int64)
    left_out = _leave_one_out(x, codes, means, within, counts)
    np.add.at(confusion, (codes, left_out), 1)
    return Discriminant(
        tuple(map(str, words)), functions, constants, ratio, f, freedom, p, float((told == codes).mean()), int((left_out == codes).sum()), confusion
    )


def _rao(ratio: float, size: int, width: int, kinds: int) -> tuple[float, tuple[float, float], float]:
    """Rao's F of Wilks' lambda (1951); exact for two groups."""
    between = kinds - 1
    bottom = width**2 + between**2 - 5
    root = np.sqrt((width**2 * between**2 - 4) / bottom) if bottom > 0 else 1.0
    first = float(width * between)
    second = float((size - 1 - (width + kinds) / 2) * root - (first - 2) / 2)
    power = ratio ** (1 / root)
    f = (1 - power) / power * second / first
    return float(f), (first, second), float(stats.f.sf(f, first, second))


def _leave_one_out(x: Floats, codes: Any, means: Floats, within: Floats, counts: Any) -> Any:
    """The group each row is told to belong to by functions that have not seen it (rank-one updates; Lachenbruch and Mickey 1968).

    Priors, means and the pooled covariance are those of the other rows.
    """
    size, kinds = len(x), len(counts)
    inverse = linalg.inv(within)
    own = counts[codes]
    factor = own / (own - 1)
    apart = x - means[codes]
    turned = apart @ inverse
    length = (turned * apart).sum(axis=1)
    scale = factor / (1 - factor * length)
    freedom = size - 1 - kinds
    scores = np.empty((size, kinds))
    for kind in range(kinds):
        mine = codes == kind
        centre = np.broadcast_to(means[kind], x.shape).copy()
        centre[mine] = (means[kind] * counts[kind] - x[mine]) / (counts[kind] - 1)
        away = x - centre
        side = (turned * away).sum(axis=1)
        distance = ((away @ inverse) * away).sum(axis=1) + scale * side**2
        prior = (counts[kind] - mine) / (size - 1)
        scores[:, kind] = -0.5 * freedom * distance + np.log(prior)
    return scores.argmax(axis=1)

"""Fit clusters with profiles in words, and discriminant functions for known groups."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.metrics import silhouette_score

from services.analytics.domain.models import encoding, groups
from services.analytics.domain.models.fitting import Job, Result, Say, compared, need, numbers, rounded
from services.analytics.domain.models.purchasing import Floats, NotEnoughData


def clusters(job: Job, say: Say) -> Result:
    """Columns: attributes. Customers with a gap are left out."""
    x, used, titles, spec = _matrix(job)
    need(int(used.sum()), 30, "customers have all attributes")
    seed, method = int(job.options.get("seed", 7)), job.options["method"]
    found = groups.cluster(method, x, job.options.get("clusters"), seed)
    say(0.7)
    sizes = np.bincount(found.labels, minlength=len(found.centres))
    profiles = [
        {"cluster": place + 1, "customers": int(sizes[place]), "share": rounded(sizes[place] / len(x), 4), "words": _words(centre, titles),
         "means": {title: rounded(value, 4) for title, value in zip(titles, centre, strict=True)}}
        for place, centre in enumerate(found.centres)
    ]
    old = None
    if job.previous is not None and list(job.previous["columns"]) == list(titles):
        nearest = ((x[:, None, :] - job.previous["centres"][None]) ** 2).sum(axis=2).argmin(axis=1)
        old = float(silhouette_score(x[:5000], nearest[:5000])) if len(np.unique(nearest[:5000])) > 1 else -1.0
    return Result(
        {"kmeans": "k-means of ten starts", "gaussian_mixture": "Gaussian mixture of three starts"}[method], "MacQueen 1967; Rousseeuw 1987; Schwarz 1978",
        {"customers": len(x), "left_out": int((~used).sum()), "attributes": list(titles), "transform": job.options.get("transform", "none"), "seed": seed},
        {"silhouette": rounded(found.silhouette, 4), "inertia": rounded(found.inertia, 2), "tried": found.tried},
        {"profiles": profiles}, {"centres": found.centres, "columns": np.array(titles), "spec": spec},
        compared("mean silhouette", found.silhouette, old, higher=True), _labels(used, found, x, profiles),
    )


def _matrix(job: Job) -> tuple[Floats, Any, tuple[str, ...], Any]:
    """Standardised attributes (after log(1 + v) when asked) of the customers who have them all."""
    names = list(job.about["attributes"])
    columns = dict(job.columns)
    numeric = {}
    for name in names:
        figures = numbers(columns[name])
        texts = encoding.as_texts(columns[name])
        if np.isfinite(figures).sum() >= 0.95 * max(1, int((texts != "").sum())):
            numeric[name] = np.log1p(np.maximum(figures, 0)) if job.options.get("transform") == "log1p" else figures
    used = np.ones(job.size, bool)
    for name in names:
        used &= np.isfinite(numeric[name]) if name in numeric else encoding.as_texts(columns[name]) != ""
    if not used.any():
        raise NotEnoughData("not enough data: nobody has all attributes")
    parts, titles, spec = [], [], []
    for name in names:
        if name in numeric:
            own = numeric[name][used]
            middle, spread = float(own.mean()), float(own.std())
            if spread:
                parts.append((own - middle) / spread)
                titles.append(name)
                spec.append([name, middle, spread])
        else:
            texts = encoding.as_texts(columns[name])[used]
            for word in np.unique(texts)[1:20]:
                parts.append((texts == word).astype(float))
                titles.append(f"{name} = {word}")
    if not parts:
        raise NotEnoughData("not enough data: the customers do not differ")
    return np.column_stack(parts), used, tuple(titles), np.array(json.dumps(spec))


def _words(centre: Floats, titles: tuple[str, ...]) -> str:
    """What stands out in a cluster, against everybody."""
    told: list[str] = []
    for place in np.argsort(-np.abs(centre)):
        size = abs(centre[place])
        if size >= 0.25 and len(told) < 4:
            told.append(f"{'much ' if size > 1 else ''}{'higher' if centre[place] > 0 else 'lower'} {titles[place].removeprefix('trait:')}")
    return ", ".join(told) or "near the mean in everything"


def _labels(used: Any, found: groups.Clusters, x: Floats, profiles: list[dict[str, Any]]) -> Iterator[dict[str, Any] | None]:
    rows = iter(range(len(x)))
    for here in used:
        if not here:
            yield None
            continue
        row = next(rows)
        label = int(found.labels[row])
        distance = float(np.sqrt(((x[row] - found.centres[label]) ** 2).sum()))
        yield {"value": str(label + 1), "number": label + 1, "parts": {"distance": round(distance, 4), "reasons": [profiles[label]["words"]]}}


def discriminant(job: Job, say: Say) -> Result:
    """Columns: attributes and group; who has no group yet is classified."""
    x, used, titles, spec = _matrix(job)
    group = encoding.as_texts(job.columns["group"])[used]
    known = group != ""
    need(int(known.sum()), 20, "customers have a known group")
    found = groups.discriminate(x[known], group[known])
    say(0.7)
    chances = found.chances(x)
    size = int(known.sum())
    return Result(
        "linear discriminant functions, priors as in the data", "Fisher 1936; Wilks 1932; Rao 1951; Lachenbruch and Mickey 1968",
        {"customers": size, "to_classify": int((~known).sum()), "left_out": int((~used).sum()), "groups": {word: int((group == word).sum()) for word in found.words}},
        {
            "wilks_lambda": rounded(found.lambda_), "f": rounded(found.f, 4), "freedom": found.freedom, "p": rounded(found.p, 10),
            "resubstitution": rounded(found.resubstitution), "leave_one_out": rounded(found.leave_one_out / size), "leave_one_out_right": found.leave_one_out,
            "error_rate": rounded(1 - found.leave_one_out / size), "confusion": {word: row.tolist() for word, row in zip(found.words, found.confusion, strict=True)},
        },
        {
            "functions": [
                {"group": word, "constant": rounded(constant, 5), "coefficients": {title: rounded(value, 5) for title, value in zip(titles, row, strict=True)}}
                for word, row, constant in zip(found.words, found.functions, found.constants, strict=True)
            ],
        },
        {"functions": found.functions, "constants": found.constants, "words": np.array(found.words), "columns": np.array(titles), "spec": spec},
        compared("share told rightly, leaving one out", found.leave_one_out / size, None, higher=True), _told(used, group, found, chances),
    )


def _told(used: Any, group: Any, found: groups.Discriminant, chances: Floats) -> Iterator[dict[str, Any] | None]:
    rows = iter(range(len(chances)))
    for here in used:
        if not here:
            yield None
            continue
        row = next(rows)
        best = int(chances[row].argmax())
        word = found.words[best]
        yield {
            "value": word, "number": round(float(chances[row, best]), 5),
            "parts": {
                "probabilities": {name: round(float(value), 5) for name, value in zip(found.words, chances[row], strict=True)}, "known": str(group[row]) or None,
                "reasons": [f"most like {word} ({chances[row, best]:.0%})"],
            },
        }

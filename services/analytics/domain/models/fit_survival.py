"""Fit contract lives: the curve of all and of groups, what shortens them, and who will end soon."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from services.analytics.domain.models import classifying, encoding, survival
from services.analytics.domain.models.fitting import (
    LEAST_CASES,
    Job,
    Result,
    Say,
    compared,
    need,
    numbers,
    rounded,
    short,
)
from services.analytics.domain.models.purchasing import Floats, NotEnoughData

#: Points in time that are listed, as shares of the longest duration.
_POINTS: Final = 12


def fit(job: Job, say: Say) -> Result:
    """Columns: duration, ended (0, 1), perhaps group, and attributes. Raises NotEnoughData."""
    duration, ended = numbers(job.columns["duration"]), numbers(job.columns["ended"])
    used = np.isfinite(duration) & np.isfinite(ended) & (duration >= 0)
    duration, ended = duration[used], ended[used]
    need(int((ended == 1).sum()), LEAST_CASES, "contracts have ended")
    need(int((ended == 0).sum()), LEAST_CASES, "contracts are in force")
    curve = survival.kaplan_meier(duration, ended)
    explanation: dict[str, Any] = {"all": _told(curve, duration), "groups": [], "log_rank": None, "hazard_ratios": []}
    if "group" in job.columns:
        explanation |= _groups(duration, ended, encoding.as_texts(job.columns["group"][used]))
    say(0.3)
    names = list(job.options.get("attributes", ()))
    quality: dict[str, Any] = {"churn": rounded(ended.mean(), 5)}
    artefact: dict[str, Any] = {"times": curve.times, "survival": curve.survival}
    area, cox, x = None, None, np.zeros((len(duration), 0))
    if names:
        columns = {name: job.columns[name][used] for name in names}
        encoder = encoding.learn(columns, names, logged=False)
        x = _independent(encoder, columns)
        titles = tuple(title for title, keep in zip(encoder.columns, _varied(encoder.encode(columns)), strict=True) if keep)
        cox = survival.cox(duration, ended, x)
        with np.errstate(over="ignore"):
            explanation["hazard_ratios"] = _ratios(cox, titles)
        say(0.6)
        # Who has ended is told from how long they have been there as well, as the usual churn model does.
        both = np.column_stack([x, (duration - duration.mean()) / (duration.std() or 1.0)])
        raw, areas = classifying.out_of_fold("logistic", both, ended, int(job.options.get("seed", 7)))
        chance = classifying.calibrate(classifying.Classifier("logistic", np.zeros(0), {}), raw, ended)
        area = float(np.mean(areas))
        quality |= {
            "concordance": rounded(cox.concordance, 4), "auc": rounded(area, 4), "auc_of_folds": [rounded(one, 4) for one in areas],
            **{name: value for name, value in classifying.quality(1 / (1 + np.exp(-chance.slope * raw - chance.offset)), ended).items() if name != "auc"},
            "log_likelihood": rounded(cox.log_likelihood, 3), "log_likelihood_without": rounded(cox.null_log_likelihood, 3),
        }
        artefact |= {"coefficients": cox.coefficients, "columns": np.array(titles), "auc": np.array(area)}
    say(0.8)
    before = None if job.previous is None or "auc" not in job.previous else float(job.previous["auc"])
    return Result(
        "Kaplan-Meier, log-rank test, Cox regression with Efron's ties; logistic regression with five folds",
        "Kaplan and Meier 1958; Mantel 1966; Cox 1972; Efron 1977",
        {"contracts": len(duration), "ended": int(ended.sum()), "left_out": int((~used).sum())},
        quality, explanation, artefact, compared("AUC over five folds", float("nan") if area is None else area, before, higher=True),
        _scores(used, duration, ended, curve, cox, x),
    )


def _ratios(cox: survival.Cox, titles: tuple[str, ...]) -> list[dict[str, Any]]:
    """What multiplies the risk to end, the surest first."""
    return [
        {
            "attribute": titles[place], "hazard_ratio": rounded(np.exp(cox.coefficients[place]), 4), "p": rounded(cox.p[place], 6),
            "low": rounded(np.exp(cox.coefficients[place] - 1.96 * cox.errors[place]), 4),
            "high": rounded(np.exp(cox.coefficients[place] + 1.96 * cox.errors[place]), 4),
        }
        for place in np.argsort(-np.abs(cox.coefficients / cox.errors))
    ]


def _told(curve: survival.Curve, duration: Floats) -> dict[str, Any]:
    points = np.unique(np.round(np.linspace(0, duration.max(), _POINTS + 1)[1:]))
    return {
        "customers": len(duration), "median": curve.median, "ended": int(curve.events.sum()),
        "curve": [{"after": float(point), "lasting": rounded(curve.at(point), 6)} for point in points],
    }


def _groups(duration: Floats, ended: Floats, group: Any) -> dict[str, Any]:
    words, counts = np.unique(group, return_counts=True)
    kept = words[counts >= 5][:20]
    own = np.isin(group, kept)
    listed = []
    for word in kept:
        place = group == word
        listed.append({"group": str(word), **_told(survival.kaplan_meier(duration[place], ended[place]), duration[place])})
    try:
        test = survival.log_rank(duration[own], ended[own], group[own])
    except NotEnoughData as reason:
        return {"groups": listed, "log_rank": {"reason": str(reason)}}
    return {"groups": listed, "log_rank": {"statistic": rounded(test.statistic, 4), "freedom": test.freedom, "p": rounded(test.p, 10)}}


def _varied(x: Floats) -> Any:
    """Columns that add something to those before them: words of two attributes may say the same."""
    keep = np.zeros(x.shape[1], bool)
    chosen: list[Floats] = []
    for place in range(x.shape[1]):
        column = x[:, place] - x[:, place].mean()
        rest = column.copy()
        for other in chosen:
            rest -= (rest @ other) * other
        length = np.linalg.norm(rest)
        if length > 1e-2 * max(1.0, float(np.linalg.norm(column))) and np.linalg.norm(column) > 0:
            keep[place] = True
            chosen.append(rest / length)
    return keep


def _independent(encoder: encoding.Encoder, columns: dict[str, Any]) -> Floats:
    x = encoder.encode(columns)
    independent: Floats = x[:, _varied(x)]
    return independent


def _scores(
    used: Any, duration: Floats, ended: Floats, curve: survival.Curve, cox: survival.Cox | None, x: Floats
) -> Iterator[dict[str, Any] | None]:
    """The probability that a contract in force ends within as long again as a sixth of the longest, given that it lasts until now."""
    ahead = max(1.0, float(np.round(duration.max() / 6)))
    if cox is None:
        now = np.array([curve.at(time) for time in duration])
        then = np.array([curve.at(time + ahead) for time in duration])
        chance = np.where(now > 0, 1 - then / np.maximum(now, 1e-12), 1.0)
    else:
        hazard = np.r_[0.0, cox.hazard]
        place, later = (np.searchsorted(cox.times, duration + shift, side="right") for shift in (0.0, ahead))
        chance = -np.expm1(-(hazard[later] - hazard[place]) * np.exp(x @ cox.coefficients))
    rows = iter(range(len(duration)))
    for here in used:
        if not here:
            yield None
            continue
        row = next(rows)
        if ended[row]:
            yield None
            continue
        yield {
            "value": short(float(chance[row])), "number": round(float(chance[row]), 5),
            "parts": {"ends_within": ahead, "lasted": float(duration[row]), "reasons": [f"has lasted {duration[row]:g}, contracts in force then end within {ahead:g} more with {chance[row]:.0%}"]},
        }

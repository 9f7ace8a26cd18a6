"""Fit who buys no more, who accepts an offer, and whom a contact changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from sklearn.model_selection import StratifiedKFold

from services.analytics.domain.models import bgnbd, classifying, encoding, purchasing, uplift
from services.analytics.domain.models.fitting import (
    LEAST_CASES,
    Columns,
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

_SOURCE: Final = "Platt 1999 (calibration); Friedman 2001 (boosting); Saabas 2014 (reasons)"


def churn(job: Job, say: Say) -> Result:
    """Columns: stage (0 train, 1 validate, 2 now), outcome (1: did not buy within the horizon; NaN now), attributes.

    Learnt from one moment, judged on a later one, fitted again on the later one for the scores of today.
    """
    stage, outcome = job.columns["stage"].astype(int), numbers(job.columns["outcome"])
    first, later, today = (stage == number for number in range(3))
    for part, what in ((first, "the earlier period"), (later, "the later period")):
        need(int((outcome[part] == 1).sum()), LEAST_CASES, f"customers stayed away in {what}")
        need(int((outcome[part] == 0).sum()), LEAST_CASES, f"customers bought again in {what}")
    names = list(job.about["attributes"])
    encoder = encoding.learn({name: job.columns[name][first | later] for name in names}, names)
    x = encoder.encode({name: job.columns[name] for name in names})
    seed = int(job.options.get("seed", 7))
    asked = job.options["method"]
    tried: dict[str, tuple[float, classifying.Classifier]] = {}
    for method in ("logistic", "boosting") if asked == "best" else (asked,):
        raw, _ = classifying.out_of_fold(method, x[first], outcome[first], seed)
        found = classifying.calibrate(classifying.train(method, x[first], outcome[first], seed), raw, outcome[first])
        tried[method] = (float(classifying.quality(found.chance(x[later]), outcome[later])["log_loss"]), found)
        say(0.2 + 0.2 * len(tried))
    best = min(tried, key=lambda method: tried[method][0])
    judged = classifying.quality(tried[best][1].chance(x[later]), outcome[later])
    raw, _ = classifying.out_of_fold(best, x[later], outcome[later], seed)
    final = classifying.calibrate(classifying.train(best, x[later], outcome[later], seed), raw, outcome[later])
    say(0.8)
    old = _old_loss(job, x[later], outcome[later], encoder)
    quality = {
        **judged, "validated": "on a later period than it was learnt from", "methods": {name: {"log_loss": rounded(loss)} for name, (loss, _) in tried.items()},
        "alive_auc": _alive_auc(job, later, outcome),
    }
    return Result(
        f"{best} of {len(encoder.columns)} columns, calibrated", _SOURCE,
        {"customers": int(today.sum()), "learnt_from": int(first.sum()), "validated_on": int(later.sum()), "horizon_days": job.about["horizon_days"],
         "moments": job.about["moments"]},
        quality, {"drivers": _drivers(final, x[later], encoder.columns)}, _artefact(final, encoder),
        compared("log loss on the later period", float(judged["log_loss"]), old, higher=False),
        _chances(stage == 2, final, x, encoder.columns, {"horizon_days": job.about["horizon_days"]}),
    )


def _alive_auc(job: Job, part: Any, outcome: Floats) -> float | None:
    """How well P(alive) of BG/NBD alone tells who stays away, for comparison."""
    columns = {name: numbers(job.columns[name][part]) for name in ("purchase_days", "recency_days", "age_days")}
    age = np.nan_to_num(columns["age_days"]).astype(np.int64)
    rows = purchasing.Histories(
        np.maximum(columns["purchase_days"] - 1, 0).astype(np.int64), np.clip(age - np.nan_to_num(columns["recency_days"]).astype(np.int64), 0, age), age,
        np.zeros(len(age)),
    )
    try:
        model = bgnbd.fit(purchasing.group(rows))
    except NotEnoughData:
        return None
    gone = 1 - bgnbd.alive(model, rows.repeats, rows.recency, rows.age) * np.minimum(
        1.0, bgnbd.purchases_if_alive(model, rows.repeats, rows.age, np.array([job.about["horizon_days"] / purchasing.WEEK]))[:, 0]
    )
    found: float | None = classifying.quality(np.clip(gone, 1e-6, 1 - 1e-6), outcome[part])["auc"]
    return found


def propensity(job: Job, say: Say) -> Result:
    """Columns: outcome (NaN: to be scored only), attributes. Columns that tell the outcome alone are taken out, with a warning."""
    outcome = numbers(job.columns["outcome"])
    known = np.isfinite(outcome)
    need(int((outcome[known] == 1).sum()), LEAST_CASES, "customers accepted")
    need(int((outcome[known] == 0).sum()), LEAST_CASES, "customers did not accept")
    names, seed = list(job.about["attributes"]), int(job.options.get("seed", 7))
    encoder, leaks = _without_leaks(job.columns, names, known, outcome)
    x, y = encoder.encode({one.name: job.columns[one.name] for one in encoder.attributes}), outcome[known]
    say(0.2)
    asked, tried = job.options["method"], {}
    for method in classifying.METHODS if asked == "best" else (asked,):
        tried[method] = _judged(method, x[known], y, seed)
        say(0.2 + 0.15 * len(tried))
    best = min(tried, key=lambda method: tried[method][0]["log_loss"])
    judged, final = tried[best]
    before = _recipe(job, known)
    old = None if before is None else float(_judged(before[0], before[1], y, seed)[0]["log_loss"])
    spread = np.array(judged["auc_of_folds"])
    half = 1.96 * float(spread.std(ddof=1)) / np.sqrt(len(spread))
    methods = {name: {key: value[key] for key in ("auc", "brier", "log_loss", "top_decile_lift", "calibration_error")} for name, (value, _) in tried.items()}
    return Result(
        f"{best} of {len(encoder.columns)} columns, calibrated", _SOURCE,
        {"customers": len(y), "accepted": int(y.sum()), "basis": job.about["basis"]},
        {**judged, "auc_low": rounded(spread.mean() - half, 4), "auc_high": rounded(spread.mean() + half, 4), "methods": methods},
        {
            "drivers": _drivers(final, x[known], encoder.columns),
            "leakage": [{"attribute": name, "warning": "tells the outcome by itself, so it was most likely only known after it; left out"} for name in leaks] + [
                {"attribute": name, "warning": f"changed after the contact of {count} customers; counted as missing for them"}
                for name, count in job.about.get("changed_later", {}).items()
            ],
        },
        _artefact(final, encoder), compared("log loss over five folds", float(judged["log_loss"]), old, higher=False),
        _chances(np.ones(len(outcome), bool), final, x, encoder.columns, {"basis": job.about["basis"]}),
    )


def _without_leaks(columns: Columns, names: list[str], known: Any, outcome: Floats) -> tuple[encoding.Encoder, list[str]]:
    encoder = encoding.learn({name: columns[name][known] for name in names}, names)
    if not encoder.columns:
        raise NotEnoughData("not enough data: every attribute is the same for everybody")
    x = encoder.encode({name: columns[name][known] for name in names})
    told = classifying.leaking(x, outcome[known], encoder.columns)
    leaks = [name for name in names if any(title == name or title.startswith((f"{name} = ", f"{name} is missing")) for title in told)]
    if not leaks:
        return encoder, []
    rest = [name for name in names if name not in leaks]
    if not rest:
        raise NotEnoughData(f"every attribute tells the outcome by itself ({', '.join(leaks)}): they were most likely only known after it")
    return encoding.learn({name: columns[name][known] for name in rest}, rest), leaks


def lift(job: Job, say: Say) -> Result:
    """Columns: treated (0, 1; NaN: to be scored only), outcome, attributes."""
    treated, outcome = numbers(job.columns["treated"]), numbers(job.columns["outcome"])
    known = np.isfinite(treated) & np.isfinite(outcome)
    arm, y = treated[known], outcome[known]
    for side, what in ((1, "contacted"), (0, "held back")):
        need(int((arm == side).sum()), 4 * LEAST_CASES, f"customers were {what}")
        need(int(y[arm == side].sum()), LEAST_CASES // 2, f"customers answered of those {what}")
    names, seed = list(job.about["attributes"]), int(job.options.get("seed", 7))
    encoder = encoding.learn({name: job.columns[name][known] for name in names}, names)
    x = encoder.encode({name: job.columns[name] for name in names})
    whole, asked = uplift.effect(arm, y), job.options["method"]
    tried: dict[str, tuple[float, Floats]] = {}
    for method in ("two_models", "class_transformation") if asked == "best" else (asked,):
        guessed = _cross_fitted(method, x[known], arm, y, seed)
        tried[method] = (uplift.qini(guessed, arm, y)[1], guessed)
        say(0.2 + 0.3 * len(tried))
    best = max(tried, key=lambda method: tried[method][0])
    area, guessed = tried[best]
    before = _recipe(job, known)
    old = None if before is None else uplift.qini(_cross_fitted(before[0], before[1], arm, y, seed), arm, y)[1]
    low, high = uplift.qini_interval(guessed, arm, y, seed)
    final = uplift.train(best, x[known], arm, y, seed)
    parts = final if isinstance(final, uplift.TwoModels) else (final.model,)
    sure = low > 0
    artefact = {"columns": np.array(encoder.columns), "spec": np.array(json.dumps(encoder)), "method": np.array(best)}
    for place, one in enumerate(parts):
        artefact |= classifying.kept(one, f"m{place}_")
    top = guessed >= np.quantile(guessed, 0.9)
    return Result(
        f"{best.replace('_', ' ')} of logistic regressions, cross-fitted", "Radcliffe 2007; Jaskowski and Jaroszewicz 2012; Hansotia and Rukstales 2002",
        {"contacted": whole.treated, "held_back": whole.control, "basis": job.about["basis"]},
        {
            "lift": rounded(whole.lift), "lift_low": rounded(whole.low), "lift_high": rounded(whole.high), "rate_contacted": rounded(whole.rate_treated),
            "rate_held_back": rounded(whole.rate_control), "qini": rounded(area), "qini_low": rounded(low), "qini_high": rounded(high),
            "curve": uplift.qini(guessed, arm, y, 20)[0], "methods": {name: {"qini": rounded(value[0])} for name, value in tried.items()},
            "top_tenth": uplift.effect(arm[top], y[top])._asdict() if 0 < arm[top].mean() < 1 else None,
        },
        {"verdict": "the model tells whom a contact changes" if sure else "not enough data to tell whom a contact changes: the interval of the Qini area holds 0"},
        artefact, compared("Qini area over five folds", area, old, higher=True),
        _lifts(final.lift(x), whole, sure=sure),
    )


def _lifts(guessed: Floats, whole: uplift.Effect, *, sure: bool) -> Iterator[dict[str, Any]]:
    for one in guessed.tolist():
        value = one if sure else whole.lift
        yield {
            "value": short(value), "number": round(value, 6),
            "parts": {"lift": round(value, 6), "own": sure, "mean_lift": rounded(whole.lift), "mean_low": rounded(whole.low), "mean_high": rounded(whole.high),
                      "reasons": [f"a contact is expected to change the chance to answer by {value:+.2%}" + ("" if sure else " (the mean: not enough data for more)")]},
        }


def _drivers(found: classifying.Classifier, x: Floats, titles: tuple[str, ...]) -> list[dict[str, Any]]:
    """What moves the answers most, over all customers."""
    rows = x if len(x) <= 5_000 else x[np.linspace(0, len(x) - 1, 5_000).astype(np.int64)]
    share = found.drivers(rows)
    size = np.abs(share).mean(axis=0)
    listed = []
    for place in np.argsort(-size)[:15]:
        spread = rows[:, place].std() * share[:, place].std()
        way = float(((rows[:, place] - rows[:, place].mean()) * (share[:, place] - share[:, place].mean())).mean() / spread) if spread else 0.0
        listed.append({"attribute": titles[place], "mean_effect": rounded(size[place], 4), "direction": "raises" if way > 0 else "lowers"})
    return listed


def _artefact(found: classifying.Classifier, encoder: encoding.Encoder) -> Columns:
    return {**classifying.kept(found), "columns": np.array(encoder.columns), "spec": np.array(json.dumps(encoder))}


def _old_loss(job: Job, x: Floats, y: Floats, encoder: encoding.Encoder) -> float | None:
    """The log loss of the model in use on the later period; None without one, or when it asks for attributes that were not given."""
    if job.previous is None or "method" not in job.previous:
        return None
    attributes, _ = json.loads(str(job.previous["spec"]))
    before = encoding.Encoder(tuple(encoding.Attribute(one[0], tuple(one[1]), *one[2:]) for one in attributes), ())
    if any(one.name not in job.columns for one in before.attributes):
        return None
    rows = job.columns["stage"].astype(int) == 1
    matrix = before.encode({one.name: job.columns[one.name][rows] for one in before.attributes})
    return float(classifying.quality(classifying.read(job.previous).chance(matrix), y)["log_loss"])


def _recipe(job: Job, known: Any) -> tuple[str, Floats] | None:
    """(method, encoded rows) of the model in use: what it is made of is tried on the same folds, so that neither is judged on rows it has seen."""
    if job.previous is None or "spec" not in job.previous:
        return None
    names = [one[0] for one in json.loads(str(job.previous["spec"]))[0]]
    if any(name not in job.columns for name in names):
        return None
    encoder = encoding.learn({name: job.columns[name][known] for name in names}, names)
    if not encoder.columns:
        return None
    return str(job.previous["method"]), encoder.encode({one.name: job.columns[one.name][known] for one in encoder.attributes})


def _judged(method: str, x: Floats, y: Floats, seed: int) -> tuple[dict[str, Any], classifying.Classifier]:
    """Quality over folds after calibration, and the classifier trained on all."""
    raw, areas = classifying.out_of_fold(method, x, y, seed)
    found = classifying.calibrate(classifying.train(method, x, y, seed), raw, y)
    chance = 1 / (1 + np.exp(-found.slope * raw - found.offset))
    return classifying.quality(chance, y) | {"auc_of_folds": [rounded(area, 4) for area in areas]}, found


def _cross_fitted(method: str, x: Floats, arm: Floats, y: Floats, seed: int) -> Floats:
    """The lift of each row by a model that has not seen it."""
    guessed = np.zeros(len(y))
    for learn, check in StratifiedKFold(5, shuffle=True, random_state=seed).split(x, 2 * arm + y):
        guessed[check] = uplift.train(method, x[learn], arm[learn], y[learn], seed).lift(x[check])
    return guessed


def _chances(
    wanted: Any, found: classifying.Classifier, x: Floats, titles: tuple[str, ...], more: dict[str, Any]
) -> Iterator[dict[str, Any] | None]:
    """A calibrated probability with its reasons for each wanted row."""
    size = 20_000
    for start in range(0, len(x), size):
        part = x[start : start + size]
        chance = found.chance(part)
        told = classifying.reasons(found.drivers(part), titles)
        for place, here in enumerate(wanted[start : start + size]):
            if not here:
                yield None
                continue
            one = float(chance[place])
            yield {"value": short(round(one, 3)), "number": round(one, 5), "parts": {"probability": round(one, 5), "reasons": told[place], **more}}

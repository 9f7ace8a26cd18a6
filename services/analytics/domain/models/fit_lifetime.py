"""Fit lifetime value: the purchase model, the spend model, tried on a hold-out in time, then the value of every customer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

import numpy as np

from services.analytics.domain.models import bgnbd, gammagamma, lifetime, paretonbd, purchasing
from services.analytics.domain.models.fitting import Columns, Job, Result, Say, compared, rounded, short
from services.analytics.domain.models.purchasing import WEEK, Floats, Histories

_METHODS: Final = {
    "bg_nbd": ("BG/NBD with Gamma-Gamma", "Fader, Hardie and Lee 2005; Fader and Hardie 2013"),
    "pareto_nbd": ("Pareto/NBD with Gamma-Gamma", "Schmittlein, Morrison and Colombo 1987; Fader and Hardie 2005, 2013"),
}


def fit(job: Job, say: Say) -> Result:
    """Columns: repeats, recency, age, spent; held_repeats, held_recency, held_age, held_later (a hold-out in time, age < 0: not yet a customer);
    past, revenue, direct. Raises NotEnoughData.
    """
    rows, options, about = _rows(job.columns), job.options, job.about
    lifetime.check_enough(rows, int(options.get("least_repeaters", purchasing.LEAST_REPEATERS)))
    pareto = options.get("method", "bg_nbd") == "pareto_nbd"
    model = _model(pareto, rows)
    say(0.2)
    spending = gammagamma.fit(rows.repeats, rows.spent)
    tried = _tried(job, pareto)
    say(0.4)
    terms = lifetime.Terms(about["margin"], options.get("discount", lifetime.DISCOUNT), options.get("months", lifetime.MONTHS))
    found = lifetime.ahead(model, spending, rows, terms)
    say(0.8)
    method, source = _METHODS["pareto_nbd" if pareto else "bg_nbd"]
    parameters = {name: rounded(value) for name, value in zip(model._fields, model, strict=True)}
    artefact = {"purchases": np.array(model), "spending": np.array(spending), "pareto": np.array(pareto)}
    future = float(found.future.sum())
    return Result(
        method, source,
        {"customers": rows.size, "repeaters": int((rows.repeats > 0).sum()), "orders_of_one_day": "count once"},
        {"purchase_model": parameters, "spend_model": dict(zip(spending._fields, map(rounded, spending), strict=True)), **tried["quality"],
         "correlation_of_spend_and_frequency": _correlation(rows)},
        {
            "formula": "past profit + sum over months k of X_k V margin / (1 + discount)^((k - 0.5) / 12)", "margin": rounded(terms.margin),
            "margin_basis": about["margin_basis"], "discount": terms.discount, "months": terms.months, "customer_equity": round(future),
            "mean_amount": rounded(gammagamma.population_amount(spending), 2), "mean_alive": rounded(found.alive.mean()),
        },
        artefact, tried["comparison"], _scores(job.columns, rows, (found, lifetime.next_order(model, rows)), terms, about),
    )


def _rows(columns: Columns) -> Histories:
    return Histories(
        columns["repeats"].astype(np.int64), columns["recency"].astype(np.int64), columns["age"].astype(np.int64), columns["spent"].astype(float)
    )


def _model(pareto: bool, rows: Histories) -> lifetime.PurchaseModel:
    groups = purchasing.group(rows)
    return paretonbd.fit(groups) if pareto else bgnbd.fit(groups)


def _tried(job: Job, pareto: bool) -> dict[str, Any]:
    """Fit on the first three quarters of the time and forecast the last one, beside the model in use."""
    known = job.columns["held_age"] >= 0
    columns = {name: job.columns[f"held_{name}"][known] for name in ("repeats", "recency", "age")}
    early = _rows({**columns, "spent": np.zeros(int(known.sum()))})
    later, weeks = job.columns["held_later"][known].astype(float), job.about["held_days"] / WEEK
    measure = "mean absolute error of purchases in the held-out last quarter"
    try:
        lifetime.check_enough(early)
        model = _model(pareto, early)
    except purchasing.NotEnoughData as reason:
        return {"quality": {"held_out": str(reason)}, "comparison": compared(measure, float("nan"), None, higher=False)}
    forecast = _forecast(model, early, weeks)
    old = None
    if job.previous is not None:
        values = job.previous["purchases"].tolist()
        before = paretonbd.Fitted(*values) if bool(job.previous["pareto"]) else bgnbd.Fitted(*values)
        old = float(np.abs(_forecast(before, early, weeks) - later).mean())
    error = float(np.abs(forecast - later).mean())
    return {
        "quality": {
            "held_out_days": job.about["held_days"], "held_out_forecast": rounded(forecast.sum(), 1), "held_out_purchases": int(later.sum()),
            "held_out_error": rounded(error), "held_out_correlation": rounded(np.corrcoef(forecast, later)[0, 1]) if later.any() else None,
        },
        "comparison": compared(measure, error, old, higher=False),
    }


def _forecast(model: lifetime.PurchaseModel, rows: Histories, weeks: float) -> Floats:
    if_alive: Floats = lifetime.purchases_if_alive(model, rows.repeats, rows.age, np.array([weeks]))[:, 0]
    return if_alive * lifetime.alive(model, rows.repeats, rows.recency, rows.age)


def _correlation(rows: Histories) -> float | None:
    """Gamma-Gamma takes it for 0."""
    used = (rows.repeats > 0) & (rows.spent > 0)
    mean = rows.spent[used] / rows.repeats[used]
    return rounded(np.corrcoef(rows.repeats[used], mean)[0, 1], 3) if used.sum() > 2 and mean.std() and rows.repeats[used].std() else None


#: A next order that is farther than this is not dated.
_FARTHEST_DAYS: Final = 3650


def _dated(today: date, days: float) -> str | None:
    return str(today + timedelta(days=round(days))) if days <= _FARTHEST_DAYS else None


def _scores(
    columns: Columns, rows: Histories, both: tuple[lifetime.Ahead, lifetime.NextOrder], terms: lifetime.Terms, about: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    found, upcoming = both
    today = date.fromisoformat(about["cut_off"])
    past, direct = columns["past"].astype(float), columns["direct"].astype(float)
    for place in range(rows.size):
        future, before = float(found.future[place]), float(past[place])
        yield {
            "value": short(before + future), "number": round(before + future),
            "parts": {
                "lcv_minor": round(before + future), "past_minor": round(before), "future_minor": round(future),
                "low_minor": round(before + float(found.low[place])), "high_minor": round(before + float(found.high[place])), "interval": lifetime.COVERED,
                "net_minor": round(before + future - float(direct[place])), "alive": round(float(found.alive[place]), 4),
                "orders_ahead": round(float(found.purchases[place]), 3), "order_value_minor": round(float(found.amount[place])),
                "next_order_on": _dated(today, upcoming.days[place]), "next_order_from": _dated(today, upcoming.low[place]),
                "next_order_until": _dated(today, upcoming.high[place]), "first_day": str(today - timedelta(days=int(rows.age[place]))),
                "won_by": str(columns["won_by"][place]), "data_until": about["cut_off"],
                "margin": round(terms.margin, 4), "months": terms.months, "discount": terms.discount, "currency": about["currency"],
                "reasons": _reasons(rows, found, place),
            },
        }


def _reasons(rows: Histories, found: lifetime.Ahead, place: int) -> list[str]:
    days = int(rows.age[place] - rows.recency[place])
    return [
        f"{int(rows.repeats[place]) + 1} purchase days in {int(rows.age[place])} days, the last one {days} days ago",
        f"probability to buy again at all {found.alive[place]:.0%}; {found.purchases[place]:.1f} purchases expected ahead",
        f"expected order value {found.amount[place]:.0f} minor units",
    ]

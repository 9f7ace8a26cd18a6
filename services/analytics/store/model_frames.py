"""Frames for models: one row a customer, columns as Arrow, out of one snapshot of the warehouse."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from services.analytics.domain.models.asking import FIGURES
from services.analytics.store import attribute_frames, measures
from services.analytics.store.measures import Ask, buying
from services.analytics.store.rows import one_row

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

#: Purchases by the organisation's day, less what was refunded of the order; a day whose orders came to nothing is none.
_DAYS: Final = """
paid AS (
    SELECT o.customer, timezone($zone, o.ordered_at::TIMESTAMPTZ)::DATE AS day, sum(o.net_minor - o.refunded_minor)::BIGINT AS amount
    FROM order_of o JOIN live c ON c.customer = o.customer
    WHERE o.currency = $currency AND o.ordered_at < $as_of GROUP BY 1, 2 HAVING sum(o.net_minor - o.refunded_minor) >= 0
)"""
_LIFETIME: Final = f"""
WITH {{origin}}, {_DAYS}, whole AS (
    SELECT customer, min(day) AS first, max(day) AS last, count(*) AS days, sum(amount) AS total, arg_min(amount, day) AS first_amount
    FROM paid GROUP BY 1
), early AS (
    SELECT customer, min(day) AS first, max(day) FILTER (day <= $held) AS last, count(*) FILTER (day <= $held) AS days,
           count(*) FILTER (day > $held) AS later FROM paid GROUP BY 1
), profit AS (SELECT customer, sum(numerator)::BIGINT AS past FROM ({{profit}}) WHERE kind = 'customer' GROUP BY 1),
won AS (SELECT person AS customer, sum(amount_minor)::BIGINT AS amount FROM cost_of WHERE kind = 'acquire' AND currency = $currency GROUP BY 1)
SELECT w.customer::VARCHAR AS customer, (w.days - 1)::BIGINT AS repeats, date_diff('day', w.first, w.last)::BIGINT AS recency,
       date_diff('day', w.first, $today)::BIGINT AS age, (w.total - w.first_amount)::DOUBLE AS spent,
       (e.days - 1)::BIGINT AS held_repeats, coalesce(date_diff('day', e.first, e.last), 0)::BIGINT AS held_recency,
       date_diff('day', e.first, $held)::BIGINT AS held_age, e.later::BIGINT AS held_later,
       coalesce(p.past, 0)::DOUBLE AS past, w.total::DOUBLE AS revenue, coalesce(n.amount, 0)::DOUBLE AS direct,
       coalesce(g.part, 'direct') AS won_by
FROM whole w JOIN early e ON e.customer = w.customer LEFT JOIN profit p ON p.customer = w.customer LEFT JOIN won n ON n.customer = w.customer
LEFT JOIN origin g ON g.customer = w.customer
ORDER BY w.customer
"""  # noqa: S608 - fragments of this file


#: From this share on an attribute is one that is only known after the contact.
MOSTLY: Final = 0.9


class Setting(NamedTuple):
    """What all frames are made with. `whole`, `year`: the question of a metric over all time and over the last 365 days."""

    as_of: datetime
    today: date
    zone: str
    currency: str
    whole: Ask
    year: Ask


def lifetime(connection: DuckDBPyConnection, setting: Setting, options: dict[str, Any]) -> tuple[pa.Table, dict[str, Any]]:
    """Purchase histories of all buyers, with a hold-out of the last quarter of the time, past profit and acquisition cost."""
    span = one_row(connection, "SELECT min(ordered_at)::DATE FROM order_of WHERE ordered_at < $1", [naive(setting.as_of)])
    first = span[0] if span is not None and span[0] is not None else setting.today
    held_days = max(1, (setting.today - first).days // 4)
    margin, basis = _margin(connection, setting, options)
    sql = _LIFETIME.replace("{profit}", measures.statement("profit", setting.whole)).replace("{origin}", buying.origin())
    values = measures.parameters(
        sql, setting.whole, zone=setting.zone, today=setting.today, held=setting.today - timedelta(days=held_days),
    )
    table = connection.sql(sql, params=values).to_arrow_table()
    return table, {
        "currency": setting.currency, "margin": margin, "margin_basis": basis, "held_days": held_days, "cut_off": str(setting.today), "first_day": str(first),
    }


def _margin(connection: DuckDBPyConnection, setting: Setting, options: dict[str, Any]) -> tuple[float, str]:
    """Profit per revenue of the last 365 days over all customers."""
    if options.get("margin") is not None:
        return float(options["margin"]), "as asked for"
    revenue = sum(one.numerator or 0 for one in measures.figures(connection, "revenue", setting.year))
    profit = sum(one.numerator or 0 for one in measures.figures(connection, "profit", setting.year))
    if revenue <= 0:
        return setting.year.margin, "the set margin: there was no revenue within 365 days"
    return profit / revenue, "profit / revenue of all customers over 365 days"


def naive(moment: datetime) -> datetime:
    """UTC without zone, as the warehouse keeps times."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def churn(connection: DuckDBPyConnection, setting: Setting, options: dict[str, Any]) -> tuple[pa.Table, dict[str, Any]]:
    """Buyers two horizons ago, one horizon ago and now, each with what was known then."""
    import pyarrow as pa

    horizon, now = int(options.get("horizon_days", 90)), naive(setting.as_of)
    names = list(options.get("attributes") or FIGURES)
    moments = [now - timedelta(days=horizon * back) for back in (2, 1, 0)]
    parts = []
    for stage, at in enumerate(moments):
        attribute_frames.buyers(connection, at=at, horizon=horizon, now=now)
        needed = [*names, *(name for name in ("purchase_days", "recency_days", "age_days", *options.get("also", ())) if name not in names)]
        part = attribute_frames.read(connection, needed, currency=setting.currency)
        parts.append(part.append_column("stage", pa.array([stage] * part.num_rows, pa.int64())))
    return pa.concat_tables(parts), {"attributes": names, "horizon_days": horizon, "moments": [str(at.date()) for at in moments]}


def survival(connection: DuckDBPyConnection, setting: Setting, options: dict[str, Any]) -> tuple[pa.Table, dict[str, Any]]:
    """Everybody with a trait that holds the duration; `ended` by the trait of the event."""
    event = options["event"]
    extra = {"duration": options["duration"], "event": event["trait"]} | ({"group": options["group"]} if "group" in options else {})
    table = _traits(connection, setting, options, extra)
    return _said(table, "event", event["equals"], "ended", known="duration"), {"basis": "traits"}


def propensity(connection: DuckDBPyConnection, setting: Setting, options: dict[str, Any]) -> tuple[pa.Table, dict[str, Any]]:
    """Learnt from those who were contacted alone."""
    return answers(connection, setting, options, held_back=False)


def answers(
    connection: DuckDBPyConnection, setting: Setting, options: dict[str, Any], *, held_back: bool = True
) -> tuple[pa.Table, dict[str, Any]]:
    """Outcome (and treatment) by traits, or those of contacts; then everybody else as they are now, to be scored."""
    import pyarrow as pa

    if "outcome" in options:
        extra = {"said": options["outcome"]["trait"]} | ({"arm": options["treatment"]["trait"]} if "treatment" in options else {})
        table = _said(_traits(connection, setting, options, extra), "said", options["outcome"]["equals"], "outcome")
        if "treatment" in options:
            table = _said(table, "arm", options["treatment"]["equals"], "treated")
        return table, {"attributes": list(options["attributes"]), "basis": "traits"}
    days, campaign = int(options.get("response_days", 7)), options.get("campaign_id")
    names = list(options.get("attributes") or FIGURES)
    attribute_frames.contacts(connection, campaign=campaign, days=days, now=naive(setting.as_of), held_back=held_back)
    later = {name: after for name, (_, after) in attribute_frames.changed_later(connection, names).items() if after}
    wanted = [*names, *(name for name in options.get("also", ()) if name not in names)]
    contacted = attribute_frames.read(connection, wanted, currency=setting.currency)
    attribute_frames.everybody(connection, at=naive(setting.as_of))
    rest = attribute_frames.read(connection, wanted, currency=setting.currency)
    done = set(contacted.column("customer").to_pylist())
    rest = rest.filter(pa.array([customer not in done for customer in rest.column("customer").to_pylist()], pa.bool_()))
    basis = f"an order within {days} days after a message of {'campaign ' + campaign if campaign else 'any campaign'}"
    return pa.concat_tables([contacted, rest], promote_options="default"), {"attributes": names, "basis": basis, "changed_later": later}


def known_later(connection: DuckDBPyConnection, setting: Setting, options: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """The traits asked for -> (contacted customers who have it, those of them who got it after the contact), where that is nearly all."""
    attribute_frames.contacts(
        connection, campaign=options.get("campaign_id"), days=int(options.get("response_days", 7)), now=naive(setting.as_of), held_back=True
    )
    found = attribute_frames.changed_later(connection, list(options.get("attributes") or ()))
    return {name: (known, after) for name, (known, after) in found.items() if known and after >= MOSTLY * known}


def attributes(connection: DuckDBPyConnection, setting: Setting, options: dict[str, Any]) -> tuple[pa.Table, dict[str, Any]]:
    """Everybody with these attributes now, and the known group."""
    extra = {"group": options["group"]} if "group" in options else {}
    return _traits(connection, setting, options, extra), {"attributes": list(options["attributes"])}


def interests(connection: DuckDBPyConnection, setting: Setting, options: dict[str, Any]) -> tuple[pa.Table, dict[str, Any]]:
    """(customer, product) once each, with the day of the last purchase, the category and the mean amount."""
    table = connection.sql(
        """
        SELECT customer::VARCHAR AS owner, product_id AS product, any_value(category) AS category, max(ordered_at)::DATE::VARCHAR AS day,
               avg(amount_minor)::DOUBLE AS amount
        FROM line_of WHERE product_id IS NOT NULL AND currency = $currency GROUP BY 1, 2 ORDER BY 1, 2
        """,
        params={"currency": setting.currency},
    ).to_arrow_table()
    return table, {"currency": setting.currency}


def _traits(connection: DuckDBPyConnection, setting: Setting, options: dict[str, Any], extra: dict[str, str]) -> pa.Table:
    attribute_frames.everybody(connection, at=naive(setting.as_of))
    names = list(options.get("attributes") or ())
    more = [name for name in options.get("also", ()) if name not in names and name.removeprefix("trait:") not in extra.values()]
    return attribute_frames.read(connection, [*names, *more], currency=setting.currency, extra=extra)


def _said(table: pa.Table, column: str, wanted: Any, title: str, *, known: str | None = None) -> pa.Table:
    """A column of 1 where a trait is the wanted value, 0 where it is another, missing where it (or `known`) is missing."""
    import pyarrow as pa

    word = str(wanted).lower() if isinstance(wanted, bool) else f"{wanted:g}" if isinstance(wanted, float) else str(wanted)
    there = table.column(known or column).to_pylist()
    values = [None if other is None or value is None else float(value == word) for value, other in zip(table.column(column).to_pylist(), there, strict=True)]
    return table.append_column(title, pa.array(values, pa.float64()))


def build(connection: DuckDBPyConnection, kind: str, setting: Setting, options: dict[str, Any]) -> tuple[pa.Table, dict[str, Any]]:
    """(frame, what it was made with) of a kind of model. `also` in the options: attributes of the model in use, to compare with it."""
    return _FRAMES[kind](connection, setting, options)


_FRAMES: Final[dict[str, Callable[[Any, Setting, dict[str, Any]], tuple[Any, dict[str, Any]]]]] = {
    "lifetime": lifetime, "churn": churn, "survival": survival, "propensity": propensity, "uplift": answers, "clusters": attributes,
    "discriminant": attributes, "interests": interests,
}

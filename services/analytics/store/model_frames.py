"""Frames for models: one row a customer, columns as Arrow, out of one snapshot of the warehouse."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from services.analytics.store import measures
from services.analytics.store.measures import Ask
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
WITH {_DAYS}, whole AS (
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
       coalesce(p.past, 0)::DOUBLE AS past, w.total::DOUBLE AS revenue, coalesce(n.amount, 0)::DOUBLE AS direct
FROM whole w JOIN early e ON e.customer = w.customer LEFT JOIN profit p ON p.customer = w.customer LEFT JOIN won n ON n.customer = w.customer
ORDER BY w.customer
"""  # noqa: S608 - fragments of this file


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
    sql = _LIFETIME.replace("{profit}", measures.statement("profit", setting.whole))
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


def build(connection: DuckDBPyConnection, kind: str, setting: Setting, options: dict[str, Any]) -> tuple[pa.Table, dict[str, Any]]:
    """(frame, what it was made with) of a kind of model."""
    return _FRAMES[kind](connection, setting, options)


_FRAMES: Final = {"lifetime": lifetime}

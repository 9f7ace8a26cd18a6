"""Touches before orders: messages handed over and visits with a UTM source."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: What a touch is called, for messages and for visits.
_NAMES: Final = {
    "channel": ("channel", "coalesce(utm_medium, utm_source)"), "source": ("channel", "utm_source"),
    "campaign": ("campaign_id", "coalesce(utm_campaign, utm_source)"),
}
DIMENSIONS: Final = tuple(_NAMES)


class Conversion(NamedTuple):
    """Equal paths together: the touches' names in order, days before the order, how many orders and their net value in minor units."""

    channels: tuple[str, ...]
    ages: list[float]
    orders: int
    amount_minor: int


def conversions(
    connection: DuckDBPyConnection, *, since: datetime, until: datetime, days: int, by: str, currency: str, scoped: bool
) -> list[Conversion]:
    """Every order of the window in the currency with the touches of the days before it; net of refunds of that order."""
    scope = "AND o.customer IN (SELECT customer FROM scope)" if scoped else ""
    sql = f"""
        WITH {_touches(by)},
        sold AS (
            SELECT o.order_id, o.customer, o.ordered_at, o.net_minor - least(o.refunded_minor, o.net_minor) AS amount FROM (
                SELECT i.customer, o.* FROM orders o LEFT JOIN identity i ON i.identity = o.identity WHERE o.counts) o
            WHERE o.currency = $currency AND o.ordered_at >= $since AND o.ordered_at < $until {scope}),
        paths AS (
            SELECT s.order_id, s.amount, list(t.name ORDER BY t.happened_at, t.name) FILTER (t.name IS NOT NULL) AS names,
                   list(epoch(s.ordered_at - t.happened_at) / 86400 ORDER BY t.happened_at, t.name) FILTER (t.name IS NOT NULL) AS ages
            FROM sold s LEFT JOIN touch t ON t.customer = s.customer AND t.happened_at <= s.ordered_at
                AND t.happened_at > s.ordered_at - to_days($days::INTEGER) GROUP BY ALL)
        SELECT names, ages, count(*), sum(amount)::BIGINT FROM paths GROUP BY ALL ORDER BY 1, 2
        """  # noqa: S608 - own fragments
    rows = connection.execute(sql, {"since": _naive(since), "until": _naive(until), "days": days, "currency": currency}).fetchall()
    return [Conversion(tuple(names or ()), list(ages or ()), orders, amount) for names, ages, orders, amount in rows]


def lost(connection: DuckDBPyConnection, *, since: datetime, until: datetime, by: str, scoped: bool) -> dict[tuple[str, ...], int]:
    """Paths of the window's touches of people without an order in it: names in order -> how many people."""
    scope = "AND t.customer IN (SELECT customer FROM scope)" if scoped else ""
    sql = f"""
        WITH {_touches(by)}
        SELECT names, count(*) FROM (
            SELECT t.customer, list(t.name ORDER BY t.happened_at, t.name) AS names FROM touch t
            WHERE t.happened_at >= $since AND t.happened_at < $until {scope}
            AND t.customer NOT IN (SELECT customer FROM order_of WHERE ordered_at >= $since AND ordered_at < $until) GROUP BY 1)
        GROUP BY 1
        """  # noqa: S608 - own fragments
    rows = connection.execute(sql, {"since": _naive(since), "until": _naive(until)}).fetchall()
    return {tuple(names): count for names, count in rows}


def _touches(by: str) -> str:
    message, visit = _NAMES[by]
    return f"""
    touch AS (
        SELECT person AS customer, {message} AS name, happened_at FROM message_of WHERE outcome = 'accepted' AND person IS NOT NULL AND {message} IS NOT NULL
        UNION ALL
        SELECT customer, {visit}, min(occurred_at) FROM event_of WHERE utm_source IS NOT NULL AND initiator <> 'bot'
        GROUP BY customer, {visit}, utm_source, occurred_at::DATE)
    """  # noqa: S608 - own fragments


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)

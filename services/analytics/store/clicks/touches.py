"""Touches before orders: messages handed over and visits with a UTM source."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

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


class Touched(NamedTuple):
    """Orders of the window and their net value, and those of them before which somebody was touched."""

    orders: int
    amount_minor: int
    paths: list[Conversion]


_SOLD: Final = """
sold AS (
    SELECT o.order_id, i.customer, o.ordered_at, o.net_minor - least(o.refunded_minor, o.net_minor) AS amount
    FROM orders o LEFT JOIN identity i ON i.identity = o.identity
    WHERE o.counts AND o.currency = $currency AND o.ordered_at >= $since AND o.ordered_at < $until {scope})
"""


def conversions(
    connection: DuckDBPyConnection, *, since: datetime, until: datetime, days: int, by: str, currency: str, scoped: bool, aged: bool = True
) -> Touched:
    """Every order of the window in the currency with the touches of the days before it; net of refunds of that order.

    Unless `aged`, paths of equal names are one, with no ages.
    """
    values: dict[str, Any] = {"since": _naive(since), "until": _naive(until), "currency": currency}
    sql = total_statement(scoped=scoped)
    (total,) = connection.execute(sql, values).fetchall()
    sql = path_statement(by, scoped=scoped)
    values |= {"days": days, "touched": _day_before(since, days)}
    paths: dict[tuple[tuple[str, ...], tuple[float, ...]], list[int]] = {}
    for amount, names, ages in _runs(connection.execute(sql, values).fetchall()):
        found = paths.setdefault((names, ages if aged else ()), [0, 0])
        found[0], found[1] = found[0] + 1, found[1] + amount
    listed = [Conversion(names, list(ages) or [0.0] * len(names), orders, amount) for (names, ages), (orders, amount) in sorted(paths.items())]
    return Touched(int(total[0]), int(total[1]), listed)


def _runs(rows: list[tuple[Any, ...]]) -> Iterator[tuple[int, tuple[str, ...], tuple[float, ...]]]:
    """(amount, names, ages) of each order; rows are in the order of orders and of their touches."""
    names: list[str] = []
    ages: list[float] = []
    for place, (order_id, amount, name, age) in enumerate(rows):
        names.append(name)
        ages.append(age)
        if place + 1 == len(rows) or rows[place + 1][0] != order_id:
            yield amount, tuple(names), tuple(ages)
            names, ages = [], []


def total_statement(*, scoped: bool) -> str:
    """How many orders, and their value."""
    return f"WITH {_sold(scoped)} SELECT count(*), coalesce(sum(amount), 0)::BIGINT FROM sold"  # noqa: S608 - own fragments


def path_statement(by: str, *, scoped: bool) -> str:
    """Orders with their touches, a row each; few orders have any, so sorting them is cheap."""
    return f"""
        WITH {_touches(by)}, {_sold(scoped)}
        SELECT s.order_id, s.amount, t.name, epoch(s.ordered_at - t.happened_at) / 86400
        FROM sold s JOIN touch t ON t.customer = s.customer AND t.happened_at <= s.ordered_at AND t.happened_at > s.ordered_at - to_days($days::INTEGER)
        ORDER BY s.order_id, t.happened_at, t.name
        """  # noqa: S608 - own fragments


def lost(connection: DuckDBPyConnection, *, since: datetime, until: datetime, by: str, scoped: bool) -> dict[tuple[str, ...], int]:
    """Paths of the window's touches of people without an order in it: names in order -> how many people."""
    values = {"since": _naive(since), "until": _naive(until), "touched": _day_before(since, 0)}
    return {tuple(names): count for names, count in connection.execute(lost_statement(by, scoped=scoped), values).fetchall()}


def lost_statement(by: str, *, scoped: bool) -> str:
    """Paths and how many people; most people have one touch, which needs no list in order."""
    scope = "AND t.customer IN (SELECT customer FROM scope)" if scoped else ""
    return f"""
        WITH {_touches(by)},
        bought AS (SELECT i.customer FROM orders o JOIN identity i ON i.identity = o.identity WHERE o.counts AND o.ordered_at >= $since AND o.ordered_at < $until),
        alone AS (
            SELECT t.customer, t.name, t.happened_at FROM touch t
            WHERE t.happened_at >= $since AND t.happened_at < $until {scope} AND NOT EXISTS (SELECT 1 FROM bought b WHERE b.customer = t.customer)),
        people AS (SELECT customer, count(*) AS touches, min(name) AS name FROM alone GROUP BY customer)
        SELECT [name], count(*) FROM people WHERE touches = 1 GROUP BY 1
        UNION ALL
        SELECT names, count(*) FROM (
            SELECT list(a.name ORDER BY a.happened_at, a.name) AS names FROM alone a JOIN people p ON p.customer = a.customer AND p.touches > 1 GROUP BY a.customer)
        GROUP BY names
        """  # noqa: S608 - own fragments


def _sold(scoped: bool) -> str:
    return _SOLD.replace("{scope}", "AND i.customer IN (SELECT customer FROM scope)" if scoped else "")


def _touches(by: str) -> str:
    """From the beginning of a day on: the first visit of a day from a source stands for all of them."""
    message, visit = _NAMES[by]
    return f"""
    touch AS (
        SELECT person AS customer, {message} AS name, happened_at FROM message_of
        WHERE outcome = 'accepted' AND person IS NOT NULL AND {message} IS NOT NULL AND happened_at >= $touched AND happened_at < $until
        UNION ALL
        SELECT customer, {visit}, min(occurred_at) FROM event_of
        WHERE utm_source IS NOT NULL AND initiator <> 'bot' AND occurred_at >= $touched AND occurred_at < $until
        GROUP BY customer, {visit}, utm_source, occurred_at::DATE)
    """  # noqa: S608 - own fragments


def _day_before(since: datetime, days: int) -> datetime:
    return (_naive(since) - timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)

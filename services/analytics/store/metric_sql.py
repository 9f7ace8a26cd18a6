"""Metrics over the warehouse: each answers rows of (group, numerator, denominator, open)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from services.analytics.domain import metrics
from services.analytics.domain.rules import Node
from services.analytics.store import segment_sql
from services.analytics.store.rows import one_row

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: What figures can be grouped by inside one query; months and segments are asked one by one.
_CONVERSION_GROUPS: Final = {None: "'all'", "channel": "e.channel", "source": "e.source"}
_REVENUE_GROUPS: Final = {None: "'all'", "source": "source"}
_CPER_GROUPS: Final = {None: "'all'", "channel": "channel", "campaign": "coalesce(campaign_id, '')"}
_IN_SCOPE: Final = {False: "true", True: "customer IN (SELECT customer FROM scope)"}


class Window(NamedTuple):
    """`[first, last)` in days of the organisation and the same in UTC."""

    first: date
    last: date
    since: datetime
    until: datetime


class Figure(NamedTuple):
    """`open`: counted apart because its time still runs."""

    group: str
    numerator: int | None
    denominator: int
    open: int


def limit_to(connection: DuckDBPyConnection, rule: Node, *, now: datetime, currency: str) -> None:
    """Leave the members of a rule in the temporary table `scope` of this cursor."""
    compiled = segment_sql.compile_rule(rule, now=now, currency=currency)
    sql = f"CREATE OR REPLACE TEMP TABLE scope AS SELECT customer::UUID AS customer FROM ({compiled.members()})"  # noqa: S608 - made by the compiler
    connection.execute(sql, compiled.arguments(sql))


def measure(
    connection: DuckDBPyConnection, *, name: str, window: Window, as_of: datetime, currency: str, by: str | None = None, scoped: bool = False
) -> list[Figure]:
    """The figures of one metric in one window; `scoped`: only of the customers that `limit_to` left."""
    times = {"since": _naive(window.since), "until": _naive(window.until)}
    if name == "conversion":
        return _conversion(connection, times, as_of, by, scoped)
    if name in {"retention", "churn"}:
        return _retention(connection, times, scoped)
    if name == "repeat_rate":
        return _repeat(connection, times, scoped)
    if name == "revenue":
        return _revenue(connection, times, currency, by, scoped)
    return _cper(connection, window, times, as_of, currency, by)


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _figures(connection: DuckDBPyConnection, sql: str, parameters: dict[str, Any]) -> list[Figure]:
    return [Figure(str(group), numerator, denominator, opened) for group, numerator, denominator, opened in connection.execute(sql, parameters).fetchall()]


def _conversion(
    connection: DuckDBPyConnection, times: dict[str, datetime], as_of: datetime, by: str | None, scoped: bool
) -> list[Figure]:
    sql = f"""
    WITH seen AS (
        SELECT coalesce(i.customer::VARCHAR, e.identity::VARCHAR) AS who, any_value(i.customer) AS customer, min(e.occurred_at) AS first_at,
               arg_min({_CONVERSION_GROUPS[by]}, e.occurred_at) AS part
        FROM event e LEFT JOIN identity i ON i.identity = e.identity
        WHERE e.occurred_at >= $since AND e.occurred_at < $until AND e.initiator <> 'bot'
          AND (e.kind IN ('page', 'screen') OR e.name IN ('Product Viewed', 'Product List Viewed', 'Product Clicked'))
        GROUP BY 1
    ), viewer AS (
        SELECT * FROM seen WHERE (customer IS NULL OR customer NOT IN (
            SELECT customer FROM consent_of WHERE purpose = 'analytics' AND state = 'withdrawn')) AND {_IN_SCOPE[scoped]}
    ), bought AS (
        SELECT coalesce(i.customer::VARCHAR, o.identity::VARCHAR) AS who, o.ordered_at
        FROM orders o LEFT JOIN identity i ON i.identity = o.identity WHERE o.counts
    ), judged AS (
        SELECT v.who, v.part, v.first_at + to_days($days::INTEGER) <= $as_of AS closed, coalesce(bool_or(b.ordered_at < v.first_at), false) AS earlier,
               coalesce(bool_or(b.ordered_at >= v.first_at AND b.ordered_at <= v.first_at + to_days($days::INTEGER)), false) AS won
        FROM viewer v LEFT JOIN bought b ON b.who = v.who GROUP BY ALL
    )
    SELECT part, count(*) FILTER (closed AND won), count(*) FILTER (closed), count(*) FILTER (NOT closed)
    FROM judged WHERE NOT earlier GROUP BY part ORDER BY part
    """  # noqa: S608 - fragments of this file
    return _figures(connection, sql, {**times, "as_of": _naive(as_of), "days": metrics.CONVERSION_DAYS})


def _retention(connection: DuckDBPyConnection, times: dict[str, datetime], scoped: bool) -> list[Figure]:
    sql = f"""
    WITH base AS (SELECT DISTINCT customer FROM order_of WHERE ordered_at >= $before AND ordered_at < $since AND {_IN_SCOPE[scoped]}),
    now AS (SELECT DISTINCT customer FROM order_of WHERE ordered_at >= $since AND ordered_at < $until)
    SELECT 'all', count(*) FILTER (customer IN (SELECT customer FROM now)), count(*), 0 FROM base
    """  # noqa: S608 - fragments of this file
    return _figures(connection, sql, {**times, "before": times["since"] - (times["until"] - times["since"])})


def _repeat(connection: DuckDBPyConnection, times: dict[str, datetime], scoped: bool) -> list[Figure]:
    sql = f"""
    SELECT 'all', count(*) FILTER (n >= 2), count(*), 0 FROM (
        SELECT customer, count(*) AS n FROM order_of WHERE ordered_at >= $since AND ordered_at < $until AND {_IN_SCOPE[scoped]} GROUP BY 1)
    """  # noqa: S608 - fragments of this file
    return _figures(connection, sql, dict(times))


def _revenue(
    connection: DuckDBPyConnection, times: dict[str, datetime], currency: str, by: str | None, scoped: bool
) -> list[Figure]:
    """`open` counts the orders in other currencies, which are left out."""
    group = _REVENUE_GROUPS[by]
    orders = "order_of" if scoped else "(SELECT * FROM orders WHERE counts)"
    refunds = "refund_of" if scoped else "valid_refund"
    sql = f"""
    WITH sold AS (
        SELECT {group} AS part, sum(net_minor) FILTER (currency = $currency) AS amount, count(*) FILTER (currency = $currency) AS n,
               count(*) FILTER (currency <> $currency) AS other
        FROM {orders} WHERE ordered_at >= $since AND ordered_at < $until AND {_IN_SCOPE[scoped]} GROUP BY 1
    ), back AS (
        SELECT {group} AS part, sum(amount_minor) AS amount FROM {refunds}
        WHERE currency = $currency AND refunded_at >= $since AND refunded_at < $until AND {_IN_SCOPE[scoped]} GROUP BY 1
    )
    SELECT coalesce(s.part, b.part), (coalesce(s.amount, 0) - coalesce(b.amount, 0))::BIGINT, coalesce(s.n, 0), coalesce(s.other, 0)
    FROM sold s FULL JOIN back b ON b.part = s.part ORDER BY 1
    """  # noqa: S608 - fragments of this file
    return _figures(connection, sql, {**times, "currency": currency})


def _cper(
    connection: DuckDBPyConnection, window: Window, times: dict[str, datetime], as_of: datetime, currency: str, by: str | None
) -> list[Figure]:
    """`open` counts the messages whose seven days still run."""
    group = _CPER_GROUPS[by]
    sql = f"""
    WITH touch AS (SELECT person, campaign_id, channel, happened_at FROM message_of WHERE outcome = 'accepted'),
    credited AS (
        SELECT DISTINCT t.campaign_id, t.person, t.channel FROM order_of o
        ASOF JOIN touch t ON t.person = o.customer AND o.ordered_at >= t.happened_at
        WHERE o.ordered_at <= t.happened_at + to_days($days::INTEGER) AND t.happened_at >= $since AND t.happened_at < $until
    ), answers AS (SELECT {group} AS part, count(*) AS n FROM credited GROUP BY 1
    ), sent AS (
        SELECT {group} AS part, count(*) FILTER (happened_at + to_days($days::INTEGER) > $as_of) AS running FROM touch
        WHERE happened_at >= $since AND happened_at < $until GROUP BY 1
    ), spent AS (
        SELECT {group} AS part, sum(amount_minor)::BIGINT AS amount FROM cost
        WHERE booked_on >= $first AND booked_on < $last AND currency = $currency AND channel IN (
            SELECT channel FROM touch WHERE happened_at >= $since AND happened_at < $until) GROUP BY 1
    )
    SELECT coalesce(s.part, c.part), c.amount, coalesce(a.n, 0), coalesce(s.running, 0)
    FROM sent s FULL JOIN spent c ON c.part = s.part LEFT JOIN answers a ON a.part = coalesce(s.part, c.part) ORDER BY 1
    """  # noqa: S608 - fragments of this file
    return _figures(connection, sql, {
        **times, "as_of": _naive(as_of), "days": metrics.RESPONSE_DAYS, "first": window.first, "last": window.last, "currency": currency,
    })


def cohorts(connection: DuckDBPyConnection, edges: list[datetime], *, scoped: bool = False) -> list[tuple[int, int, int]]:
    """(month of the first order, months after it, customers with an order then); months are numbers in `edges`, their beginnings.

    `scoped`: only of the customers that `limit_to` left.
    """
    sql = f"""
    WITH month AS (SELECT unnest($edges::TIMESTAMP[]) AS starts, unnest(range($count::BIGINT)) AS n),
    active AS (SELECT DISTINCT o.customer, m.n FROM order_of o ASOF JOIN month m ON o.ordered_at >= m.starts WHERE {_IN_SCOPE[scoped]}),
    begun AS (SELECT customer, min(n) AS n FROM active GROUP BY 1)
    SELECT b.n, a.n - b.n, count(*) FROM active a JOIN begun b ON b.customer = a.customer GROUP BY 1, 2 ORDER BY 1, 2
    """  # noqa: S608 - fragments of this file
    return connection.execute(sql, {"edges": [_naive(edge) for edge in edges], "count": len(edges)}).fetchall()


def order_span(connection: DuckDBPyConnection) -> tuple[datetime, datetime] | None:
    """The times of the first and last order, in UTC."""
    found = one_row(connection, "SELECT min(ordered_at), max(ordered_at) FROM orders WHERE counts")
    if found is None or found[0] is None:
        return None
    return found[0].replace(tzinfo=UTC), found[1].replace(tzinfo=UTC)

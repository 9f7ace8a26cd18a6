"""Metrics over the warehouse: who is meant, the figures, and cohorts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from services.analytics.domain.rules import Node
from services.analytics.store import measures, segment_sql
from services.analytics.store.measures import Ask, Figure, Row, Window
from services.analytics.store.rows import one_row

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["Ask", "Figure", "Row", "Window", "cohort_revenue", "cohorts", "limit_to", "measure", "order_span"]

_IN_SCOPE: Final = {False: "true", True: "customer IN (SELECT customer FROM scope)"}


def limit_to(connection: DuckDBPyConnection, rule: Node, *, now: datetime, currency: str, zone: str = "UTC") -> None:
    """Leave the members of a rule in the temporary table `scope` of this cursor."""
    compiled = segment_sql.compile_rule(rule, now=now, currency=currency, zone=zone)
    sql = f"CREATE OR REPLACE TEMP TABLE scope AS SELECT customer::UUID AS customer FROM ({compiled.members()})"  # noqa: S608 - made by the compiler
    connection.execute(sql, compiled.arguments(sql))


def measure(
    connection: DuckDBPyConnection, *, name: str, window: Window, as_of: datetime, currency: str, by: str | None = None, scoped: bool = False
) -> list[Figure]:
    """The figures of one metric in one window; `scoped`: only of the customers that `limit_to` left."""
    return measures.figures(connection, name, Ask(window, as_of, currency, by, scoped))


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def cohorts(connection: DuckDBPyConnection, edges: list[datetime], *, scoped: bool = False) -> list[tuple[int, int, int]]:
    """(month of the first order, months after it, customers with an order then); months are numbers in `edges`, their beginnings.

    `scoped`: only of the customers that `limit_to` left.
    """
    sql = f"""
    WITH active AS (SELECT DISTINCT customer, {_month('ordered_at', edges)} AS n FROM order_of WHERE ordered_at >= $edge0 AND {_IN_SCOPE[scoped]}),
    begun AS (SELECT customer, min(n) AS n FROM active GROUP BY 1)
    SELECT b.n, a.n - b.n, count(*) FROM active a JOIN begun b ON b.customer = a.customer GROUP BY 1, 2 ORDER BY 1, 2
    """  # noqa: S608 - fragments of this file
    return connection.execute(sql, _edges(edges)).fetchall()


def _month(moment: str, edges: list[datetime]) -> str:
    """SQL for the number of the month in which a moment from the first edge on lies: a few comparisons are faster than a join by time."""
    terms = ["0::BIGINT", *(f"({moment} >= $edge{number})::BIGINT" for number in range(1, len(edges)))]
    # In parts, since an expression has a greatest depth.
    return "(" + ") + (".join(" + ".join(terms[start : start + 50]) for start in range(0, len(terms), 50)) + ")"


def _edges(edges: list[datetime]) -> dict[str, datetime]:
    return {f"edge{number}": _naive(edge) for number, edge in enumerate(edges)}


def cohort_revenue(connection: DuckDBPyConnection, edges: list[datetime], *, currency: str, scoped: bool = False) -> list[tuple[int, int, int]]:
    """(month of the first order, months after it, revenue less refunds in minor units); months as in `cohorts`."""
    sql = f"""
    WITH begun AS (
        SELECT customer, {_month('first_at', edges)} AS n FROM (SELECT customer, min(ordered_at) AS first_at FROM order_of WHERE {_IN_SCOPE[scoped]} GROUP BY 1)
        WHERE first_at >= $edge0),
    moved AS (
        SELECT customer, ordered_at AS moved_at, net_minor AS amount FROM order_of WHERE currency = $currency
        UNION ALL SELECT customer, refunded_at, -amount_minor FROM refund_of WHERE currency = $currency)
    SELECT b.n, greatest(0, {_month('v.moved_at', edges)} - b.n), sum(v.amount)::BIGINT FROM moved v
    JOIN begun b ON b.customer = v.customer WHERE v.moved_at >= $edge0 GROUP BY 1, 2 ORDER BY 1, 2
    """  # noqa: S608 - fragments of this file
    return connection.execute(sql, {**_edges(edges), "currency": currency}).fetchall()


def order_span(connection: DuckDBPyConnection) -> tuple[datetime, datetime] | None:
    """The times of the first and last order, in UTC."""
    found = one_row(connection, "SELECT min(ordered_at), max(ordered_at) FROM orders WHERE counts")
    if found is None or found[0] is None:
        return None
    return found[0].replace(tzinfo=UTC), found[1].replace(tzinfo=UTC)

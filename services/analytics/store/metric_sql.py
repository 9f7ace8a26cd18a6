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

__all__ = ["Ask", "Figure", "Row", "Window", "cohorts", "gather_cohorts", "limit_to", "measure", "order_span"]

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


def gather_cohorts(connection: DuckDBPyConnection, edges: list[datetime], *, currency: str, scoped: bool = False) -> None:
    """Leave what each customer did in each month in the temporary table `cohort_month`; months are numbers in `edges`, their beginnings.

    `scoped`: only of the customers that `limit_to` left. Both questions about cohorts read it, so orders meet their customers once.
    """
    sql = f"CREATE OR REPLACE TEMP TABLE cohort_month AS {month_statement(edges, scoped=scoped)}"
    connection.execute(sql, {**_edges(edges), "currency": currency})


def month_statement(edges: list[datetime], *, scoped: bool = False) -> str:
    """(customer, month, whether there is an order in it, revenue less refunds in minor units)."""
    scope = _IN_SCOPE[scoped]
    return f"""
    SELECT customer, n, bool_or(ordered) AS ordered, sum(amount)::BIGINT AS amount FROM (
        SELECT customer, {_month('ordered_at', edges)} AS n, true AS ordered, CASE WHEN currency = $currency THEN net_minor ELSE 0 END AS amount
        FROM order_of WHERE ordered_at >= $edge0 AND {scope}
        UNION ALL
        SELECT customer, {_month('refunded_at', edges)}, false, -amount_minor
        FROM refund_of WHERE currency = $currency AND refunded_at >= $edge0 AND {scope})
    GROUP BY customer, n
    """  # noqa: S608 - fragments of this file


#: (month of the first order, months after it, customers with an order then, revenue less refunds then); refunds before the first order count for it.
COHORTS: Final = """
WITH begun AS (SELECT customer, min(n) AS n FROM cohort_month WHERE ordered GROUP BY 1)
SELECT b.n, greatest(0, m.n - b.n), count(*) FILTER (m.ordered), sum(m.amount)::BIGINT
FROM cohort_month m JOIN begun b ON b.customer = m.customer GROUP BY 1, 2 ORDER BY 1, 2
"""


def cohorts(connection: DuckDBPyConnection) -> list[tuple[int, int, int, int]]:
    """Of `cohort_month`: (month of the first order, months after it, customers with an order then, revenue less refunds in minor units)."""
    return connection.execute(COHORTS).fetchall()


def _month(moment: str, edges: list[datetime]) -> str:
    """SQL for the number of the month in which a moment from the first edge on lies: a few comparisons are faster than a join by time."""
    terms = ["0::BIGINT", *(f"({moment} >= $edge{number})::BIGINT" for number in range(1, len(edges)))]
    # In parts, since an expression has a greatest depth.
    return "(" + ") + (".join(" + ".join(terms[start : start + 50]) for start in range(0, len(terms), 50)) + ")"


def _edges(edges: list[datetime]) -> dict[str, datetime]:
    return {f"edge{number}": _naive(edge) for number, edge in enumerate(edges)}


def order_span(connection: DuckDBPyConnection) -> tuple[datetime, datetime] | None:
    """The times of the first and last order, in UTC."""
    found = one_row(connection, "SELECT min(ordered_at), max(ordered_at) FROM orders WHERE counts")
    if found is None or found[0] is None:
        return None
    return found[0].replace(tzinfo=UTC), found[1].replace(tzinfo=UTC)

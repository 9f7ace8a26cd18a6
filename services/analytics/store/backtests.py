"""A rule asked of the past: only facts before a moment are seen, and what its members did after it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from services.analytics.domain.rules import Node
from services.analytics.store import segment_sql
from services.analytics.store.segment_sql import Sources

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Views over the facts before `asked.at`; orders as they are known today, so that what was cancelled later is none.
_PAST: Final = """
CREATE OR REPLACE TEMP VIEW past_live AS SELECT c.* FROM live c, asked WHERE c.registered_at < asked.at OR c.customer IN (
    SELECT o.customer FROM order_of o WHERE o.ordered_at < asked.at);
CREATE OR REPLACE TEMP VIEW past_event AS SELECT e.* FROM event_of e, asked WHERE e.occurred_at < asked.at;
CREATE OR REPLACE TEMP VIEW past_order AS SELECT o.* FROM order_of o, asked WHERE o.ordered_at < asked.at;
CREATE OR REPLACE TEMP VIEW past_line AS SELECT l.* FROM line_of l, asked WHERE l.ordered_at < asked.at;
CREATE OR REPLACE TEMP VIEW past_refund AS SELECT r.* FROM refund_of r, asked WHERE r.refunded_at < asked.at;
CREATE OR REPLACE TEMP VIEW past_message AS SELECT m.* FROM message_of m, asked WHERE m.happened_at < asked.at
"""
_SOURCES: Final = Sources("past_live", "past_event", "past_order", "past_line", "past_refund", "past_message")


class Side(NamedTuple):
    """Members of the rule, or the others: how many, how many of them ordered in the days after, and what they spent then."""

    customers: int
    buyers: int
    revenue_minor: int


def ask(connection: DuckDBPyConnection, *, rule: Node, at: datetime, days: int, currency: str, zone: str) -> tuple[Side, Side]:
    """(members, everybody else) as the rule would have told them at a moment."""
    moment = at.astimezone(UTC).replace(tzinfo=None)
    connection.execute("CREATE OR REPLACE TEMP TABLE asked AS SELECT $1::TIMESTAMP AS at", [moment])
    for statement in _PAST.split(";\n"):
        connection.execute(statement)
    compiled = segment_sql.compile_rule(rule, now=at, currency=currency, sources=_SOURCES, zone=zone)
    inner = compiled.members()
    chosen = f"CREATE OR REPLACE TEMP TABLE chosen AS SELECT customer::UUID AS customer FROM ({inner})"  # noqa: S608 - made by the compiler
    connection.execute(chosen, compiled.arguments(chosen))
    rows = connection.execute(
        """
        WITH after AS (
            SELECT customer, coalesce(sum(net_minor - refunded_minor) FILTER (currency = $currency), 0) AS amount FROM order_of
            WHERE ordered_at >= $at AND ordered_at < $at + to_days($days::INTEGER) GROUP BY 1)
        SELECT p.customer IN (SELECT customer FROM chosen) AS inside, count(*), count(a.customer), coalesce(sum(a.amount), 0)::BIGINT
        FROM past_live p LEFT JOIN after a ON a.customer = p.customer GROUP BY 1
        """,
        {"at": moment, "days": days, "currency": currency},
    ).fetchall()
    found = {bool(inside): Side(*figures) for inside, *figures in rows}
    return found.get(True, Side(0, 0, 0)), found.get(False, Side(0, 0, 0))

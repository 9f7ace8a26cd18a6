"""Figures of people side by side, satisfaction with profit, and what buying costs the buyer, out of the warehouse."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from services.analytics.store import measures
from services.analytics.store.measures import Ask

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Figures of a person in a window; money in minor units of the reporting currency.
FIGURES: Final = ("orders", "revenue_minor", "mean_order_minor", "days_since_order", "events", "satisfaction", "messages_clicked", "cases")
#: What somebody does most.
MOST: Final = ("category", "channel")
#: Where a purchase begins and ends, and what goes wrong on the way.
BEGINS: Final = ("Product Added", "Checkout Started")
ENDS: Final = ("Order Completed", "Order Placed", "Order Paid")


def figures_of(connection: DuckDBPyConnection, *, customer: UUID, since: datetime, until: datetime, currency: str) -> tuple[dict[str, Any], dict[str, list[float]]]:
    """(the customer's own figures, those of all members of `scope`): people without a fact count 0 where that is the truth, else not at all."""
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE person AS SELECT customer, true AS member FROM scope
        UNION ALL SELECT $1::UUID, false WHERE $1::UUID NOT IN (SELECT customer FROM scope)
        """,
        [str(customer)],
    )
    found: Any = connection.sql(
        """
        WITH bought AS (
            SELECT customer, count(*) AS orders, coalesce(sum(net_minor) FILTER (currency = $currency), 0) AS paid,
                   avg(net_minor) FILTER (currency = $currency) AS mean, max(ordered_at) AS last_at
            FROM order_of WHERE ordered_at >= $since AND ordered_at < $until AND customer IN (SELECT customer FROM person) GROUP BY 1),
        back AS (
            SELECT customer, sum(amount_minor) AS amount FROM refund_of WHERE currency = $currency AND refunded_at >= $since AND refunded_at < $until GROUP BY 1),
        seen AS (
            SELECT customer, count(*) AS events FROM event_of WHERE occurred_at >= $since AND occurred_at < $until AND customer IN (SELECT customer FROM person) GROUP BY 1),
        said AS (SELECT person AS customer, avg(score) AS score FROM answer_of WHERE scale = 'csat' AND answered_at >= $since AND answered_at < $until GROUP BY 1),
        clicked AS (
            SELECT person AS customer, count(DISTINCT message_id) AS messages FROM message_of
            WHERE outcome = 'clicked' AND NOT coalesce(automated, false) AND happened_at >= $since AND happened_at < $until GROUP BY 1),
        asked AS (
            SELECT person AS customer, count(DISTINCT case_id) AS cases FROM case_of WHERE step = 'opened' AND happened_at >= $since AND happened_at < $until GROUP BY 1)
        SELECT p.customer::VARCHAR AS customer, p.member, coalesce(b.orders, 0)::DOUBLE AS orders, (coalesce(b.paid, 0) - coalesce(r.amount, 0))::DOUBLE AS revenue_minor,
               b.mean::DOUBLE AS mean_order_minor, floor(epoch($until::TIMESTAMP - b.last_at) / 86400)::DOUBLE AS days_since_order, coalesce(s.events, 0)::DOUBLE AS events,
               a.score::DOUBLE AS satisfaction, coalesce(c.messages, 0)::DOUBLE AS messages_clicked, coalesce(k.cases, 0)::DOUBLE AS cases
        FROM person p LEFT JOIN bought b ON b.customer = p.customer LEFT JOIN back r ON r.customer = p.customer LEFT JOIN seen s ON s.customer = p.customer
        LEFT JOIN said a ON a.customer = p.customer LEFT JOIN clicked c ON c.customer = p.customer LEFT JOIN asked k ON k.customer = p.customer
        """,
        params={"since": _naive(since), "until": _naive(until), "currency": currency},
    ).to_arrow_table()
    own: dict[str, Any] = {}
    others: dict[str, list[float]] = {}
    place = found.column("customer").to_pylist().index(str(customer))
    members = found.column("member").to_numpy(zero_copy_only=False)
    for name in FIGURES:
        values = found.column(name).to_numpy(zero_copy_only=False)
        own[name] = None if values[place] != values[place] else float(values[place])
        others[name] = values[members]
    return own, others


def most_of(connection: DuckDBPyConnection, *, customer: UUID, since: datetime, until: datetime, limit: int) -> dict[str, dict[str, Any]]:
    """What the customer and the members of `scope` order (category) and where they meet us (channel) most; asked after `figures_of`."""
    found = {}
    for name, table, moment in (("category", "line_of", "ordered_at"), ("channel", "event_of", "occurred_at")):
        sql = f"""
            WITH counted AS (
                SELECT customer, {name} AS value, count(*) AS n FROM {table}
                WHERE {name} IS NOT NULL AND {moment} >= $since AND {moment} < $until AND customer IN (SELECT customer FROM person) GROUP BY ALL),
            top AS (SELECT customer, arg_max(value, (n, value)) AS value FROM counted GROUP BY 1)
            SELECT t.value, count(*) FILTER (p.member), bool_or(t.customer = $customer::UUID) FROM top t JOIN person p ON p.customer = t.customer
            GROUP BY 1 ORDER BY 2 DESC, 1
            """  # noqa: S608 - own names
        rows = connection.execute(sql, {"since": _naive(since), "until": _naive(until), "customer": str(customer)}).fetchall()
        whole = sum(row[1] for row in rows)
        found[name] = {
            "own": next((row[0] for row in rows if row[2]), None),
            "others": [{"value": row[0], "share": row[1] / whole} for row in rows[:limit] if whole and row[1]],
        }
    return found


def satisfaction_and_profit(connection: DuckDBPyConnection, *, scale: str, ask: Ask) -> None:
    """Leave (customer, score, answers, profit) of everybody who answered in the window in the temporary table `judged`; no costs are left out."""
    profit = measures.statement("profit", ask)
    sql = f"""
        CREATE OR REPLACE TEMP TABLE judged AS
        WITH said AS (
            SELECT person AS customer, avg(score) AS score, count(*) AS answers FROM answer_of
            WHERE scale = $scale AND score IS NOT NULL AND person IS NOT NULL AND answered_at >= $since AND answered_at < $until GROUP BY 1),
        made AS (SELECT customer, sum(numerator) AS profit FROM ({profit}) WHERE kind = 'customer' GROUP BY 1)
        SELECT s.customer, s.score, s.answers, coalesce(m.profit, 0)::DOUBLE AS profit FROM said s LEFT JOIN made m ON m.customer = s.customer
        """  # noqa: S608 - fragments of this service
    connection.execute(sql, measures.parameters(sql, ask, scale=scale))


def judged(connection: DuckDBPyConnection, *, scoped: bool) -> tuple[list[float], list[float], int]:
    """(scores, profits, answers) of `judged`, all or of the members of `scope`, in the order of the customers."""
    scope = "WHERE customer IN (SELECT customer FROM scope)" if scoped else ""
    sql = f"SELECT score, profit, answers FROM judged {scope} ORDER BY customer"  # noqa: S608 - own fragment
    rows = connection.execute(sql).fetchall()
    return [row[0] for row in rows], [row[1] for row in rows], sum(row[2] for row in rows)


def attempts(connection: DuckDBPyConnection, *, since: datetime, until: datetime, minutes: int, scoped: bool) -> None:
    """Leave every visit of the window in the temporary table `visit`: when, where, and of those with a purchase begun: steps, seconds, faults, whether it was ended.

    A visit ends after `minutes` without an event. Steps and time count from what begins the purchase to what ends it, or to the end of the visit. A fault
    is an event whose name ends in Error, Failed, Declined or Rejected, or that has the property `error`.
    """
    scope = "AND i.customer IN (SELECT customer FROM scope)" if scoped else ""
    sql = f"""
        CREATE OR REPLACE TEMP TABLE sorted AS
        SELECT CASE WHEN i.customer IS NULL THEN hash(e.identity) ELSE hash(i.customer) END AS who, e.occurred_at, e.channel, coalesce(e.utm_source, e.source) AS source,
               e.name IN (SELECT unnest($begins::VARCHAR[])) AS begins, e.name IN (SELECT unnest($ends::VARCHAR[])) AS ends,
               regexp_matches(e.name, '(Error|Failed|Declined|Rejected)$') OR (contains(e.properties, '"error"') AND json_extract_string(e.properties, '/error') IS NOT NULL) AS fault
        FROM event e LEFT JOIN identity i ON i.identity = e.identity
        WHERE e.occurred_at >= $since AND e.occurred_at < $until AND e.initiator <> 'bot' {scope} ORDER BY who, e.occurred_at, e.rowid
        """  # noqa: S608 - own fragments
    connection.execute(sql, {"since": _naive(since), "until": _naive(until), "begins": list(BEGINS), "ends": list(ENDS)})
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE visit AS
        WITH seen AS (SELECT *, lag(who) OVER () IS DISTINCT FROM who OR occurred_at - lag(occurred_at) OVER () > to_minutes($minutes) AS fresh FROM sorted),
        numbered AS (SELECT *, sum(fresh::BIGINT) OVER (ROWS UNBOUNDED PRECEDING) AS visit, row_number() OVER () AS place FROM seen),
        whole AS (
            SELECT visit, min(occurred_at) AS began_at, arg_min(channel, place) AS channel, arg_min(source, place) AS source, min(place) FILTER (begins) AS first FROM numbered GROUP BY 1),
        ended AS (
            SELECT n.visit, min(n.place) FILTER (n.ends) AS last FROM numbered n JOIN whole w ON w.visit = n.visit WHERE n.place > w.first GROUP BY 1),
        trodden AS (
            SELECT n.visit, count(*) AS steps, epoch(max(n.occurred_at) - min(n.occurred_at)) AS seconds, count(*) FILTER (n.fault) AS faults
            FROM numbered n JOIN whole w ON w.visit = n.visit LEFT JOIN ended d ON d.visit = n.visit
            WHERE n.place >= w.first AND n.place <= coalesce(d.last, n.place) GROUP BY 1)
        SELECT w.visit, w.began_at, w.channel, w.source, t.visit IS NOT NULL AS tried, d.last IS NOT NULL AS bought, t.steps, t.seconds, t.faults
        FROM whole w LEFT JOIN trodden t ON t.visit = w.visit LEFT JOIN ended d ON d.visit = w.visit
        """,
        {"minutes": minutes},
    )


def friction(connection: DuckDBPyConnection, *, by: str, edges: list[datetime], labels: list[str]) -> list[dict[str, Any]]:
    """By group of `visit`: how many visits, purchases begun and ended, what they took, and the score.

    Score of a purchase, 0 (none) to 100: 30 * steps over 2, full at 20; 30 * minutes, full at 30; 20 * faults, full at 2; 20 when it was given up.
    """
    months = " ".join(f"WHEN began_at < $edge{number + 1} THEN $label{number}" for number in range(len(labels)))
    part = {"month": f"CASE {months} END", "channel": "channel", "source": "source"}.get(by, "'all'")
    values: dict[str, Any] = {}
    if by == "month":
        values = {f"edge{number}": _naive(edge) for number, edge in enumerate(edges) if number} | {f"label{number}": label for number, label in enumerate(labels)}
    sql = f"""
        SELECT coalesce({part}, 'unknown') AS part, count(*) AS visits, count(*) FILTER (tried) AS attempts, count(*) FILTER (tried AND bought) AS purchases,
               median(steps) FILTER (bought) AS steps, median(seconds) FILTER (bought) AS seconds, coalesce(sum(faults), 0)::BIGINT AS faults,
               avg(30 * least(1, greatest(0, steps - 2) / 18) + 30 * least(1, seconds / 1800) + 20 * least(1, faults / 2) + CASE WHEN bought THEN 0 ELSE 20 END) FILTER (tried) AS score
        FROM visit GROUP BY 1 ORDER BY 3 DESC, 1 LIMIT 200
        """  # noqa: S608 - own fragments
    names = ("key", "visits", "attempts", "purchases", "median_steps", "median_seconds", "faults", "friction")
    found = []
    for row in connection.execute(sql, values).fetchall():
        one = dict(zip(names, row, strict=True))
        tried, bought = one["attempts"], one["purchases"]
        one |= {
            "abandoned": tried - bought, "abandonment": (tried - bought) / tried if tried else None, "conversion": bought / one["visits"],
            "faults_per_attempt": one["faults"] / tried if tried else None,
        }
        found.append(one)
    return sorted(found, key=lambda one: str(one["key"])) if by == "month" else found


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)

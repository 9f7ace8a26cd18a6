"""Conversion, retention, repeat rate, revenue, same-customer sales, participation and profit as rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from services.analytics.store.measures.asking import Ask


def origin() -> str:
    """CTEs ending in `origin` (customer, part): who won each customer with its first order.

    The channel of the last message handed over in the 30 days before the order, else the medium (UTM) of the last event in them, else direct.
    """
    return """
    firsts AS (SELECT customer, min(ordered_at) AS first_at FROM order_of GROUP BY 1),
    invited AS (
        SELECT f.customer, arg_max(m.channel, m.happened_at) AS channel FROM firsts f JOIN message_of m ON m.person = f.customer
        WHERE m.outcome = 'accepted' AND m.happened_at <= f.first_at AND m.happened_at > f.first_at - to_days($win_days::INTEGER) GROUP BY 1),
    visited AS (
        SELECT f.customer, arg_max(e.utm_medium, e.occurred_at) AS channel FROM firsts f JOIN event_of e ON e.customer = f.customer
        WHERE e.utm_medium IS NOT NULL AND e.occurred_at <= f.first_at AND e.occurred_at > f.first_at - to_days($win_days::INTEGER) GROUP BY 1),
    origin AS (
        SELECT f.customer, f.first_at, coalesce(i.channel, v.channel, 'direct') AS part
        FROM firsts f LEFT JOIN invited i ON i.customer = f.customer LEFT JOIN visited v ON v.customer = f.customer)
    """


def revenue_of(name: str, since: str, until: str) -> str:
    """A CTE (customer, amount): net value of orders less refunds booked, in the reporting currency."""
    return f"""
    {name} AS (SELECT customer, sum(amount)::BIGINT AS amount FROM (
        SELECT customer, net_minor AS amount FROM order_of WHERE currency = $currency AND ordered_at >= {since} AND ordered_at < {until}
        UNION ALL SELECT customer, -amount_minor FROM refund_of WHERE currency = $currency AND refunded_at >= {since} AND refunded_at < {until}
    ) GROUP BY 1)
    """  # noqa: S608 - fragments of this package


def _conversion(ask: Ask) -> str:
    part = ask.part({"channel": "e.channel", "source": "coalesce(e.utm_source, e.source)"})
    return f"""
    WITH seen AS (
        SELECT coalesce(i.customer::VARCHAR, e.identity::VARCHAR) AS who, any_value(i.customer) AS customer, min(e.occurred_at) AS first_at,
               arg_min({part}, e.occurred_at) AS part
        FROM event e LEFT JOIN identity i ON i.identity = e.identity
        WHERE e.occurred_at >= $since AND e.occurred_at < $until AND e.initiator <> 'bot'
          AND (e.kind IN ('page', 'screen') OR e.name IN ('Product Viewed', 'Product List Viewed', 'Product Clicked'))
        GROUP BY 1
    ), viewer AS (
        SELECT * FROM seen WHERE (customer IS NULL OR customer NOT IN (
            SELECT customer FROM consent_of WHERE purpose = 'analytics' AND state = 'withdrawn')) AND {ask.within()}
    ), bought AS (
        SELECT coalesce(i.customer::VARCHAR, o.identity::VARCHAR) AS who, o.ordered_at
        FROM orders o LEFT JOIN identity i ON i.identity = o.identity WHERE o.counts
    ), judged AS (
        SELECT v.who, v.customer, v.part, v.first_at, v.first_at + to_days($conversion_days::INTEGER) <= $as_of AS closed,
               coalesce(bool_or(b.ordered_at < v.first_at), false) AS earlier,
               coalesce(bool_or(b.ordered_at >= v.first_at AND b.ordered_at <= v.first_at + to_days($conversion_days::INTEGER)), false) AS won
        FROM viewer v LEFT JOIN bought b ON b.who = v.who GROUP BY ALL
    )
    SELECT 'viewer' AS kind, who AS id, customer, part, first_at AS moment, (closed AND won)::INTEGER AS numerator, closed::INTEGER AS denominator,
           (NOT closed)::INTEGER AS open, CASE WHEN NOT closed THEN 'open' END AS note
    FROM judged WHERE NOT earlier
    """  # noqa: S608 - fragments of this file


def kept() -> str:
    """CTEs `base` (customer, moment) of W⁻ and `now` (customer, moment) of W."""
    return """
    base AS (SELECT customer, max(ordered_at) AS moment FROM order_of WHERE ordered_at >= $before AND ordered_at < $since GROUP BY 1),
    now AS (SELECT customer, min(ordered_at) AS moment FROM order_of WHERE ordered_at >= $since AND ordered_at < $until GROUP BY 1)
    """


def _retention(ask: Ask) -> str:
    return f"""
    WITH {kept()}
    SELECT 'customer' AS kind, b.customer::VARCHAR AS id, b.customer, 'all' AS part, coalesce(n.moment, b.moment) AS moment, (n.customer IS NOT NULL)::INTEGER AS numerator,
           1 AS denominator, 0 AS open, CASE WHEN n.customer IS NULL THEN 'lost' ELSE 'kept' END AS note
    FROM base b LEFT JOIN now n ON n.customer = b.customer WHERE {ask.within('b.customer')}
    """  # noqa: S608 - fragments of this file


def _repeat(ask: Ask) -> str:
    return f"""
    SELECT 'customer' AS kind, customer::VARCHAR AS id, customer, 'all' AS part, max(ordered_at) AS moment, (count(*) >= 2)::INTEGER AS numerator,
           1 AS denominator, 0 AS open, count(*) || ' orders' AS note
    FROM order_of WHERE ordered_at >= $since AND ordered_at < $until AND {ask.within()} GROUP BY customer
    """  # noqa: S608 - fragments of this file


def _revenue(ask: Ask) -> str:
    """`open` counts the orders in other currencies, which are left out."""
    part = ask.part({"source": "source", "partner": "coalesce(affiliation, 'direct')"})
    back = ask.part({"source": "source", "partner": "coalesce(partner, 'direct')"})
    sold = "LEFT JOIN (SELECT order_id AS of_order, any_value(affiliation) AS partner FROM orders GROUP BY 1) AS sold ON of_order = refunded.order_id" if ask.by == "partner" else ""
    orders = "order_of" if ask.scoped else "(SELECT i.customer, o.* FROM orders o LEFT JOIN identity i ON i.identity = o.identity WHERE o.counts)"
    refunds = "refund_of" if ask.scoped else "(SELECT i.customer, r.* FROM valid_refund r LEFT JOIN identity i ON i.identity = r.identity)"
    return f"""
    SELECT 'order' AS kind, order_id AS id, customer, {part} AS part, ordered_at AS moment, CASE WHEN currency = $currency THEN net_minor END AS numerator,
           (currency = $currency)::INTEGER AS denominator, (currency <> $currency)::INTEGER AS open, CASE WHEN currency <> $currency THEN currency END AS note
    FROM {orders} WHERE ordered_at >= $since AND ordered_at < $until AND {ask.within()}
    UNION ALL
    SELECT 'refund', refund_id, customer, {back}, refunded_at, -amount_minor, 0, 0, order_id FROM {refunds} AS refunded {sold}
    WHERE currency = $currency AND refunded_at >= $since AND refunded_at < $until AND {ask.within()}
    """  # noqa: S608 - fragments of this file


def _same_customers(ask: Ask) -> str:
    """With less than 13 months of orders before the window the window directly before it is the basis."""
    return f"""
    WITH history AS (SELECT coalesce(min(ordered_at) <= $year_since - to_days(30), false) AS enough FROM order_of),
    past AS (SELECT CASE WHEN enough THEN $year_since ELSE $before END AS since, CASE WHEN enough THEN $year_until ELSE $since END AS until,
             CASE WHEN enough THEN 'year' ELSE 'previous' END AS basis FROM history),
    same AS (SELECT DISTINCT customer FROM order_of, past t WHERE ordered_at >= t.since AND ordered_at < t.until AND {ask.within()}),
    {revenue_of('recent', '$since', '$until')}, {revenue_of('earlier', '(SELECT since FROM past)', '(SELECT until FROM past)')}
    SELECT 'customer' AS kind, s.customer::VARCHAR AS id, s.customer, 'all' AS part, NULL::TIMESTAMP AS moment, coalesce(r.amount, 0) AS numerator,
           coalesce(e.amount, 0) AS denominator, 0 AS open, 'basis: ' || (SELECT basis FROM past) AS note
    FROM same s LEFT JOIN recent r ON r.customer = s.customer LEFT JOIN earlier e ON e.customer = s.customer
    """  # noqa: S608 - fragments of this file


def _participation(ask: Ask) -> str:
    """Active in a programme: points earned or a reward taken there, an event whose property `programme` names one, or whose name begins so."""
    return f"""
    WITH {kept()}, customers AS (SELECT customer FROM base UNION SELECT customer FROM now),
    active AS (
        SELECT customer, min(moment) AS moment, arg_min(programme, moment) AS programme FROM (
            SELECT customer, occurred_at AS moment, coalesce(json_extract_string(properties, '/programme'), name) AS programme FROM event_of
            WHERE occurred_at >= $since AND occurred_at < $until AND (
                regexp_matches(name, '^(Programme|Reward|Points|Coupon) ') OR json_extract_string(properties, '/programme') IS NOT NULL)
            UNION ALL
            SELECT person, happened_at, programme FROM participation_of WHERE happened_at >= $since AND happened_at < $until AND person IS NOT NULL)
        GROUP BY 1)
    SELECT 'customer' AS kind, c.customer::VARCHAR AS id, c.customer, 'all' AS part, a.moment, (a.customer IS NOT NULL)::INTEGER AS numerator,
           1 AS denominator, 0 AS open, a.programme AS note
    FROM customers c LEFT JOIN active a ON a.customer = c.customer WHERE {ask.within('c.customer')}
    """  # noqa: S608 - fragments of this file


BUILDERS: Final[dict[str, Callable[[Ask], str]]] = {
    "conversion": _conversion, "retention": _retention, "churn": _retention, "repeat_rate": _repeat, "revenue": _revenue,
    "same_customer_sales": _same_customers, "participation": _participation,
}

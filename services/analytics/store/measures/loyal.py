"""Loyalty index, loyal share and share of customer as rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from services.analytics.store.measures.asking import Ask

#: CTEs ending in `shares` (customer, revenue, spend, basis): revenue of the stated category against what the customer spends with anybody,
#: by the days of the window that a statement covers; the last statement of a category counts.
_SHARES: Final = """
stated AS (
    SELECT person AS customer, category, amount_minor, basis, first_day, last_day,
           greatest(0, date_diff('day', greatest(first_day, $first), least(last_day, $last))) AS days FROM spending_of
    WHERE currency = $currency AND first_day < $last AND last_day > $first
    QUALIFY row_number() OVER (PARTITION BY person, category ORDER BY stated_at DESC, statement_id DESC) = 1),
earned AS (
    SELECT customer, '' AS category, sum(amount) AS amount FROM (
        SELECT customer, net_minor AS amount FROM order_of WHERE currency = $currency AND ordered_at >= $since AND ordered_at < $until
        UNION ALL SELECT customer, -amount_minor FROM refund_of WHERE currency = $currency AND refunded_at >= $since AND refunded_at < $until)
    WHERE customer IN (SELECT customer FROM stated WHERE category = '') GROUP BY 1
    UNION ALL
    SELECT customer, category, sum(amount_minor) FROM line_of WHERE currency = $currency AND ordered_at >= $since AND ordered_at < $until
    AND category IN (SELECT category FROM stated WHERE category <> '') AND customer IN (SELECT customer FROM stated WHERE category <> '') GROUP BY ALL),
shares AS (
    SELECT s.customer, sum(greatest(coalesce(e.amount, 0), 0))::BIGINT AS revenue,
           sum(round(s.amount_minor * s.days / greatest(1, date_diff('day', s.first_day, s.last_day))))::BIGINT AS spend,
           string_agg(DISTINCT s.basis, ', ' ORDER BY s.basis) AS basis
    FROM stated s LEFT JOIN earned e ON e.customer = s.customer AND e.category = s.category GROUP BY 1)
"""


def _share(ask: Ask) -> str:
    """Ratio of sums over the customers with a basis; above 1 it is capped and noted."""
    return f"""
    WITH {_SHARES}
    SELECT 'customer' AS kind, customer::VARCHAR AS id, customer, 'all' AS part, NULL::TIMESTAMP AS moment, least(revenue, spend) AS numerator,
           spend AS denominator, 0 AS open, basis || CASE WHEN revenue > spend THEN ', capped' ELSE '' END AS note
    FROM shares WHERE spend > 0 AND {ask.within()}
    """  # noqa: S608 - fragments of this file


#: CTEs ending in `loyalty` (customer, index, parts): everybody with an order before the end of the window.
_INDEX: Final = f"""
{_SHARES},
ordered AS (
    SELECT customer, ordered_at, epoch(ordered_at - lag(ordered_at) OVER (PARTITION BY customer ORDER BY ordered_at)) / 86400 AS gap
    FROM order_of WHERE ordered_at < least($until, $as_of)),
middle AS (SELECT greatest(1, coalesce(median(gap), 365)) AS gap FROM ordered WHERE gap > 0),
bought AS (
    SELECT customer, count(*) AS orders, min(ordered_at) AS first_at, max(ordered_at) AS last_at, median(gap) AS own,
           count(*) FILTER (ordered_at >= $since) AS recent FROM ordered GROUP BY 1),
parts AS (
    SELECT b.customer, b.orders, b.first_at, b.last_at,
           greatest(0, 1 - epoch(least($until, $as_of) - b.last_at) / 86400 / (3 * CASE WHEN b.orders >= 3 THEN greatest(1, b.own) ELSE m.gap END)) AS rec,
           percent_rank() OVER (ORDER BY b.recent) AS freq, CASE WHEN s.spend > 0 THEN least(1.0, s.revenue / s.spend) END AS share
    FROM bought b, middle m LEFT JOIN shares s ON s.customer = b.customer),
loyalty AS (
    SELECT *, CASE WHEN share IS NULL THEN 100 * (4.0 / 7 * rec + 3.0 / 7 * freq) ELSE 100 * (0.4 * rec + 0.3 * freq + 0.3 * share) END AS points,
           orders >= 3 AND first_at <= least($until, $as_of) - to_days(365) AS long FROM parts)
"""  # noqa: S608 - fragments of this file
_NOTE: Final = "printf('index %.2f: recency %.4f, frequency %.4f, share %s', points, rec, freq, coalesce(round(share, 4)::VARCHAR, 'unknown'))"


def _index(ask: Ask) -> str:
    """Numerators are hundredths of a point."""
    return f"""
    WITH {_INDEX}
    SELECT 'customer' AS kind, customer::VARCHAR AS id, customer, 'all' AS part, last_at AS moment, round(points * 100)::BIGINT AS numerator,
           1 AS denominator, 0 AS open, {_NOTE} AS note FROM loyalty WHERE {ask.within()}
    """  # noqa: S608 - fragments of this file


def _loyal(ask: Ask) -> str:
    return f"""
    WITH {_INDEX}
    SELECT 'customer' AS kind, customer::VARCHAR AS id, customer, 'all' AS part, last_at AS moment, (points >= 70 AND long)::INTEGER AS numerator,
           1 AS denominator, 0 AS open, {_NOTE} AS note FROM loyalty WHERE {ask.within()}
    """  # noqa: S608 - fragments of this file


def _bases(_: Ask, rows: str) -> tuple[tuple[str, ...], str]:
    sql = f"SELECT count(*) FILTER (contains(note, 'declared')), count(*) FILTER (contains(note, 'imported')), count(*) FILTER (contains(note, 'estimated')), count(*) FILTER (contains(note, 'capped')) FROM ({rows})"  # noqa: S608 - fragments
    return ("declared", "imported", "estimated", "capped"), sql


BUILDERS: Final[dict[str, Callable[[Ask], str]]] = {"share_of_customer": _share, "loyalty_index": _index, "loyal_share": _loyal}
EXTRAS: Final[dict[str, Callable[[Ask, str], tuple[tuple[str, ...], str]]]] = {"share_of_customer": _bases}

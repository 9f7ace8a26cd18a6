"""Acquisition and retention cost, profit, and cost per effective response as rows. Every minor unit of cost is in exactly one row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from services.analytics.store.measures.asking import Ask
from services.analytics.store.measures.buying import kept, origin, revenue_of

#: What a customer's part of a shared cost is weighed by; a pool is one channel and campaign, or all shared costs where all weigh alike.
_WEIGHTS: Final = {
    "even": "",
    "revenue": "SELECT p.pool, t.customer, greatest(r.amount, 0)::HUGEINT AS w FROM pool p, target t JOIN weighed r ON r.customer = t.customer",
    "touches": """
        SELECT p.pool, m.person AS customer, count(*)::HUGEINT AS w FROM pool p JOIN message_of m ON m.channel = p.channel
        AND (p.campaign IS NULL OR p.campaign = m.campaign_id) JOIN target t ON t.customer = m.person
        WHERE m.outcome = 'accepted' AND m.happened_at >= $since AND m.happened_at < $until GROUP BY ALL""",
    "responders": """
        SELECT DISTINCT p.pool, m.person AS customer, 1::HUGEINT AS w FROM pool p JOIN message_of m ON m.channel = p.channel
        AND (p.campaign IS NULL OR p.campaign = m.campaign_id) JOIN target t ON t.customer = m.person
        JOIN order_of o ON o.customer = m.person AND o.ordered_at >= m.happened_at
            AND o.ordered_at <= m.happened_at + to_days($response_days::INTEGER)
        WHERE m.outcome = 'accepted' AND m.happened_at >= $since AND m.happened_at < $until""",
}
ALLOCATIONS: Final = tuple(_WEIGHTS)


#: Everybody bears the same of the one pool: what is left over after dividing goes by ids, so nothing but ids is sorted and nothing is joined.
_EVENLY: Final = """
    sharing AS (SELECT p.total, abs(p.total) // n.people AS part, abs(p.total) % n.people AS left_over FROM pool p, (SELECT nullif(count(*), 0) AS people FROM target) n),
    placed AS (SELECT *, row_number() OVER (ORDER BY customer) AS place FROM target),
    loaded AS (
        SELECT t.* EXCLUDE (place), coalesce(d.amount, 0) AS direct, coalesce(sign(s.total) * (s.part + (t.place <= s.left_over)::INTEGER), 0)::BIGINT AS shared
        FROM placed t LEFT JOIN sharing s ON true LEFT JOIN traced d ON d.bearer = t.customer)
"""
_BY_WEIGHT: Final = """
    weight AS ({weight}),
    summed AS (SELECT w.*, p.total, sum(w.w) OVER (PARTITION BY w.pool) AS whole FROM weight w JOIN pool p ON p.pool = w.pool),
    floored AS (
        SELECT *, (abs(total)::HUGEINT * w) // whole AS part, (abs(total)::HUGEINT * w) % whole AS beyond FROM summed WHERE whole > 0),
    ranked AS (
        SELECT *, row_number() OVER (PARTITION BY pool ORDER BY beyond DESC, customer) AS place,
               abs(total) - sum(part) OVER (PARTITION BY pool) AS left_over FROM floored),
    shared AS (SELECT customer AS sharer, sum(sign(total) * (part + (place <= left_over)::INTEGER))::BIGINT AS amount FROM ranked GROUP BY 1),
    loaded AS (
        SELECT t.*, coalesce(d.amount, 0) AS direct, coalesce(s.amount, 0) AS shared FROM target t
        LEFT JOIN traced d ON d.bearer = t.customer LEFT JOIN shared s ON s.sharer = t.customer)
"""


def allocated(kinds: str, allocation: str) -> str:
    """CTEs over `target` (customer, perhaps more) ending in `loaded` (the same, direct, shared) and `rest` (amount that nobody of them bears).

    Shared costs are split by largest remainder, ties by id, so that the parts sum to the cost to the minor unit. `kinds` is this package's own.
    """
    alike = allocation in {"even", "revenue"}
    pool, channel, campaign = ("'all'", "NULL", "NULL") if alike else ("channel || '/' || coalesce(campaign_id, '')", "channel", "campaign_id")
    weighed = revenue_of("weighed", "$since", "$until") + "," if allocation == "revenue" else ""
    return f"""
    spent AS (SELECT * FROM cost_of WHERE kind IN ({kinds}) AND currency = $currency AND booked_on >= $first AND booked_on < $last),
    traced AS (SELECT person AS bearer, sum(amount_minor)::BIGINT AS amount FROM spent WHERE person IN (SELECT customer FROM target) GROUP BY 1),
    pool AS (SELECT pool, channel, campaign, sum(amount_minor)::BIGINT AS total FROM (
        SELECT {pool} AS pool, {channel} AS channel, {campaign} AS campaign, amount_minor FROM spent
        WHERE NOT EXISTS (SELECT 1 FROM target t WHERE t.customer = person)) GROUP BY ALL),
    {weighed} {_EVENLY if allocation == "even" else _BY_WEIGHT.replace("{weight}", _WEIGHTS[allocation])},
    rest AS (
        SELECT (SELECT coalesce(sum(amount_minor), 0) FROM spent) - (SELECT coalesce(sum(direct + shared), 0) FROM loaded) AS amount,
               (SELECT count(*) FROM spent) AS entries)
    """  # noqa: S608 - fragments of this file


def _per_customer(ask: Ask, target: str, kinds: str) -> str:
    """A row for each customer with what it cost, and one for what nobody bears; without a cost entry the numerators are null."""
    loaded = f"""
    SELECT 'customer' AS kind, l.customer::VARCHAR AS id, l.customer, 'all' AS part, NULL::TIMESTAMP AS moment,
           CASE WHEN r.entries > 0 THEN l.direct + l.shared END AS numerator, 1 AS denominator, 0 AS open,
           'direct ' || l.direct || ', shared ' || l.shared AS note
    FROM loaded l, rest r WHERE {ask.within('l.customer')}
    """  # noqa: S608 - fragments of this file
    nobody = """
    UNION ALL SELECT 'unassigned', 'unassigned', NULL, 'all', NULL, amount, 0, 0, 'nobody bears it' FROM rest WHERE amount <> 0
    """
    return f"WITH {target}, {allocated(kinds, ask.allocation)} {loaded} {'' if ask.scoped else nobody}"


def _per_channel(target: str, kinds: str) -> str:
    """By channel: what was booked for it, and the customers it won."""
    return f"""
    WITH {origin()}, {target}
    SELECT 'cost' AS kind, cost_id AS id, person AS customer, channel AS part, booked_on::TIMESTAMP AS moment, amount_minor AS numerator, 0 AS denominator,
           0 AS open, campaign_id AS note
    FROM cost_of WHERE kind IN ({kinds}) AND currency = $currency AND booked_on >= $first AND booked_on < $last
    UNION ALL
    SELECT 'customer', t.customer::VARCHAR, t.customer, coalesce(o.part, 'direct'), o.first_at, NULL, 1, 0, NULL
    FROM target t LEFT JOIN origin o ON o.customer = t.customer
    """  # noqa: S608 - fragments of this file


_NEW: Final = """
target AS (SELECT customer FROM order_of GROUP BY customer HAVING min(ordered_at) >= $since AND min(ordered_at) < $until)
"""
_KEPT: Final = f"{kept()}, target AS (SELECT b.customer FROM base b JOIN now n ON n.customer = b.customer)"  # noqa: S608 - fragments
#: Everybody who bought before the end of the window, with the revenue less refunds in it.
_BUYERS: Final = """
target AS (
    SELECT customer, coalesce(sum(amount), 0)::BIGINT AS earned FROM (
        SELECT customer, true AS ordered, CASE WHEN currency = $currency AND ordered_at >= $since THEN net_minor END AS amount FROM order_of WHERE ordered_at < $until
        UNION ALL
        SELECT customer, false, -amount_minor FROM refund_of WHERE currency = $currency AND refunded_at >= $since AND refunded_at < $until)
    GROUP BY customer HAVING bool_or(ordered))
"""


def _acquiring(ask: Ask) -> str:
    return _per_channel(_NEW, "'acquire'") if ask.by == "channel" else _per_customer(ask, _NEW, "'acquire'")


def _retaining(ask: Ask) -> str:
    kinds = "'retain', 'serve'" if ask.serve else "'retain'"
    return _per_channel(_KEPT, kinds) if ask.by == "channel" else _per_customer(ask, _KEPT, kinds)


def _profit(ask: Ask) -> str:
    """Revenue less cost of goods (by margin), retention and service, of each customer; what nobody bears is a row of its own."""
    nobody = """
    UNION ALL SELECT 'unassigned', 'unassigned', NULL, 'all', NULL, -amount, 0, 0, 'cost that nobody bears' FROM rest WHERE amount <> 0
    """
    return f"""
    WITH {_BUYERS}, {allocated("'retain', 'serve'", ask.allocation)}
    SELECT 'customer' AS kind, l.customer::VARCHAR AS id, l.customer, 'all' AS part, NULL::TIMESTAMP AS moment,
           round(l.earned * $margin)::BIGINT - l.direct - l.shared AS numerator, 1 AS denominator, 0 AS open,
           'revenue ' || l.earned || ', costs ' || (l.direct + l.shared) AS note
    FROM loaded l WHERE {ask.within('l.customer')} {'' if ask.scoped else nobody}
    """  # noqa: S608 - fragments of this file


def _per_response(ask: Ask) -> str:
    """`open` counts the messages whose seven days still run."""
    part = ask.part({"channel": "channel", "campaign": "coalesce(campaign_id, '')"})
    # Of a segment: the part of each cost that its part of the messages of that channel (and campaign) makes.
    amount = "amount_minor" if not ask.scoped else """
        round(amount_minor * (SELECT count(*) FILTER (t.person IN (SELECT customer FROM scope)) / count(*) FROM touch t
        WHERE t.happened_at >= $since AND t.happened_at < $until AND t.channel = c.channel AND (c.campaign_id IS NULL OR t.campaign_id = c.campaign_id)))::BIGINT
    """
    return f"""
    WITH touch AS (SELECT message_id, person, campaign_id, channel, happened_at FROM message_of WHERE outcome = 'accepted'),
    credited AS (
        SELECT t.campaign_id, t.person, t.channel, min(o.ordered_at) AS moment, min(o.order_id) AS order_id FROM order_of o
        ASOF JOIN touch t ON t.person = o.customer AND o.ordered_at >= t.happened_at
        WHERE o.ordered_at <= t.happened_at + to_days($response_days::INTEGER) AND t.happened_at >= $since AND t.happened_at < $until GROUP BY ALL)
    SELECT 'cost' AS kind, cost_id AS id, person AS customer, {part} AS part, booked_on::TIMESTAMP AS moment, {amount} AS numerator, 0 AS denominator,
           0 AS open, campaign_id AS note
    FROM cost_of c WHERE booked_on >= $first AND booked_on < $last AND currency = $currency AND channel IN (
        SELECT channel FROM touch WHERE happened_at >= $since AND happened_at < $until)
    UNION ALL
    SELECT 'response', coalesce(campaign_id, '') || '/' || coalesce(person::VARCHAR, ''), person, {part}, moment, NULL, 1, 0, order_id FROM credited WHERE {ask.within('person')}
    UNION ALL
    SELECT 'message', message_id, person, {part}, happened_at, NULL, 0, (happened_at + to_days($response_days::INTEGER) > $as_of)::INTEGER, NULL
    FROM touch WHERE happened_at >= $since AND happened_at < $until AND {ask.within('person')}
    """  # noqa: S608 - fragments of this file


def _incremental(ask: Ask, rows: str) -> tuple[tuple[str, ...], str]:
    """Treated against held out: orders and money within the days of a response; each difference with its 95 % interval, what is not sure is null."""
    sql = f"""
    WITH cost AS (SELECT coalesce(sum(numerator), 0) AS amount FROM ({rows})),
    people AS (
        SELECT person, outcome = 'accepted' AS treated, min(happened_at) AS moment FROM message_of
        WHERE happened_at >= $since AND happened_at < $until AND {ask.within('person')}
        AND (outcome = 'accepted' OR (outcome = 'suppressed' AND reason IN ('holdout', 'control', 'control_group'))) GROUP BY ALL),
    judged AS (
        SELECT p.person, p.treated, count(o.order_id) > 0 AS answered, coalesce(sum(o.net_minor - o.refunded_minor) FILTER (o.currency = $currency), 0) AS money
        FROM people p LEFT JOIN order_of o ON o.customer = p.person AND o.ordered_at >= p.moment AND o.ordered_at <= p.moment + to_days($response_days::INTEGER)
        GROUP BY ALL),
    rates AS (
        SELECT count(*) FILTER (treated) AS n1, count(*) FILTER (NOT treated) AS n0, avg(answered::INTEGER) FILTER (treated) AS r1,
               avg(answered::INTEGER) FILTER (NOT treated) AS r0, avg(money) FILTER (treated) - avg(money) FILTER (NOT treated) AS gain,
               1.96 * sqrt(var_samp(money) FILTER (treated) / nullif(count(*) FILTER (treated), 0)
                           + var_samp(money) FILTER (NOT treated) / nullif(count(*) FILTER (NOT treated), 0)) AS unsure FROM judged),
    lifts AS (SELECT *, r1 - r0 AS lift, 1.96 * sqrt(r1 * (1 - r1) / nullif(n1, 0) + r0 * (1 - r0) / nullif(n0, 0)) AS half FROM rates),
    told AS (SELECT *, n1 * gain * $margin - amount AS profit, n1 * unsure * $margin AS about FROM lifts, cost)
    SELECT n1, n0, lift, lift - half, lift + half, CASE WHEN lift - half > 0 THEN amount / (n1 * lift) END, profit, profit - about, profit + about,
           CASE WHEN n0 = 0 THEN 'not enough data: nobody was held out' WHEN about IS NULL THEN 'not enough data: at least two on either side are needed'
                WHEN profit - about > 0 THEN 'it pays' WHEN profit + about < 0 THEN 'it does not pay' ELSE 'not enough data: the interval of the profit holds 0' END
    FROM told
    """  # noqa: S608 - fragments of this file
    return (
        "treated", "held_out", "lift", "lift_low", "lift_high", "incremental_cost_per_response", "incremental_profit_minor", "incremental_profit_low",
        "incremental_profit_high", "verdict",
    ), sql


BUILDERS: Final[dict[str, Callable[[Ask], str]]] = {"cac": _acquiring, "crc": _retaining, "profit": _profit, "cper": _per_response}
EXTRAS: Final[dict[str, Callable[[Ask, str], tuple[tuple[str, ...], str]]]] = {"cper": _incremental}

"""Satisfaction, unwanted messages, return contacts and the time to the responsible person as rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from services.analytics.store.measures.asking import Ask

_GROUPS: Final = {"channel": "coalesce(channel, 'unknown')", "team": "coalesce(team, 'none')", "employee": "coalesce(employee, 'nobody')"}


def _answers(ask: Ask, scales: str, numerator: str) -> str:
    return f"""
    SELECT 'answer' AS kind, fact_id AS id, person AS customer, {ask.part(_GROUPS)} AS part, answered_at AS moment, ({numerator})::BIGINT AS numerator,
           1 AS denominator, 0 AS open, 'score ' || score AS note
    FROM answer_of WHERE scale IN ({scales}) AND score IS NOT NULL AND answered_at >= $since AND answered_at < $until AND {ask.within('person')}
    """  # noqa: S608 - fragments of this file


def _csat(ask: Ask) -> str:
    return _answers(ask, "'csat', 'purchase', 'delivery'", "score >= 4")


def _purchase(ask: Ask) -> str:
    return _answers(ask, "'purchase', 'delivery'", "score >= 4")


def _nps(ask: Ask) -> str:
    return _answers(ask, "'nps'", "CASE WHEN score >= 9 THEN 1 WHEN score <= 6 THEN -1 ELSE 0 END")


def _effort(ask: Ask) -> str:
    return _answers(ask, "'effort'", "round(score)")


def _commitment(ask: Ask) -> str:
    return _answers(ask, "'commitment'", "round(score)")


def _emotion(ask: Ask) -> str:
    """Numerators are thousandths."""
    return _answers(ask, "'emotion'", "round(score * 1000)")


def _unwanted(ask: Ask) -> str:
    """A refusal is credited to the last message handed over on its channel in the seven days before."""
    part = ask.part({"channel": "m.channel", "campaign": "coalesce(m.campaign_id, '')"})
    return f"""
    WITH sent AS (SELECT * FROM message_of WHERE outcome = 'accepted'),
    credited AS (
        SELECT r.fact_id, r.kind, m.message_id FROM refusal_of r JOIN sent m ON m.person = r.person AND m.happened_at <= r.happened_at
            AND r.happened_at <= m.happened_at + to_days($response_days::INTEGER) AND (r.channel IS NULL OR r.channel IN ('*', m.channel))
        QUALIFY row_number() OVER (PARTITION BY r.fact_id ORDER BY m.happened_at DESC, m.message_id) = 1),
    refused AS (SELECT message_id, string_agg(DISTINCT kind, ', ' ORDER BY kind) AS kinds FROM credited GROUP BY 1)
    SELECT 'message' AS kind, m.fact_id AS id, m.person AS customer, {part} AS part, m.happened_at AS moment, (r.message_id IS NOT NULL)::INTEGER AS numerator,
           1 AS denominator, (m.happened_at + to_days($response_days::INTEGER) > $as_of)::INTEGER AS open, r.kinds AS note
    FROM sent m LEFT JOIN refused r ON r.message_id = m.message_id
    WHERE m.happened_at >= $since AND m.happened_at < $until AND {ask.within('m.person')}
    """  # noqa: S608 - fragments of this file


#: A matter comes back: the person's case of the same kind was resolved in the days before. Another kind is a wanted return.
_RETURNS: Final = """
opened AS (SELECT * FROM case_of WHERE step = 'opened' AND happened_at >= $since AND happened_at < $until),
solved AS (SELECT person, case_id, kind, employee, team, happened_at FROM case_of WHERE step = 'resolved' AND person IS NOT NULL),
returned AS (
    SELECT o.case_id, o.person, o.channel, o.happened_at, coalesce(bool_or(s.kind = o.kind), false) AS same, count(s.case_id) AS before,
           arg_max(s.employee, s.happened_at) AS employee, arg_max(s.team, s.happened_at) AS team
    FROM opened o LEFT JOIN solved s ON s.person = o.person AND s.case_id <> o.case_id AND s.happened_at <= o.happened_at
        AND s.happened_at >= o.happened_at - to_days($return_days::INTEGER)
    GROUP BY ALL)
"""


def _returns(ask: Ask) -> str:
    return f"""
    WITH {_RETURNS}
    SELECT 'case' AS kind, case_id AS id, person AS customer, {ask.part(_GROUPS)} AS part, happened_at AS moment, same::INTEGER AS numerator, 1 AS denominator,
           0 AS open, CASE WHEN same THEN 'same problem' WHEN before > 0 THEN 'wanted return' ELSE 'first contact' END AS note
    FROM returned WHERE {ask.within('person')}
    """  # noqa: S608 - fragments of this file


def _responsible(ask: Ask) -> str:
    """Seconds from the opening of a case to the first person in charge; `open` are cases that nobody has yet."""
    part = ask.part({"channel": "o.channel", "team": "coalesce(a.team, o.team)", "employee": "coalesce(a.employee, 'nobody')"})
    return f"""
    WITH opened AS (SELECT * FROM case_of WHERE step = 'opened' AND happened_at >= $since AND happened_at < $until),
    assigned AS (
        SELECT case_id, min(waited_s) AS waited, arg_min(employee, happened_at) AS employee, arg_min(team, happened_at) AS team
        FROM case_step WHERE step = 'assigned' GROUP BY 1)
    SELECT 'case' AS kind, o.case_id AS id, o.person AS customer, {part} AS part, o.happened_at AS moment, round(a.waited)::BIGINT AS numerator,
           (a.case_id IS NOT NULL)::INTEGER AS denominator, (a.case_id IS NULL)::INTEGER AS open, NULL AS note
    FROM opened o LEFT JOIN assigned a ON a.case_id = o.case_id WHERE {ask.within('o.person')}
    """  # noqa: S608 - fragments of this file


def _staff(ask: Ask) -> str:
    """Every order of the window, credited to the last act before it or to nobody."""
    part = ask.part({name: f"CASE WHEN {_CREDITED} THEN coalesce(a.{name}, 'none') ELSE 'nobody' END" for name in ("team", "employee", "channel")})
    return f"""
    WITH act AS (
        SELECT person, team, employee, channel, happened_at, 'solved case ' || case_id AS what FROM case_of
        WHERE step = 'resolved' AND employee IS NOT NULL AND person IS NOT NULL
        UNION ALL SELECT person, team, employee, channel, answered_at, 'praise for case ' || coalesce(case_id, '') FROM answer_of
        WHERE scale = 'csat' AND score >= 5 AND employee IS NOT NULL AND person IS NOT NULL),
    sold AS (
        SELECT customer, order_id, ordered_at, net_minor - refunded_minor AS amount FROM order_of
        WHERE currency = $currency AND ordered_at >= $since AND ordered_at < $until AND {ask.within()})
    SELECT 'order' AS kind, o.order_id AS id, o.customer, {part} AS part, o.ordered_at AS moment, CASE WHEN {_CREDITED} THEN o.amount ELSE 0 END AS numerator,
           o.amount AS denominator, 0 AS open, CASE WHEN {_CREDITED} THEN a.employee || ': ' || a.what END AS note
    FROM sold o ASOF LEFT JOIN act a ON a.person = o.customer AND o.ordered_at >= a.happened_at
    """  # noqa: S608 - fragments of this file


_CREDITED: Final = "coalesce(o.ordered_at <= a.happened_at + to_days($staff_days::INTEGER), false)"


def _response(_: Ask, rows: str) -> tuple[tuple[str, ...], str]:
    """Everybody whose case was resolved was asked; below 30 answers a figure is of few."""
    sql = f"""
    WITH asked AS (SELECT count(*) AS n FROM case_step WHERE step = 'resolved' AND happened_at >= $since AND happened_at < $until),
    told AS (SELECT count(*) AS n FROM ({rows}))
    SELECT t.n < 30, a.n, CASE WHEN a.n > 0 THEN least(1.0, t.n / a.n) END FROM told t, asked a
    """  # noqa: S608 - fragments of this file
    return ("few", "asked", "response_rate"), sql


def _few(_: Ask, rows: str) -> tuple[tuple[str, ...], str]:
    return ("few",), f"SELECT count(*) < 30 FROM ({rows})"  # noqa: S608 - fragments of this file


def _percentiles(_: Ask, rows: str) -> tuple[tuple[str, ...], str]:
    return ("p50_s", "p95_s"), f"SELECT quantile_cont(numerator, 0.5), quantile_cont(numerator, 0.95) FROM ({rows})"  # noqa: S608 - fragments


def _split(_: Ask, rows: str) -> tuple[tuple[str, ...], str]:
    sql = f"SELECT count(*) FILTER (note = 'same problem'), count(*) FILTER (note = 'wanted return'), count(*) FILTER (note = 'first contact') FROM ({rows})"  # noqa: S608 - fragments
    return ("same_problem", "wanted_return", "first_contact"), sql


def _kinds(_: Ask, rows: str) -> tuple[tuple[str, ...], str]:
    sql = f"SELECT count(*) FILTER (contains(note, 'unsubscribe')), count(*) FILTER (contains(note, 'complaint')), 1000.0 * sum(numerator) / nullif(sum(denominator), 0) FROM ({rows})"  # noqa: S608 - fragments
    return ("unsubscribes", "complaints", "per_1000"), sql


BUILDERS: Final[dict[str, Callable[[Ask], str]]] = {
    "csat": _csat, "purchase_satisfaction": _purchase, "nps": _nps, "effort": _effort, "commitment": _commitment, "emotion": _emotion,
    "unwanted_rate": _unwanted, "return_contacts": _returns, "time_to_responsible": _responsible,
    "staff_share": _staff,
}
EXTRAS: Final[dict[str, Callable[[Ask, str], tuple[tuple[str, ...], str]]]] = {
    "csat": _response, "purchase_satisfaction": _response, "nps": _few, "effort": _few, "commitment": _few, "emotion": _few,
    "unwanted_rate": _kinds, "return_contacts": _split, "time_to_responsible": _percentiles,
}

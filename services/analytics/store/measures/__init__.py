"""Metrics as rows: a figure is the sum of its rows, so what is behind it is never another question.

Every builder answers SQL with the columns (kind, id, customer, part, moment, numerator, denominator, open, note).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from services.analytics.domain import metrics
from services.analytics.store.measures import buying, costing, loyal, serving
from services.analytics.store.measures.asking import Ask, Window
from services.analytics.store.rows import one_row

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["Ask", "Figure", "Row", "Window", "extras", "figures", "rows"]

_PARAMETER: Final = re.compile(r"\$(\w+)")
BUILDERS: Final[dict[str, Callable[[Ask], str]]] = {**buying.BUILDERS, **costing.BUILDERS, **loyal.BUILDERS, **serving.BUILDERS}
#: Metrics whose rows name what they are split by; the others are split by who won the customer.
OWN_PARTS: Final = frozenset({"conversion", "cper", "cac", "crc", *serving.BUILDERS})


class Figure(NamedTuple):
    """`open`: counted apart because its time still runs."""

    group: str
    numerator: int | None
    denominator: int
    open: int


class Row(NamedTuple):
    """One row behind a figure."""

    kind: str
    id: str
    customer_id: str | None
    part: str
    at: datetime | None
    numerator: int | None
    denominator: int
    open: int
    note: str | None


def statement(name: str, ask: Ask) -> str:
    """The query of the rows, in no order."""
    sql = BUILDERS[name](ask)
    if ask.by == "channel" and name not in OWN_PARTS:
        return f"""
        WITH {buying.origin()}, plain AS ({sql})
        SELECT r.kind, r.id, r.customer, coalesce(g.part, 'direct') AS part, r.moment, r.numerator, r.denominator, r.open, r.note
        FROM plain r LEFT JOIN origin g ON g.customer = r.customer
        """  # noqa: S608 - fragments of this package
    return sql


def parameters(sql: str, ask: Ask, **more: Any) -> dict[str, Any]:
    """The values that a statement names: the warehouse refuses those it does not."""
    since, until = naive(ask.window.since), naive(ask.window.until)
    known: dict[str, Any] = {
        "since": since, "until": until, "before": since - (until - since), "as_of": naive(ask.as_of), "first": ask.window.first,
        "last": ask.window.last, "currency": ask.currency, "conversion_days": metrics.CONVERSION_DAYS, "response_days": metrics.RESPONSE_DAYS,
        "return_days": metrics.RETURN_DAYS, "staff_days": metrics.STAFF_DAYS, "win_days": metrics.WIN_DAYS, "margin": ask.margin, "year_since": a_year_before(since), "year_until": a_year_before(until), **more,
    }
    named = set(_PARAMETER.findall(sql))
    return {key: value for key, value in known.items() if key in named}


def figures(connection: DuckDBPyConnection, name: str, ask: Ask) -> list[Figure]:
    """One figure, or one for each group of `ask.by`."""
    sql = f"""
    SELECT part, sum(numerator)::BIGINT, coalesce(sum(denominator), 0)::BIGINT, coalesce(sum(open), 0)::BIGINT
    FROM ({statement(name, ask)}) GROUP BY part ORDER BY part
    """  # noqa: S608 - fragments of this package
    return [
        Figure(str(group), numerator, denominator, opened)
        for group, numerator, denominator, opened in connection.execute(sql, parameters(sql, ask)).fetchall()
    ]


def rows(connection: DuckDBPyConnection, name: str, ask: Ask, *, part: str | None, start: int, limit: int) -> list[Row]:
    """The rows behind a figure from a position on, of one group or of all; their numerators and denominators sum to it."""
    sql = f"""
    SELECT kind, id::VARCHAR, customer::VARCHAR, part::VARCHAR, moment, numerator::BIGINT, denominator::BIGINT, open::BIGINT, note FROM ({statement(name, ask)})
    WHERE $part::VARCHAR IS NULL OR part = $part ORDER BY kind, id LIMIT $limit OFFSET $start
    """  # noqa: S608 - fragments of this package
    found = connection.execute(sql, parameters(sql, ask, part=part, start=start, limit=limit)).fetchall()
    return [
        Row(kind, key, customer, group, None if moment is None else moment.replace(tzinfo=UTC), numerator, denominator, opened, note)
        for kind, key, customer, group, moment, numerator, denominator, opened, note in found
    ]


def of_customer(connection: DuckDBPyConnection, name: str, ask: Ask, *, customer: str) -> Figure | None:
    """The sum of one customer's rows; None without any."""
    sql = f"""
    SELECT sum(numerator)::BIGINT, coalesce(sum(denominator), 0)::BIGINT, coalesce(sum(open), 0)::BIGINT, string_agg(DISTINCT note, '; ' ORDER BY note), count(*)
    FROM ({statement(name, ask)}) WHERE customer = $customer::UUID
    """  # noqa: S608 - fragments of this package
    found = one_row(connection, sql, parameters(sql, ask, customer=customer))
    return None if found is None or not found[4] else Figure(found[3] or "", *found[:3])


def of_kind(connection: DuckDBPyConnection, name: str, ask: Ask, *, kind: str) -> int:
    """The sum of the numerators of one kind of rows."""
    sql = f"SELECT coalesce(sum(numerator), 0)::BIGINT FROM ({statement(name, ask._replace(by=None))}) WHERE kind = $kind"  # noqa: S608 - fragments
    found = one_row(connection, sql, parameters(sql, ask, kind=kind))
    assert found is not None
    return int(found[0])


def extras(connection: DuckDBPyConnection, name: str, ask: Ask) -> dict[str, Any]:
    """What a figure has beside its value, by the words of its definition."""
    own = EXTRAS.get(name)
    if own is None:
        return {}
    columns, sql = own(ask, statement(name, ask._replace(by=None)))
    found = one_row(connection, sql, parameters(sql, ask))
    return {} if found is None else dict(zip(columns, found, strict=True))


EXTRAS: Final[dict[str, Callable[[Ask, str], tuple[tuple[str, ...], str]]]] = {**costing.EXTRAS, **loyal.EXTRAS, **serving.EXTRAS}


def naive(moment: datetime) -> datetime:
    """UTC without zone, as the warehouse keeps times."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def a_year_before(moment: datetime) -> datetime:
    """The same moment one calendar year earlier; 28 February for the 29th."""
    try:
        return moment.replace(year=moment.year - 1)
    except ValueError:
        return moment.replace(year=moment.year - 1, day=28)



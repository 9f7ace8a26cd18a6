"""Metrics and cohorts, each figure with its window, its counts, its age and the version of its definition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final

from services.analytics import errors
from services.analytics.domain import calendars, expanding, metrics, parsing
from services.analytics.domain.calendars import Span
from services.analytics.domain.metrics import Definition
from services.analytics.domain.rules import All, Node
from services.analytics.settings import AnalyticsService
from services.analytics.store import definitions, evaluating, metric_sql
from services.analytics.store.metric_sql import Figure, Window

MAX_MONTHS: Final = 60
MAX_SEGMENTS: Final = 50
MAX_DAYS: Final = 3660


def list_metrics() -> list[Definition]:
    """Every metric with its formula."""
    return list(metrics.DEFINITIONS.values())


async def get_metric(
    service: AnalyticsService, *, name: str, first: str | None, last: str | None, calendar: str, by: str | None, market: str | None = None
) -> dict[str, Any]:
    """One metric in `[first, last)`, also split by `by`; of everybody, or of one market (b2b, b2c). Raises Unknown, Invalid."""
    definition = metrics.DEFINITIONS.get(name)
    if definition is None:
        raise errors.unknown_metric(sorted(metrics.DEFINITIONS))
    if by is not None and by not in definition.by:
        raise errors.bad_grouping(list(definition.by))
    if market is not None and name in metrics.OF_NO_MARKET:
        raise errors.bad_market()
    limit = metrics.MARKETS[market] if market is not None else None
    now, zone = service.clock.now(), service.settings.time_zone
    start, end = _read_window(definition, first, last, calendar, calendars.today(now, zone))
    currency = await evaluating.reporting_currency(service.resources, service.settings.reporting_currency)
    parts = await _parts(service, by, start, end, calendar)
    total, groups = await service.resources.read(
        lambda connection: _measure(connection, definition.name, _window(start, end, zone), now, currency, by, parts, zone, limit)
    )
    answer = {
        "name": name, "definition_version": definition.version, "unit": definition.unit, "formula": definition.formula,
        "calendar": calendar, "window": {"from": start, "to": end}, "time_zone": zone, "as_of": now, "data_age_s": data_age(service),
        "currency": currency if "minor" in definition.unit else None, "market": market, **_answer(name, total),
    }
    if by is not None:
        answer |= {"by": by, "groups": [{"key": key, "label": label, **_answer(name, figure)} for key, label, figure in groups]}
    return answer


def data_age(service: AnalyticsService) -> float | None:
    """Seconds since the newest record in the warehouse was appended to the log; None when nothing was loaded yet."""
    newest = service.resources.appended_at
    return None if newest is None else max(0.0, round(service.clock.timestamp() - newest, 3))


def _read_window(definition: Definition, first: str | None, last: str | None, calendar: str, today: date) -> tuple[date, date]:
    try:
        usual = metrics.default_window(definition.window, today, calendar)
        start = calendars.read_day(first, calendar) if first else None
        end = calendars.read_day(last, calendar) if last else None
    except ValueError as error:
        raise errors.bad_window(f"from and to are days such as 2026-03-21 (or 1405-01-01 with calendar=jalali): {error}.") from None
    if (start is None) != (end is None):
        raise errors.bad_window("Give both from and to, or neither.")
    start, end = (usual[0], usual[1]) if start is None or end is None else (start, end)
    if not date(1900, 1, 1) < start < end < date(2200, 1, 1) or (end - start).days > MAX_DAYS:
        raise errors.bad_window(f"The window [from, to) has 1 to {MAX_DAYS} days between 1900 and 2200.")
    return start, end


def _window(first: date, last: date, zone: str) -> Window:
    return Window(first, last, calendars.midnight(first, zone), calendars.midnight(last, zone))


async def _parts(
    service: AnalyticsService, by: str | None, first: date, last: date, calendar: str
) -> list[tuple[str, str, Span | Node]]:
    """(key, label, month or rule) of the groups that are asked one by one."""
    if by == "month":
        spans = calendars.months(first, last, calendar)
        if len(spans) > MAX_MONTHS:
            raise errors.bad_window(f"By month the window has at most {MAX_MONTHS} months.")
        return [(span.label, span.label, span) for span in spans]
    if by == "segment":
        async with service.read() as db:
            known = await definitions.active_segments(db)
        return [
            (str(one["segment_id"]), one["name"], expanding.expand_rule(parsing.parse_rule(one["rule"]), known, own=one["segment_id"]))
            for one in known[:MAX_SEGMENTS]
        ]
    return []


def _measure(
    connection: Any, name: str, window: Window, now: datetime, currency: str, by: str | None, parts: list[tuple[str, str, Span | Node]], zone: str,
    limit: Node | None,
) -> tuple[Figure, list[tuple[str, str, Figure]]]:
    """The total and the groups, out of one snapshot of the warehouse; `limit`: only of customers for whom it holds."""
    scoped = limit is not None
    if limit is not None:
        metric_sql.limit_to(connection, limit, now=now, currency=currency)

    def ask(asked: Window, **more: Any) -> list[Figure]:
        return metric_sql.measure(connection, name=name, window=asked, as_of=now, currency=currency, **more)

    total = _one(ask(window, scoped=scoped))
    if by in {"month", "segment"}:
        groups = []
        for key, label, part in parts:
            if isinstance(part, Span):
                figure = _one(ask(_window(part.first, part.last, zone), scoped=scoped))
            else:
                metric_sql.limit_to(connection, part if limit is None else All((limit, part)), now=now, currency=currency)
                figure = _one(ask(window, scoped=True))
            groups.append((key, label, figure))
        return total, groups
    return total, [(figure.group, figure.group, figure) for figure in ask(window, by=by, scoped=scoped)] if by else []


def _one(figures: list[Figure]) -> Figure:
    return figures[0] if figures else Figure("all", None, 0, 0)


def _answer(name: str, figure: Figure) -> dict[str, Any]:
    numerator = figure.numerator
    if name == "churn" and numerator is not None:
        return {
            "value": metrics.value_of(name, numerator, figure.denominator), "numerator": figure.denominator - numerator,
            "denominator": figure.denominator, "open": figure.open, "reason": metrics.reason_for_null(name, numerator, figure.denominator),
        }
    return {
        "value": metrics.value_of(name, numerator, figure.denominator), "numerator": numerator, "denominator": figure.denominator,
        "open": figure.open, "reason": metrics.reason_for_null(name, numerator, figure.denominator),
    }


async def get_cohorts(service: AnalyticsService, *, calendar: str, months: int, market: str | None = None) -> dict[str, Any]:
    """Customers (of one market) by the month of their first order, and how many of them ordered in each month after it."""
    now, zone = service.clock.now(), service.settings.time_zone
    spans, cells = await service.resources.read(_cohort_reader(calendar, zone, now, metrics.MARKETS[market] if market else None))
    table: dict[int, dict[int, int]] = {}
    for cohort, after, count in cells:
        table.setdefault(cohort, {})[after] = count
    last = len(spans) - 1
    data: list[dict[str, Any]] = [
        {
            "month": spans[cohort].label, "customers": counts[0], "active": [counts.get(after, 0) for after in range(min(months, last - cohort) + 1)],
        }
        for cohort, counts in sorted(table.items())
    ]
    for row in data:
        row["share"] = [round(count / row["customers"], 6) for count in row["active"]]
    return {
        "data": data, "calendar": calendar, "time_zone": zone, "as_of": now, "data_age_s": data_age(service), "definition_version": 1, "market": market,
        "formula": "share of the customers with their first order in a month who have an order in the k-th month after it (k = 0: all of them)",
    }


def _cohort_reader(calendar: str, zone: str, now: datetime, limit: Node | None) -> Callable[[Any], tuple[list[Span], list[tuple[int, int, int]]]]:
    def read(connection: Any) -> tuple[list[Span], list[tuple[int, int, int]]]:
        span = metric_sql.order_span(connection)
        if span is None:
            return [], []
        first, last = (calendars.today(moment, zone) for moment in span)
        spans = calendars.months(calendars.month_start(first, calendar), calendars.month_start(last, calendar, shift=1), calendar)
        if limit is not None:
            metric_sql.limit_to(connection, limit, now=now, currency="")
        return spans, metric_sql.cohorts(connection, [calendars.midnight(one.first, zone) for one in spans], scoped=limit is not None)

    return read

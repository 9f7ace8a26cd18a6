"""Metrics, each figure with its window, its counts, its age, the version of its definition, and the rows behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from services.analytics import errors
from services.analytics.domain import calendars, expanding, metrics, parsing, rules
from services.analytics.domain.calendars import Span
from services.analytics.domain.metrics import Definition
from services.analytics.domain.rules import All, Node
from services.analytics.settings import AnalyticsService
from services.analytics.store import definitions, evaluating, measures, metric_sql
from services.analytics.store.measures import Ask, Figure, Row, Window

MAX_MONTHS: Final = 60
MAX_SEGMENTS: Final = 50
MAX_DAYS: Final = 3660


@dataclass(frozen=True)
class Wish:
    """How a metric is asked: window, calendar, splitting, market, segment, purpose, and how costs are split. `trend`: months back from the window's end."""

    first: str | None = None
    last: str | None = None
    calendar: str = "gregorian"
    by: str | None = None
    market: str | None = None
    segment_id: str | None = None
    purpose: str | None = None
    allocation: str = "even"
    serve: bool = False
    trend: int | None = None


@dataclass(frozen=True)
class Asked:
    """A wish that was read."""

    definition: Definition
    ask: Ask
    limit: Node | None
    zone: str


def list_metrics() -> list[Definition]:
    """Every metric with its formula."""
    return list(metrics.DEFINITIONS.values())


async def get_metric(service: AnalyticsService, *, name: str, wish: Wish) -> dict[str, Any]:
    """One metric in `[first, last)`, also split, also as a trend by month. Raises Unknown, Invalid."""
    asked = await read_wish(service, name, wish)
    parts = await _parts(service, wish, asked)
    found = await service.resources.read(lambda connection: _answer_all(connection, asked, wish, parts))
    window, currency = asked.ask.window, asked.ask.currency
    return {
        "name": name, "definition_version": asked.definition.version, "unit": asked.definition.unit, "formula": asked.definition.formula,
        "calendar": wish.calendar, "window": {"from": window.first, "to": window.last}, "time_zone": asked.zone, "as_of": asked.ask.as_of,
        "data_age_s": data_age(service), "currency": currency if "minor" in asked.definition.unit else None, "market": wish.market,
        "segment_id": wish.segment_id, "purpose": wish.purpose, "allocation": wish.allocation if name in {"cac", "crc", "profit"} else None,
        "by": wish.by, **found,
    }


async def page_rows(service: AnalyticsService, *, name: str, wish: Wish, group: str | None, start: int, limit: int) -> tuple[list[Row], dict[str, Any]]:
    """(rows behind a figure from a position on, the figure itself). Raises Unknown, Invalid."""
    asked = await read_wish(service, name, wish)
    if name in metrics.RATIOS:
        raise errors.rows_of_parts(metrics.RATIOS[name])
    if group is not None and wish.by in {"month", "segment"}:
        raise errors.bad_grouping([one for one in asked.definition.by if one not in {"month", "segment"}])

    def read(connection: Any) -> tuple[list[Row], Figure]:
        _limit(connection, asked, None)
        ask = asked.ask if wish.by not in {"month", "segment"} else asked.ask._replace(by=None)
        return measures.rows(connection, name, ask, part=group, start=start, limit=limit), _total(connection, name, asked.ask)

    rows, figure = await service.resources.read(read)
    return rows, _answer(name, figure)


def data_age(service: AnalyticsService) -> float | None:
    """Seconds since the newest record in the warehouse was appended to the log; None when nothing was loaded yet."""
    newest = service.resources.appended_at
    return None if newest is None else max(0.0, round(service.clock.timestamp() - newest, 3))


def rule_of(segment: dict[str, Any], known: Sequence[dict[str, Any]]) -> Node:
    """The rule of an active segment with those of the segments it asks for in their place."""
    return expanding.expand_rule(parsing.parse_rule(segment["rule"]), known, own=segment["segment_id"])


async def scope_rule(service: AnalyticsService, *, market: str | None, segment_id: str | None, purpose: str | None) -> Node | None:
    """The rule that keeps to a market, a segment and to people who granted a purpose; None for everybody. Raises Unknown."""
    parts: list[Node] = [metrics.MARKETS[market]] if market is not None else []
    if segment_id is not None:
        async with service.read() as db:
            known = await definitions.active_segments(db)
        one = next((each for each in known if str(each["segment_id"]) == segment_id), None)
        if one is None:
            raise errors.unknown_segment()
        parts.append(rule_of(one, known))
    if purpose is not None:
        parts.append(rules.Consent(purpose, None, "granted"))
    return None if not parts else All(tuple(parts))


async def read_wish(service: AnalyticsService, name: str, wish: Wish) -> Asked:
    """Raises Unknown, Invalid."""
    definition = metrics.DEFINITIONS.get(name)
    if definition is None:
        raise errors.unknown_metric(sorted(metrics.DEFINITIONS))
    if wish.by is not None and wish.by not in definition.by:
        raise errors.bad_grouping(list(definition.by))
    narrowed = wish.market is not None or wish.segment_id is not None or wish.purpose is not None
    if narrowed and wish.by == "channel" and name in metrics.COSTS_BY_CHANNEL:
        raise errors.bad_market()
    now, zone = service.clock.now(), service.settings.time_zone
    start, end = read_window(definition.window, wish.first, wish.last, wish.calendar, calendars.today(now, zone))
    currency = await evaluating.reporting_currency(service.resources, service.settings.reporting_currency)
    limit = await scope_rule(service, market=wish.market, segment_id=wish.segment_id, purpose=wish.purpose)
    ask = Ask(
        _window(start, end, zone), now, currency, wish.by, limit is not None, wish.allocation, service.settings.margin, wish.serve,
    )
    return Asked(definition, ask, limit, zone)


def read_window(kind: str, first: str | None, last: str | None, calendar: str, today: date) -> tuple[date, date]:
    """`[first, last)` as asked, or the default window of a kind. Raises Invalid."""
    try:
        usual = metrics.default_window(kind, today, calendar)
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


async def _parts(service: AnalyticsService, wish: Wish, asked: Asked) -> list[tuple[str, str, Span | Node]]:
    """(key, label, month or rule) of the groups that are asked one by one."""
    if wish.by == "month":
        spans = calendars.months(asked.ask.window.first, asked.ask.window.last, wish.calendar)
        if len(spans) > MAX_MONTHS:
            raise errors.bad_window(f"By month the window has at most {MAX_MONTHS} months.")
        return [(span.label, span.label, span) for span in spans]
    if wish.by == "segment":
        async with service.read() as db:
            known = await definitions.active_segments(db)
        return [
            (str(one["segment_id"]), one["name"], rule_of(one, known))
            for one in known[:MAX_SEGMENTS]
        ]
    return []


def _limit(connection: Any, asked: Asked, more: Node | None) -> None:
    parts = tuple(part for part in (asked.limit, more) if part is not None)
    if parts:
        metric_sql.limit_to(connection, All(parts), now=asked.ask.as_of, currency=asked.ask.currency, zone=asked.zone)


def _answer_all(connection: Any, asked: Asked, wish: Wish, parts: list[tuple[str, str, Span | Node]]) -> dict[str, Any]:
    """The figure, what it has beside, its groups and its trend, out of one snapshot of the warehouse."""
    name, ask = asked.definition.name, asked.ask
    _limit(connection, asked, None)
    beside = measures.extras(connection, name, ask) if name not in metrics.RATIOS else {}
    answer: dict[str, Any] = {**_answer(name, _total(connection, name, ask)), "beside": beside}
    if wish.trend is not None:
        answer["trend"] = _trend(connection, asked, wish, wish.trend)
    if wish.by is None:
        return answer
    if wish.by not in {"month", "segment"}:
        found = [(figure.group, figure.group, figure) for figure in _split(connection, name, ask)]
    else:
        found = []
        for key, label, part in parts:
            if isinstance(part, Span):
                figure = _total(connection, name, ask._replace(window=_window(part.first, part.last, asked.zone)))
            else:
                _limit(connection, asked, part)
                figure = _total(connection, name, ask._replace(scoped=True))
            found.append((key, label, figure))
    return answer | {"groups": [{"key": key, "label": label, **_answer(name, figure)} for key, label, figure in found]}


def _trend(connection: Any, asked: Asked, wish: Wish, count: int) -> dict[str, Any]:
    """The last `count` months up to the window's end, in total and by group where the metric was split by one."""
    end = asked.ask.window.last
    last = calendars.month_start(end, wish.calendar)
    begin = calendars.month_start(last, wish.calendar, shift=-count if last == end else 1 - count)
    spans = calendars.months(begin, end, wish.calendar)
    labels = [span.label for span in spans]
    totals: list[float | None] = []
    groups: dict[str, dict[str, float | None]] = {}
    for span in spans:
        ask = asked.ask._replace(window=_window(span.first, span.last, asked.zone))
        figure = _total(connection, asked.definition.name, ask)
        totals.append(metrics.value_of(asked.definition.name, figure.numerator, figure.denominator))
        if wish.by not in {None, "month", "segment"}:
            for one in _split(connection, asked.definition.name, ask):
                groups.setdefault(one.group, {})[span.label] = metrics.value_of(asked.definition.name, one.numerator, one.denominator)
    by_group = {key: [values.get(label) for label in labels] for key, values in sorted(groups.items())}
    return {
        "months": labels, "values": totals, "slope": metrics.slope(totals),
        "groups": [{"key": key, "values": values, "slope": metrics.slope(values)} for key, values in by_group.items()],
    }


def _ratio(group: str, above: Figure, below: Figure) -> Figure:
    if not below.denominator:
        return Figure(group, None, 0, 0)  # nobody was kept: there is no cost of keeping one
    numerator = None if above.numerator is None or not above.denominator else above.numerator * below.denominator
    return Figure(group, numerator, (below.numerator or 0) * above.denominator, 0)


def _split(connection: Any, name: str, ask: Ask) -> list[Figure]:
    """The figures of the groups of `ask.by`."""
    if name in metrics.RATIOS:
        above, below = ({one.group: one for one in measures.figures(connection, part, ask)} for part in metrics.RATIOS[name])
        nothing = Figure("", None, 0, 0)
        return [_ratio(group, above.get(group, nothing), below.get(group, nothing)) for group in sorted({*above, *below})]
    found = measures.figures(connection, name, ask)
    if not metrics.DEFINITIONS[name].of_whole:
        return found
    whole = sum(one.denominator for one in found)
    return [one._replace(denominator=whole) for one in found]


def _total(connection: Any, name: str, ask: Ask) -> Figure:
    if name in metrics.RATIOS:
        above, below = (_total(connection, one, ask) for one in metrics.RATIOS[name])
        return _ratio("all", above, below)
    found = measures.figures(connection, name, ask._replace(by=None))
    return found[0] if found else Figure("all", None, 0, 0)


def _answer(name: str, figure: Figure) -> dict[str, Any]:
    numerator = figure.numerator
    value, reason = metrics.value_of(name, numerator, figure.denominator), metrics.reason_for_null(name, numerator, figure.denominator)
    if name == "churn" and numerator is not None:
        numerator = figure.denominator - numerator
    return {"value": value, "numerator": numerator, "denominator": figure.denominator, "open": figure.open, "reason": reason}



"""Cohorts: customers by the month of their first order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.analytics.domain import calendars, metrics
from services.analytics.domain.calendars import Span
from services.analytics.domain.rules import Node
from services.analytics.queries.measuring import data_age
from services.analytics.settings import AnalyticsService
from services.analytics.store import evaluating, metric_sql


async def get_cohorts(service: AnalyticsService, *, calendar: str, months: int, market: str | None = None) -> dict[str, Any]:
    """Customers (of one market) by the month of their first order, and how many of them ordered in each month after it."""
    now, zone = service.clock.now(), service.settings.time_zone
    currency = await evaluating.reporting_currency(service.resources, service.settings.reporting_currency)
    limit = metrics.MARKETS[market] if market else None
    spans, cells = await service.resources.read(_cohort_reader(calendar, zone, now, limit, currency))
    table = _table([(cohort, after, count) for cohort, after, count, _ in cells if count])
    earned = _table([(cohort, after, amount) for cohort, after, _, amount in cells])
    last = len(spans) - 1
    data: list[dict[str, Any]] = [
        {
            "month": spans[cohort].label, "customers": counts[0], "active": [counts.get(after, 0) for after in range(min(months, last - cohort) + 1)],
            "revenue_minor": [earned.get(cohort, {}).get(after, 0) for after in range(min(months, last - cohort) + 1)],
        }
        for cohort, counts in sorted(table.items())
    ]
    for row in data:
        row["share"] = [round(count / row["customers"], 6) for count in row["active"]]
    return {
        "data": data, "calendar": calendar, "time_zone": zone, "as_of": now, "data_age_s": data_age(service), "definition_version": 1, "market": market,
        "currency": currency,
        "formula": "share of the customers with their first order in a month who have an order in the k-th month after it (k = 0: all of them)",
    }


def _table(cells: list[tuple[int, int, int]]) -> dict[int, dict[int, int]]:
    table: dict[int, dict[int, int]] = {}
    for cohort, after, value in cells:
        table.setdefault(cohort, {})[after] = value
    return table


Cells = list[tuple[int, int, int, int]]


def _cohort_reader(calendar: str, zone: str, now: datetime, limit: Node | None, currency: str) -> Callable[[Any], tuple[list[Span], Cells]]:
    def read(connection: Any) -> tuple[list[Span], Cells]:
        span = metric_sql.order_span(connection)
        if span is None:
            return [], []
        first, last = (calendars.today(moment, zone) for moment in span)
        spans = calendars.months(calendars.month_start(first, calendar), calendars.month_start(last, calendar, shift=1), calendar)
        if limit is not None:
            metric_sql.limit_to(connection, limit, now=now, currency=currency, zone=zone)
        edges, scoped = [calendars.midnight(one.first, zone) for one in spans], limit is not None
        metric_sql.gather_cohorts(connection, edges, currency=currency, scoped=scoped)
        return spans, metric_sql.cohorts(connection)

    return read

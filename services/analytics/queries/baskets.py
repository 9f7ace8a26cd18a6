"""Purchase patterns, and the business that lies in them."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any, Final, NamedTuple

from services.analytics.domain import calendars
from services.analytics.domain.rules import Node
from services.analytics.queries import measuring
from services.analytics.settings import AnalyticsService
from services.analytics.store import baskets, evaluating, metric_sql
from services.analytics.store.baskets import Pair

FORMULA: Final = {
    "together": "units are orders: support = orders with both / orders; confidence = orders with both / orders with has; lift = confidence / (orders with wants / orders)",
    "sequence": "units are customers: support = customers who bought wants in a later order than has / customers; confidence = those / customers with has; "
    "lift = confidence / (customers with wants / customers)",
}
OPPORTUNITY: Final = (
    "size = customers who bought has and not wants in the window; expected_buyers = size * confidence; value_minor = expected_buyers * what a buyer of wants "
    "spends on it in the window * margin; only pairs whose 95 % interval of the lift lies above 1"
)


class Asked(NamedTuple):
    """Of what, when and whom: goods by product or category, window `[since, until)`."""

    by: str
    since: datetime
    until: datetime
    currency: str
    limit: Node | None
    now: datetime
    zone: str
    about: dict[str, Any]


async def read(service: AnalyticsService, *, by: str, first: str | None, last: str | None, market: str | None, segment_id: str | None, purpose: str | None) -> Asked:
    """Raises Invalid, Unknown."""
    now, zone = service.clock.now(), service.settings.time_zone
    start, end = measuring.read_window("trailing", first, last, "gregorian", calendars.today(now, zone))
    limit = await measuring.scope_rule(service, market=market, segment_id=segment_id, purpose=purpose)
    currency = await evaluating.reporting_currency(service.resources, service.settings.reporting_currency)
    about = {"by": by, "first": start, "to": end, "time_zone": zone, "as_of": now, "data_age_s": measuring.data_age(service), "currency": currency}
    return Asked(by, calendars.midnight(start, zone), calendars.midnight(end, zone), currency, limit, now, zone, about)


def _gather(connection: Any, asked: Asked) -> None:
    if asked.limit is not None:
        metric_sql.limit_to(connection, asked.limit, now=asked.now, currency=asked.currency, zone=asked.zone)
    baskets.gather(connection, by=asked.by, since=asked.since, until=asked.until, currency=asked.currency, scoped=asked.limit is not None)


async def get_patterns(service: AnalyticsService, *, asked: Asked, kind: str, least: int, within_days: int | None, limit: int) -> dict[str, Any]:
    """Pairs with support, confidence and lift, the strongest first."""

    def look(connection: Any) -> list[Pair]:
        _gather(connection, asked)
        return baskets.together(connection, least=least) if kind == "together" else baskets.in_sequence(connection, least=least, within_days=within_days)

    found = sorted((_rule(one) for one in await service.resources.read(look)), key=lambda one: (-one["lift_low"], -one["both"], one["has"], one["wants"]))
    return {**asked.about, "kind": kind, "formula": FORMULA[kind], "least_support": least, "data": found[:limit]}


def _rule(pair: Pair) -> dict[str, Any]:
    """`lift_low`, `lift_high`: the 95 % interval of the ratio of the two shares, on the scale of logarithms (Katz 1978)."""
    confidence = pair.both / pair.with_has
    lift = confidence / (pair.with_wants / pair.units)
    error = 1.959964 * math.sqrt(max(0.0, 1 / pair.both - 1 / pair.with_has + 1 / pair.with_wants - 1 / pair.units))
    return {
        **pair._asdict(), "support": pair.both / pair.units, "confidence": confidence, "lift": lift, "lift_low": lift * math.exp(-error),
        "lift_high": lift * math.exp(error), "median_days": pair.days,
    }


async def get_opportunities(service: AnalyticsService, *, asked: Asked, least: int, limit: int) -> dict[str, Any]:
    """What is likely to be sold to those who have the one and not yet the other, by value."""

    def look(connection: Any) -> list[dict[str, Any]]:
        _gather(connection, asked)
        rules = [one for one in map(_rule, baskets.in_sequence(connection, least=least, within_days=None)) if one["lift_low"] > 1]
        return [_opportunity(one, baskets.gap(connection, has=one["has"], wants=one["wants"]), asked, service.settings.margin) for one in rules]

    found = [one for one in await service.resources.read(look) if one["size"]]
    found.sort(key=lambda one: (-one["value_minor"], one["has"], one["wants"]))
    listed = [{"rank": rank, **one} for rank, one in enumerate(found[:limit], 1)]
    return {**asked.about, "formula": OPPORTUNITY, "margin": service.settings.margin, "least_support": least, "data": listed}


def _opportunity(rule: dict[str, Any], missing: baskets.Gap, asked: Asked, margin: float) -> dict[str, Any]:
    buyers = missing.customers * rule["confidence"]
    return {
        "has": rule["has"], "wants": rule["wants"], "size": missing.customers, "expected_buyers": round(buyers, 2),
        "value_minor": round(buyers * missing.mean_minor * margin), "mean_spent_minor": round(missing.mean_minor), "evidence": rule, "rule": _segment(rule, asked),
        "reason": (
            f"{rule['both']} of {rule['with_has']} customers with {rule['has']} later bought {rule['wants']} ({rule['confidence']:.0%}, {rule['lift']:.1f} times "
            f"as many as of all); {missing.customers} have not yet"
        ),
    }


def _segment(rule: dict[str, Any], asked: Asked) -> dict[str, Any]:
    """The customers as a rule that a segment can be made of."""

    def bought(item: str) -> dict[str, Any]:
        return {"orders": {"value": 1, asked.by: item, "from": asked.since.isoformat(), "to": asked.until.isoformat()}}

    return {"all": [bought(rule["has"]), {"not": bought(rule["wants"])}]}


async def page_customers(service: AnalyticsService, *, asked: Asked, has: str, wants: str, after: str, limit: int) -> list[dict[str, Any]]:
    """Who has the one and not the other."""

    def look(connection: Any) -> list[tuple[str, datetime, int]]:
        _gather(connection, asked)
        return baskets.without(connection, has=has, wants=wants, after=after, limit=limit)

    return [{"customer_id": customer, "last_order_at": moment, "orders": count} for customer, moment, count in await service.resources.read(look)]

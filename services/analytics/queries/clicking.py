"""Funnels, paths and attribution."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from services.analytics import errors
from services.analytics.domain import calendars, journeys, reading
from services.analytics.domain.journeys import FunnelStep
from services.analytics.domain.rules import Node, RuleError
from services.analytics.queries import measuring
from services.analytics.settings import AnalyticsService
from services.analytics.store import evaluating, metric_sql
from services.analytics.store.clicks import funnels, paths, touches
from services.analytics.store.clicks.touches import Conversion


class Scope(NamedTuple):
    """A window in days, and of whom."""

    first: str | None
    last: str | None
    calendar: str = "gregorian"
    market: str | None = None
    segment_id: str | None = None
    purpose: str | None = None


class _Asked(NamedTuple):
    about: dict[str, Any]
    since: Any
    until: Any
    limit: Node | None
    currency: str
    zone: str


async def read_scope(service: AnalyticsService, scope: Scope) -> _Asked:
    """Raises Invalid, Unknown."""
    now, zone = service.clock.now(), service.settings.time_zone
    first, last = measuring.read_window("quarter_days", scope.first, scope.last, scope.calendar, calendars.today(now, zone))
    limit = await measuring.scope_rule(service, market=scope.market, segment_id=scope.segment_id, purpose=scope.purpose)
    currency = await evaluating.reporting_currency(service.resources, service.settings.reporting_currency)
    about = {"first": first, "to": last, "time_zone": zone, "as_of": now, "data_age_s": measuring.data_age(service)}
    return _Asked(about, calendars.midnight(first, zone), calendars.midnight(last, zone), limit, currency, zone)


def keep_to(connection: Any, asked: _Asked) -> bool:
    """Leave whom the question is about in the table `scope`; False: everybody."""
    if asked.limit is None:
        return False
    metric_sql.limit_to(connection, asked.limit, now=asked.about["as_of"], currency=asked.currency, zone=asked.zone)
    return True


async def get_funnel(
    service: AnalyticsService, *, steps: list[dict[str, Any]], scope: Scope, per: str, within_minutes: int | None, session_minutes: int, by: str | None
) -> dict[str, Any]:
    """Counts and drop-off by step. Raises Invalid with the place of a bad step."""
    try:
        wanted = [
            FunnelStep(step["event"], step["kind"], reading.filters(step["where"], f"/steps/{number}/where")) for number, step in enumerate(steps)
        ]
    except RuleError as error:
        raise errors.bad_step(error.pointer, error.message) from None
    asked = await read_scope(service, scope)
    seconds = None if within_minutes is None else within_minutes * 60

    def read(connection: Any) -> tuple[funnels.Reached, list[funnels.Reached]]:
        return funnels.read(
            connection, since=asked.since, until=asked.until, per=per, minutes=session_minutes, scoped=keep_to(connection, asked), steps=wanted,
            within_seconds=seconds, by=by, now=asked.about["as_of"],
        )

    total, branches = await service.resources.read(read)
    return {
        **asked.about, "per": per, "by": by, "steps": _steps(wanted, total),
        "branches": [{"key": one.group, "steps": _steps(wanted, one)} for one in branches],
    }


def _steps(wanted: list[FunnelStep], reached: funnels.Reached) -> list[dict[str, Any]]:
    found = []
    for number, (step, count) in enumerate(zip(wanted, reached.counts, strict=True)):
        before = reached.counts[number - 1] if number else count
        found.append(
            {
                "event": step.name, "count": count, "lost": before - count, "share": count / reached.counts[0] if reached.counts[0] else None,
                "of_previous": count / before if number and before else None, "median_s": reached.medians[number],
            }
        )
    return found


async def get_paths(service: AnalyticsService, *, scope: Scope, per: str, session_minutes: int, length: int, limit: int) -> dict[str, Any]:
    """The matrix of transitions and the most common paths, first visits beside returning ones."""
    asked = await read_scope(service, scope)

    def read(connection: Any) -> paths.Paths:
        return paths.read(
            connection, since=asked.since, until=asked.until, per=per, minutes=session_minutes, scoped=keep_to(connection, asked), length=length,
            moves=10_000, common=limit,
        )

    counts, moves, beginnings = await service.resources.read(read)
    leaving: Counter[str] = Counter()
    for move in moves:
        leaving[move.here] += move.times
    return {
        **asked.about, "per": per, **counts,
        "moves": [
            {
                "here": one.here, "there": one.there, "count": one.times, "share": one.times / leaving[one.here], "median_s": one.median_s,
                "first_time": one.first_time, "returning": one.times - one.first_time,
            }
            for one in moves[:limit]
        ],
        "paths": [{"path": path, "count": count, "first_time": first, "returning": count - first} for path, count, first in beginnings],
    }


async def get_attribution(service: AnalyticsService, *, scope: Scope, model: str, by: str, days: int) -> dict[str, Any]:
    """What each channel, source or campaign gets of the orders and revenue of the window; the parts sum to the total."""
    asked = await read_scope(service, scope)

    def read(connection: Any) -> tuple[touches.Touched, dict[tuple[str, ...], int]]:
        scoped = keep_to(connection, asked)
        found = touches.conversions(
            connection, since=asked.since, until=asked.until, days=days, by=by, currency=asked.currency, scoped=scoped, aged=model == "time_decay"
        )
        return found, touches.lost(connection, since=asked.since, until=asked.until, by=by, scoped=scoped) if model == "markov" else {}

    found, lost = await service.resources.read(read)
    touched, orders, revenue = found.paths, found.orders, found.amount_minor
    reached, amount = sum(one.orders for one in touched), sum(one.amount_minor for one in touched)
    effects = _effects(touched, lost) if model == "markov" else None
    by_orders, by_money = _by_effect(effects, reached, amount) if effects is not None else _by_weight(touched, model, amount)
    credits = [
        {"key": key, "orders": by_orders[key], "revenue_minor": by_money[key], "share": by_orders[key] / orders if orders else 0.0}
        for key in sorted(by_orders, key=lambda one: (-by_orders[one], one))
    ]
    return {
        **asked.about, "model": model, "by": by, "days": days, "currency": asked.currency, "orders": orders, "revenue_minor": revenue, "credits": credits,
        "direct": {
            "key": "direct", "orders": orders - reached, "revenue_minor": revenue - amount, "share": (orders - reached) / orders if orders else 0.0,
        },
        "removal_effects": effects,
    }


def _by_weight(found: list[Conversion], model: str, amount: int) -> tuple[dict[str, float], dict[str, int]]:
    by_orders: dict[str, float] = {}
    money: dict[str, float] = {}
    for one in found:
        for channel, weight in zip(one.channels, journeys.weights(model, one.ages), strict=True):
            by_orders[channel] = by_orders.get(channel, 0.0) + weight * one.orders
            money[channel] = money.get(channel, 0.0) + weight * one.amount_minor
    return by_orders, journeys.split(amount, money)


def _effects(found: list[Conversion], lost: dict[tuple[str, ...], int]) -> dict[str, float]:
    paths: Counter[tuple[tuple[str, ...], bool]] = Counter()
    for one in found:
        paths[one.channels, True] += one.orders
    for names, people in lost.items():
        paths[names, False] += people
    return journeys.removal_effects(dict(paths))


def _by_effect(effects: dict[str, float], orders: int, amount: int) -> tuple[dict[str, float], dict[str, int]]:
    whole = sum(effects.values())
    shares = {key: value / whole for key, value in effects.items()} if whole else {}
    return {key: share * orders for key, share in shares.items()}, journeys.split(amount, shares)

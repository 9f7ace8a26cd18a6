"""Rules tested on history: whom they would have named then, and what those did after."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from services.analytics import errors
from services.analytics.domain import calendars, expanding, metrics, rules
from services.analytics.settings import AnalyticsService
from services.analytics.store import backtests, definitions, evaluating
from services.analytics.store.backtests import Side

#: Leaves that are not kept for the past: they are asked as they stand today.
_AS_NOW: Final = {
    rules.Trait: "traits", rules.Rfm: "rfm", rules.Stage: "stage", rules.Consent: "consent", rules.Score: "scores of models", rules.Computed: "computed traits", rules.Listed: "lists",
}


async def backtest(
    service: AnalyticsService, *, rule: dict[str, Any] | None, segment_id: UUID | None, version: int | None, at: list[str], days: int, calendar: str
) -> dict[str, Any]:
    """For each day: members and others, and how many of each ordered within `days` after. Raises Invalid, Unknown."""
    async with service.read() as db:
        known = await definitions.active_segments(db)
        if segment_id is not None:
            rule = await _rule_of(db, segment_id, version)
    assert rule is not None
    node = expanding.expand_rule(expanding.read_rule(rule), known, own=segment_id)
    zone, now = service.settings.time_zone, service.clock.now()
    try:
        moments = [calendars.midnight(calendars.read_day(one, calendar), zone) for one in at]
    except ValueError as error:
        raise errors.bad_window(f"at holds days such as 2026-03-21 (or 1405-01-01 with calendar=jalali): {error}.") from None
    if any(moment > now for moment in moments):
        raise errors.bad_window("at holds days of the past: what will be is not known.")
    currency = await evaluating.reporting_currency(service.resources, service.settings.reporting_currency)

    def look(connection: Any) -> list[tuple[Side, Side]]:
        return [backtests.ask(connection, rule=node, at=moment, days=days, currency=currency, zone=zone) for moment in moments]

    found = await service.resources.read(look)
    as_now = sorted({_AS_NOW[type(leaf)] for _, leaf in rules.walk(node) if type(leaf) in _AS_NOW})
    return {
        "rule": rule, "segment_id": segment_id, "version": version, "outcome_days": days, "currency": currency, "as_of": now, "as_now": as_now,
        "formula": "members = customers for whom the rule held at the beginning of the day, by facts before it; rate = share with an order in the outcome_days after; "
        "difference with its 95 % interval. Orders are those that count today",
        "data": [
            {
                "at": one, "open": moment + timedelta(days=days) > now, "members": _side(inside), "others": _side(outside), **_difference(inside, outside),
            }
            for one, moment, (inside, outside) in zip(at, moments, found, strict=True)
        ],
    }


async def _rule_of(db: Any, segment_id: UUID, version: int | None) -> dict[str, Any]:
    versions = await definitions.versions(db, segment_id)
    chosen = [one for one in versions if version is None or one["version"] == version]
    if not chosen:
        raise errors.unknown_segment()
    rule: dict[str, Any] = max(chosen, key=lambda one: int(one["version"]))["rule"]
    return rule


def _side(side: Side) -> dict[str, Any]:
    return {**side._asdict(), "rate": side.buyers / side.customers if side.customers else None, "mean_minor": side.revenue_minor / side.customers if side.customers else None}


def _difference(inside: Side, outside: Side) -> dict[str, Any]:
    if not inside.customers or not outside.customers:
        return {"difference": None, "low": None, "high": None, "reason": "not enough data: nobody on one side"}
    difference, low, high = metrics.difference((inside.buyers, inside.customers), (outside.buyers, outside.customers))
    return {"difference": difference, "low": low, "high": high, "reason": None}

"""People side by side, satisfaction with profit, and the friction of buying with conversion."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from services.analytics import errors
from services.analytics.domain import calendars, comparing, expanding, parsing, purposes
from services.analytics.domain.purposes import Bound
from services.analytics.queries import measuring
from services.analytics.queries.clicking import Scope, keep_to, read_scope
from services.analytics.settings import AnalyticsService
from services.analytics.store import comparing as store
from services.analytics.store import definitions, evaluating, metric_sql
from services.analytics.store.measures import Ask, Window

MOST_SEGMENTS: Final = 50
TOP: Final = 5


async def beside(
    service: AnalyticsService, *, customer_id: UUID, rule: dict[str, Any] | None, segment_id: UUID | None, days: int, purpose: Bound | None
) -> dict[str, Any]:
    """The same questions about a segment (or whomever a rule names) and about one customer. Raises Unknown, Invalid."""
    async with service.read() as db:
        known = await definitions.active_segments(db)
    if segment_id is not None:
        one = next((each for each in known if each["segment_id"] == segment_id), None)
        if one is None:
            raise errors.unknown_segment()
        rule = one["rule"]
    node = purposes.bound(expanding.expand_rule(expanding.read_rule(rule or {}) if segment_id is None else parsing.parse_rule(rule), known, own=segment_id), purpose)
    now, zone = service.clock.now(), service.settings.time_zone
    currency = await evaluating.reporting_currency(service.resources, service.settings.reporting_currency)
    survivor = await service.resources.read(lambda connection: evaluating.survivor(connection, customer_id))
    if survivor is None:
        raise errors.unknown_customer()
    since = now - timedelta(days=days)

    def read(connection: Any) -> tuple[Any, ...]:
        metric_sql.limit_to(connection, node, now=now, currency=currency, zone=zone)
        own, others = store.figures_of(connection, customer=survivor, since=since, until=now, currency=currency)
        return own, others, store.most_of(connection, customer=survivor, since=since, until=now, limit=TOP)

    own, others, most = await service.resources.read(read)
    verdict = await service.resources.read(lambda connection: evaluating.reasons(connection, customer=survivor, rule=node, now=now, currency=currency, zone=zone))
    return {
        "customer_id": survivor, "segment_id": segment_id, "days": days, "as_of": now, "data_age_s": measuring.data_age(service), "currency": currency,
        "belongs": verdict is not None and verdict[0], "members": len(others["orders"]),
        "figures": [{"name": name, "own": own[name], **comparing.standing(own[name], others[name])} for name in store.FIGURES],
        "most": [{"name": name, **most[name]} for name in store.MOST],
    }


async def satisfaction_and_profit(service: AnalyticsService, *, scale: str, scope: Scope, segments: list[UUID]) -> dict[str, Any]:
    """How profit goes with satisfaction, of everybody and of each segment. Raises Unknown, Invalid."""
    now, zone = service.clock.now(), service.settings.time_zone
    first, last = measuring.read_window("trailing", scope.first, scope.last, scope.calendar, calendars.today(now, zone))
    limit = await measuring.scope_rule(service, market=scope.market, segment_id=None, purpose=scope.purpose)
    currency = await evaluating.reporting_currency(service.resources, service.settings.reporting_currency)
    async with service.read() as db:
        known = await definitions.active_segments(db)
    unknown = set(segments) - {one["segment_id"] for one in known}
    if unknown:
        raise errors.unknown_segment()
    asked = [one for one in known if not segments or one["segment_id"] in segments][:MOST_SEGMENTS]
    rules = [(one, expanding.expand_rule(parsing.parse_rule(one["rule"]), known, own=one["segment_id"])) for one in asked]
    ask = Ask(
        Window(first, last, calendars.midnight(first, zone), calendars.midnight(last, zone)), now, currency, margin=service.settings.margin, scoped=limit is not None,
    )

    def read(connection: Any) -> list[dict[str, Any]]:
        if limit is not None:
            metric_sql.limit_to(connection, limit, now=now, currency=currency, zone=zone)
        store.satisfaction_and_profit(connection, scale=scale, ask=ask)
        found = [{"segment_id": None, "name": "everybody", **_related(store.judged(connection, scoped=limit is not None))}]
        for one, rule in rules:
            metric_sql.limit_to(connection, rule, now=now, currency=currency, zone=zone)
            found.append({"segment_id": one["segment_id"], "name": one["name"], **_related(store.judged(connection, scoped=True))})
        return found

    data = await service.resources.read(read)
    return {
        "first": first, "to": last, "scale": scale, "currency": currency, "as_of": now, "data_age_s": measuring.data_age(service), "data": data,
    }


def _related(found: tuple[list[float], list[float], int]) -> dict[str, Any]:
    scores, profits, answers = found
    return {"answers": answers, "correlation": comparing.correlation(scores, profits), "curve": comparing.curve(scores, profits) if scores else []}


async def friction(service: AnalyticsService, *, scope: Scope, by: str, session_minutes: int) -> dict[str, Any]:
    """What buying costs the buyer, in total and by group, and how conversion goes with it over the groups. Raises Unknown, Invalid."""
    asked = await read_scope(service, scope)
    spans = calendars.months(asked.about["first"], asked.about["to"], scope.calendar)
    edges, labels = [calendars.midnight(one.first, asked.zone) for one in spans] + [asked.until], [one.label for one in spans]

    def read(connection: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        store.attempts(connection, since=asked.since, until=asked.until, minutes=session_minutes, scoped=keep_to(connection, asked))
        total = store.friction(connection, by="none", edges=[], labels=[])
        return total, store.friction(connection, by=by, edges=edges, labels=labels)

    total, groups = await service.resources.read(read)
    pairs = [(one["friction"], one["conversion"]) for one in groups if one["friction"] is not None]
    nothing = {"visits": 0, "attempts": 0, "purchases": 0, "median_steps": None, "median_seconds": None, "faults": 0, "friction": None, "abandoned": 0,
               "abandonment": None, "conversion": None, "faults_per_attempt": None}
    return {
        **asked.about, "by": by, "total": {"key": "all", **nothing} | (total[0] if total else {}), "groups": groups,
        "with_conversion": comparing.correlation([one[0] for one in pairs], [one[1] for one in pairs]),
    }

"""Segments, their members, and why somebody is one of them or not."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.analytics import errors
from services.analytics.domain import expanding, parsing, purposes, rules
from services.analytics.domain.purposes import Bound
from services.analytics.settings import AnalyticsService
from services.analytics.store import definitions, evaluating, memberships
from services.analytics.store.memberships import Snapshot

EXAMPLES: Final = 10


async def get_segment(service: AnalyticsService, *, segment_id: UUID) -> dict[str, Any]:
    """Raises Unknown."""
    async with service.read() as db:
        found = await definitions.find_segment(db, segment_id)
    if found is None:
        raise errors.unknown_segment()
    return found


async def list_segments(service: AnalyticsService, *, after: UUID | None, limit: int, state: str) -> list[dict[str, Any]]:
    """Segments in the order they were made."""
    async with service.read() as db:
        return await definitions.list_segments(db, after=after, limit=limit, state=state)


async def list_versions(service: AnalyticsService, *, segment_id: UUID) -> list[dict[str, Any]]:
    """Every rule a segment had. Raises Unknown."""
    await get_segment(service, segment_id=segment_id)
    async with service.read() as db:
        return await definitions.versions(db, segment_id)


async def preview_rule(service: AnalyticsService, *, rule: dict[str, Any], purpose: Bound | None = None) -> dict[str, Any]:
    """How many customers a rule would hold for now, some of them, and how long the question took. Raises Invalid."""
    node = expanding.read_rule(rule)
    async with service.read() as db:
        known = await definitions.active_segments(db)
    expanded = purposes.bound(expanding.expand_rule(node, known), purpose)
    currency = await evaluating.reporting_currency(service.resources, service.settings.reporting_currency)
    now, started = service.clock.now(), service.clock.monotonic()
    count, customers, examples = await service.resources.read(
        lambda connection: evaluating.preview(connection, rule=expanded, now=now, currency=currency, examples=EXAMPLES, zone=service.settings.time_zone)
    )
    return {
        "count": count, "customers": customers, "examples": examples, "as_of": now, "cost": rules.cost(expanded), "cost_limit": rules.MAX_COST,
        "duration_ms": round((service.clock.monotonic() - started) * 1000, 1),
    }


async def page_members(
    service: AnalyticsService, *, segment_id: UUID, after: UUID | None, limit: int
) -> tuple[dict[str, Any], list[tuple[UUID, datetime]]]:
    """(the segment, live members by id with the time they entered). Raises Unknown."""
    found = await get_segment(service, segment_id=segment_id)
    async with service.read() as db:
        return found, await memberships.page_members(db, segment_id, after=after, limit=limit)


async def page_snapshot(
    service: AnalyticsService, *, segment_id: UUID, snapshot_id: UUID, start: int, limit: int
) -> tuple[Snapshot, list[UUID]]:
    """(the frozen audience, its customers from a position on). Raises Gone."""
    async with service.read() as db:
        snapshot = await memberships.find_snapshot(db, snapshot_id, now=service.clock.now())
        if snapshot is None or snapshot.segment_id != segment_id:
            raise errors.unknown_snapshot()
        return snapshot, await memberships.page_snapshot(db, snapshot_id, start=start, limit=limit)


async def explain(service: AnalyticsService, *, segment_id: UUID, customer_id: UUID) -> dict[str, Any]:
    """Each clause of the rule, true or false, with the value seen. Raises Unknown."""
    found = await get_segment(service, segment_id=segment_id)
    async with service.read() as db:
        known = await definitions.active_segments(db)
    rule = expanding.expand_rule(parsing.parse_rule(found["rule"]), known, own=segment_id)
    currency, now = await evaluating.reporting_currency(service.resources, service.settings.reporting_currency), service.clock.now()
    survivor = await service.resources.read(lambda connection: evaluating.survivor(connection, customer_id))
    if survivor is None:
        raise errors.unknown_customer()
    verdict = await service.resources.read(
        lambda connection: evaluating.reasons(connection, customer=survivor, rule=rule, now=now, currency=currency, zone=service.settings.time_zone)
    )
    if verdict is None:
        raise errors.unknown_customer()
    holds, clauses = verdict
    leaves = dict(rules.walk(rule))
    return {
        "segment_id": segment_id, "customer_id": survivor, "version": found["version"], "holds": holds, "as_of": now, "rule": found["rule"],
        "clauses": [clause | {"kind": type(leaves[clause["pointer"]]).__name__.lower()} for clause in clauses],
    }

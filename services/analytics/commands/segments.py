"""Define, change and archive segments; freeze an audience."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg

from chassis.database import Connection
from chassis.ids import new_id
from services.analytics import errors
from services.analytics.domain import expanding, parsing, purposes, rules
from services.analytics.domain.purposes import Bound
from services.analytics.settings import AnalyticsService
from services.analytics.store import definitions, evaluating, memberships
from services.analytics.store.memberships import Snapshot

MAX_SEGMENTS: Final = 500


async def create_segment(
    service: AnalyticsService, *, name: str, description: str, rule: dict[str, Any] | None, by: str
) -> dict[str, Any]:
    """A new segment; its members are computed within a second. Without a rule it is a list. Raises Invalid, Conflict."""
    segment_id = new_id()
    kind, rule = ("list", {"listed": str(segment_id)}) if rule is None else ("rule", rule)
    node = expanding.read_rule(rule)
    async with service.transaction() as tx:
        known = await definitions.active_segments(tx.db)
        if len(known) >= MAX_SEGMENTS:
            raise errors.bad_rule("", f"there are {MAX_SEGMENTS} active segments already; archive some")
        expanding.expand_rule(node, known, own=segment_id)
        try:
            await definitions.insert_segment(
                tx.db, segment_id=segment_id, name=name, description=description, rule=rule, now=service.clock.now(), by=by, kind=kind
            )
        except asyncpg.UniqueViolationError:
            raise errors.name_taken() from None
        return await _reread(tx.db, segment_id)


async def change_segment(
    service: AnalyticsService, *, segment_id: UUID, name: str, description: str, rule: dict[str, Any] | None, version: int | None, by: str
) -> dict[str, Any]:
    """Put a new rule (a new version) or a new name; `version` is the one the caller has read. Raises Unknown, Gone, Conflict, Invalid."""
    now = service.clock.now()
    async with service.transaction() as tx:
        found = await definitions.find_segment(tx.db, segment_id, lock=True)
        if found is None:
            raise errors.unknown_segment()
        if found["state"] != "active":
            raise errors.archived()
        if version is not None and version != found["version"]:
            raise errors.version_moved(found["version"])
        if rule is None or found["kind"] == "list":
            if found["kind"] != "list" or rule not in (None, found["rule"]):
                raise errors.rule_of_a_list()
            rule = found["rule"]
        node = expanding.read_rule(rule)
        known = await definitions.active_segments(tx.db)
        expanding.expand_rule(node, known, own=segment_id)
        expanding.check_dependents(segment_id, node, known)
        try:
            if rule == found["rule"]:
                await definitions.rename_segment(tx.db, segment_id=segment_id, name=name, description=description, now=now)
            else:
                await definitions.change_segment(
                    tx.db, segment_id=segment_id, name=name, description=description, rule=rule, version=found["version"] + 1, now=now, by=by
                )
                await definitions.forget_evaluations_of(tx.db, expanding.asking(segment_id, known))
        except asyncpg.UniqueViolationError:
            raise errors.name_taken() from None
        return await _reread(tx.db, segment_id)


async def archive_segment(service: AnalyticsService, *, segment_id: UUID) -> None:
    """It takes no part any more; members leave within seconds. Raises Unknown, Conflict when another segment asks for it."""
    async with service.transaction() as tx:
        found = await definitions.find_segment(tx.db, segment_id, lock=True)
        if found is None:
            raise errors.unknown_segment()
        known = await definitions.active_segments(tx.db)
        asking = [one["name"] for one in known if str(segment_id) in rules.referenced(parsing.parse_rule(one["rule"]))]
        if asking:
            raise errors.needed_elsewhere(asking)
        if found["state"] == "active":
            await definitions.archive_segment(tx.db, segment_id=segment_id, now=service.clock.now())


async def freeze_audience(service: AnalyticsService, *, segment_id: UUID, purpose: Bound | None = None) -> Snapshot:
    """Evaluate the segment for everybody (for a purpose: who allows it) now and keep the result for paging. Raises Unknown, Gone."""
    now = service.clock.now()
    async with service.read() as db:
        found = await definitions.find_segment(db, segment_id)
        known = await definitions.active_segments(db)
    if found is None:
        raise errors.unknown_segment()
    if found["state"] != "active":
        raise errors.archived()
    rule = purposes.bound(expanding.expand_rule(parsing.parse_rule(found["rule"]), known, own=segment_id), purpose)
    currency = await evaluating.reporting_currency(service.resources, service.settings.reporting_currency)
    customers = await service.resources.read(
        lambda connection: evaluating.members(connection, rule=rule, now=now, currency=currency, zone=service.settings.time_zone)
    )
    snapshot = Snapshot(new_id(), segment_id, found["version"], len(customers), now, now + timedelta(days=service.settings.snapshot_days))
    async with service.transaction() as tx:
        await memberships.insert_snapshot(
            tx.db, snapshot_id=snapshot.snapshot_id, segment_id=segment_id, version=snapshot.version, customers=customers, taken_at=now,
            expires_at=snapshot.expires_at,
        )
    return snapshot


async def _reread(db: Connection, segment_id: UUID) -> dict[str, Any]:
    found = await definitions.find_segment(db, segment_id)
    assert found is not None
    return found

"""Define, change and archive segments; freeze an audience."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg

from chassis.database import Connection
from chassis.ids import new_id
from services.analytics import errors
from services.analytics.domain import parsing, rules
from services.analytics.domain.rules import Node, RuleError
from services.analytics.settings import AnalyticsService
from services.analytics.store import definitions, evaluating, memberships
from services.analytics.store.memberships import Snapshot

MAX_SEGMENTS: Final = 500


def read_rule(rule: Any) -> Node:
    """Raises Invalid with the pointer to the fault."""
    try:
        return parsing.parse_rule(rule)
    except RuleError as error:
        raise errors.bad_rule(error.pointer, error.message) from None


def expand_rule(node: Node, known: list[dict[str, Any]], *, own: UUID | None = None) -> Node:
    """The rule with those of the segments it asks for in their place. Raises Invalid."""
    others = {str(segment["segment_id"]): parsing.parse_rule(segment["rule"]) for segment in known}
    try:
        return _expand(node, others, own)
    except RuleError as error:
        raise errors.bad_rule(error.pointer, error.message) from None


def _expand(node: Node, others: dict[str, Node], own: UUID | None) -> Node:
    return rules.expand(node, others, own=str(own) if own else None)


async def create_segment(service: AnalyticsService, *, name: str, description: str, rule: dict[str, Any], by: str) -> dict[str, Any]:
    """A new segment; its members are computed within a second. Raises Invalid, Conflict."""
    node = read_rule(rule)
    segment_id = new_id()
    async with service.transaction() as tx:
        known = await definitions.active_segments(tx.db)
        if len(known) >= MAX_SEGMENTS:
            raise errors.bad_rule("", f"there are {MAX_SEGMENTS} active segments already; archive some")
        expand_rule(node, known, own=segment_id)
        try:
            await definitions.insert_segment(
                tx.db, segment_id=segment_id, name=name, description=description, rule=rule, now=service.clock.now(), by=by
            )
        except asyncpg.UniqueViolationError:
            raise errors.name_taken() from None
        return await _reread(tx.db, segment_id)


async def change_segment(
    service: AnalyticsService, *, segment_id: UUID, name: str, description: str, rule: dict[str, Any], version: int | None, by: str
) -> dict[str, Any]:
    """Put a new rule (a new version) or a new name; `version` is the one the caller has read. Raises Unknown, Gone, Conflict, Invalid."""
    node = read_rule(rule)
    now = service.clock.now()
    async with service.transaction() as tx:
        found = await definitions.find_segment(tx.db, segment_id, lock=True)
        if found is None:
            raise errors.unknown_segment()
        if found["state"] != "active":
            raise errors.archived()
        if version is not None and version != found["version"]:
            raise errors.version_moved(found["version"])
        known = await definitions.active_segments(tx.db)
        expand_rule(node, known, own=segment_id)
        _check_dependents(segment_id, node, known)
        try:
            if rule == found["rule"]:
                await definitions.rename_segment(tx.db, segment_id=segment_id, name=name, description=description, now=now)
            else:
                await definitions.change_segment(
                    tx.db, segment_id=segment_id, name=name, description=description, rule=rule, version=found["version"] + 1, now=now, by=by
                )
                await _change_dependents(tx.db, segment_id, known)
        except asyncpg.UniqueViolationError:
            raise errors.name_taken() from None
        return await _reread(tx.db, segment_id)


def _check_dependents(segment_id: UUID, node: Node, known: list[dict[str, Any]]) -> None:
    """A change must not make the rules of those that ask for this segment circular or too costly."""
    changed = [segment if segment["segment_id"] != segment_id else segment | {"rule": None} for segment in known]
    others = {str(segment["segment_id"]): parsing.parse_rule(segment["rule"]) for segment in changed if segment["rule"] is not None}
    others[str(segment_id)] = node
    for segment in changed:
        if segment["rule"] is not None:
            try:
                _expand(others[str(segment["segment_id"])], others, segment["segment_id"])
            except RuleError as error:
                raise errors.bad_rule("", f"the segment {segment['name']} asks for this one: {error.message}") from None


async def _change_dependents(db: Connection, segment_id: UUID, known: list[dict[str, Any]]) -> None:
    """Segments that ask for the changed one, directly or not, are evaluated fully too."""
    asking = {str(segment_id)}
    references = {str(segment["segment_id"]): rules.referenced(parsing.parse_rule(segment["rule"])) for segment in known}
    while more := {one for one, wanted in references.items() if wanted & asking} - asking:
        asking |= more
    await definitions.forget_evaluations_of(db, [UUID(one) for one in asking - {str(segment_id)}])


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


async def freeze_audience(service: AnalyticsService, *, segment_id: UUID) -> Snapshot:
    """Evaluate the segment for everybody now and keep the result for paging. Raises Unknown, Gone."""
    now = service.clock.now()
    async with service.read() as db:
        found = await definitions.find_segment(db, segment_id)
        known = await definitions.active_segments(db)
    if found is None:
        raise errors.unknown_segment()
    if found["state"] != "active":
        raise errors.archived()
    rule = expand_rule(parsing.parse_rule(found["rule"]), known, own=segment_id)
    currency = await reporting_currency(service)
    customers = await service.resources.read(
        lambda connection: evaluating.members(connection, rule=rule, now=now, currency=currency)
    )
    snapshot = Snapshot(new_id(), segment_id, found["version"], len(customers), now, now + timedelta(days=service.settings.snapshot_days))
    async with service.transaction() as tx:
        await memberships.insert_snapshot(
            tx.db, snapshot_id=snapshot.snapshot_id, segment_id=segment_id, version=snapshot.version, customers=customers, taken_at=now,
            expires_at=snapshot.expires_at,
        )
    return snapshot


async def reporting_currency(service: AnalyticsService) -> str:
    """The currency of money figures: the setting, else that of most orders."""
    return service.settings.reporting_currency or await service.resources.read(evaluating.main_currency)


async def _reread(db: Connection, segment_id: UUID) -> dict[str, Any]:
    found = await definitions.find_segment(db, segment_id)
    assert found is not None
    return found

"""Computed traits: defined without code, kept current."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import asyncpg

from chassis.ids import new_id
from contracts.analytics import ScoreChanged
from services.analytics import errors
from services.analytics.domain import computing, expanding
from services.analytics.domain.computing import Definition, Points
from services.analytics.domain.rules import RuleError
from services.analytics.settings import AnalyticsService
from services.analytics.store import computing as store
from services.analytics.store import definitions, evaluating

MAX_TRAITS: Final = 200
CHUNK: Final = 5_000
HOUR: Final = 3600
#: After a round the traits rest this many times as long as it took.
REST: Final = 9.0


async def read_definition(service: AnalyticsService, value: dict[str, Any]) -> Definition:
    """A definition with the rules of segments in their place. Raises Invalid."""
    try:
        definition = computing.parse_definition(value)
    except RuleError as error:
        raise errors.bad_definition(error.pointer, error.message) from None
    if not isinstance(definition, Points):
        return definition
    async with service.read() as db:
        known = await definitions.active_segments(db)
    return Points(tuple((expanding.expand_rule(node, known), worth) for node, worth in definition.rules), definition.least, definition.most)


async def define_trait(service: AnalyticsService, *, name: str, description: str, definition: dict[str, Any]) -> dict[str, Any]:
    """A new trait; its values are there within seconds. Raises Invalid, Conflict."""
    kind = "score" if isinstance(await read_definition(service, definition), Points) else "figure"
    trait_id = new_id()
    async with service.transaction() as tx:
        if len(await store.active_traits(tx.db)) >= MAX_TRAITS:
            raise errors.bad_definition("", f"there are {MAX_TRAITS} computed traits already; archive some")
        try:
            await store.insert_trait(
                tx.db, trait_id=trait_id, name=name, description=description, kind=kind, definition=definition, now=service.clock.now()
            )
        except asyncpg.UniqueViolationError:
            raise errors.trait_taken() from None
        found = await store.find_trait(tx.db, trait_id)
    assert found is not None
    return found


async def change_trait(service: AnalyticsService, *, trait_id: UUID, description: str, definition: dict[str, Any]) -> dict[str, Any]:
    """Another definition under the same name: a new version. Raises Unknown, Invalid."""
    kind = "score" if isinstance(await read_definition(service, definition), Points) else "figure"
    async with service.transaction() as tx:
        found = await store.change_trait(
            tx.db, trait_id=trait_id, description=description, kind=kind, definition=definition, now=service.clock.now()
        )
    if found is None:
        raise errors.unknown_trait()
    return found


async def archive_trait(service: AnalyticsService, *, trait_id: UUID) -> None:
    """It is computed no more; its values go within seconds. Raises Unknown."""
    async with service.transaction() as tx:
        if not await store.archive_trait(tx.db, trait_id=trait_id, now=service.clock.now()):
            raise errors.unknown_trait()


async def keep_traits_current(service: AnalyticsService) -> int:
    """Recompute when facts or definitions changed, and once an hour because time goes on; returns how many values changed."""
    warehouse = service.resources
    if service.clock.monotonic() < warehouse.computing_rests_until:
        return 0
    async with service.read() as db:
        traits = await store.active_traits(db)
    wanted = ",".join(f"{one['trait_id']}/{one['version']}" for one in traits)
    seq = await warehouse.read(store.commit)
    known, at, done = warehouse.computed
    if seq == known and wanted == done and (not traits or service.clock.monotonic() - at < HOUR):
        return 0
    started = service.clock.monotonic()
    currency = await evaluating.reporting_currency(warehouse, service.settings.reporting_currency)
    own = int(await warehouse.write(lambda connection: store.forget(connection, [one["name"] for one in traits])))
    changed = 0
    for trait in traits:
        count = await _recompute(service, trait, currency)
        changed += count
        own += 1 if count else 0
    # Commits of others that came meanwhile are looked at the next time.
    latest = await warehouse.read(store.commit)
    warehouse.computed = (latest if latest == seq + own else seq, service.clock.monotonic(), wanted)
    warehouse.computing_rests_until = service.clock.monotonic() + REST * (service.clock.monotonic() - started)
    return changed


async def _recompute(service: AnalyticsService, trait: dict[str, Any], currency: str) -> int:
    definition, now, zone = await read_definition(service, trait["definition"]), service.clock.now(), service.settings.time_zone
    name = trait["name"]
    found = await service.resources.read(
        lambda connection: store.changes(connection, name=name, definition=definition, now=now, currency=currency, zone=zone)
    )
    if not found:
        return 0
    if trait["kind"] == "score":
        for start in range(0, len(found), CHUNK):
            async with service.transaction() as tx:
                for one in found[start : start + CHUNK]:
                    tx.tell(
                        ScoreChanged(
                            customer_id=str(one.customer_id), score=f"computed:{name}", value=one.value or "", previous=one.previous, changed_at=now
                        )
                    )
    await service.resources.write(lambda connection: store.keep(connection, name=name, changed=found))
    return len(found)

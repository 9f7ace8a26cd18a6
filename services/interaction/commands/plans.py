"""Tracking plans: changing them, holding them in memory, and holding events against them as they are stored."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import asyncpg
import msgspec

from chassis import telemetry
from chassis.database import INFRASTRUCTURE, Connection
from contracts.collected import Refusal
from services.interaction import errors
from services.interaction.domain import plans
from services.interaction.domain.plans import Plan, Verdict
from services.interaction.domain.recording import VIOLATED, Incoming, SetAside, Tally
from services.interaction.settings import InteractionService
from services.interaction.store import sources as store

FOLLOW_SECONDS: Final = 0.5
#: Names and kinds of violation that are told apart for one source; what comes beyond is counted together.
MOST_NAMES: Final = 5000
OTHER: Final = "(other)"

Noted = dict[tuple[int, int], tuple[str, ...]]

_log = telemetry.logger(__name__)
_encode = msgspec.json.Encoder().encode


async def put_plan(
    service: InteractionService, *, source: str, plan: Mapping[str, Any], expected: frozenset[int] | None, actor: str
) -> int:
    """Put a new version of a source's plan in force, here at once and in every process within a second; returns its number.

    Raises Unknown for a source nobody knows, Invalid (with a JSON pointer) for a schema that is none, Outdated when the version in force
    is none of `expected`.
    """
    await require_source(service, source)
    try:
        plans.plan_of(plan, version=1)
    except plans.BadPlan as bad:
        raise errors.bad_plan(bad.pointer, bad.reason) from None
    async with service.transaction() as tx:
        await store.lock_plan(tx.db, source)
        known = await store.find_plan(tx.db, source)
        version = known["version"] if known is not None else 0
        if expected is not None and version not in expected:
            raise errors.plan_changed_meanwhile(version)
        version += 1
        await store.insert_plan(tx.db, source=source, version=version, plan=_encode(plan).decode(), at=service.clock.now(), by=actor)
    service.resources.plans[source] = plans.plan_of(plan, version=version)
    return version


async def load_plans(service: InteractionService) -> None:
    """Take over the plans that others changed."""
    held: dict[str, Plan] = service.resources.plans
    async with service.read() as db:
        for source, version in (await store.list_plan_versions(db)).items():
            if source not in held or held[source].version < version:
                row = await store.find_plan(db, source, version=version)
                if row is not None:
                    held[source] = plans.plan_of(msgspec.json.decode(row["plan"]), version=version)


async def follow_plans(service: InteractionService) -> None:
    """Keep the plans fresh until cancelled; while the database is away those held stay in force."""
    while True:
        await asyncio.sleep(FOLLOW_SECONDS)
        try:
            await load_plans(service)
        except (*INFRASTRUCTURE, asyncpg.PostgresError, plans.BadPlan) as error:
            _log.warning("plans_behind", service=service.name, error=error)


async def hold_against_plans(
    service: InteractionService, db: Connection, fresh: list[Incoming], tally: Tally
) -> tuple[list[Incoming], list[SetAside], Noted]:
    """Events as planned, those set aside by strict plans, and what open plans note about the others (by partition and offset).

    Events that were released by a person were held against the plan then. Counts every name in one statement.
    """
    held: dict[str, Plan] = service.resources.plans
    kept, aside, noted = fresh, list[SetAside](), Noted()
    verdicts: dict[tuple[int, int], Verdict] = {}
    if held and any(each.event.stamp.source in held for each in fresh):
        kept = []
        for each in fresh:
            stamp = each.event.stamp
            plan = held.get(stamp.source)
            verdict = plan.check(each.event) if plan is not None else None
            if plan is None or verdict is None:
                kept.append(each)
                continue
            verdicts[(each.partition, each.offset)] = verdict
            if plan.mode == plans.STRICT:
                aside.append(_set_aside(each, verdict))
                tally.add(VIOLATED, stamp.source, stamp.received_at, stamp.receipt_id)
            else:
                kept.append(each)
                noted[(each.partition, each.offset)] = (verdict.code,)
    await _count(service, db, fresh, verdicts)
    return kept, aside, noted


async def require_source(service: InteractionService, source: str) -> None:
    """Raises Unknown for a source that no key names, also a moment later."""
    if await service.resources.keys.expect_source(source) is None:
        raise errors.unknown_source()


def _set_aside(each: Incoming, verdict: Verdict) -> SetAside:
    stamp = each.event.stamp
    refusal = Refusal(
        code=verdict.code, detail=verdict.detail, source=stamp.source, receipt_id=stamp.receipt_id, received_at=stamp.received_at,
        digest=each.event.digest.hex(), size=len(each.value), message_id=stamp.id,
    )
    told = _encode([{"pointer": fault.pointer, "keyword": fault.keyword} for fault in verdict.faults]).decode()
    return SetAside(each.partition, each.offset, refusal, each.value, each.stamp_bytes, told)


async def _count(service: InteractionService, db: Connection, fresh: Sequence[Incoming], verdicts: Mapping[tuple[int, int], Verdict]) -> None:
    """How often each name came; violations by place and keyword. Names are told apart up to a limit, since anybody can invent them."""
    names: dict[tuple[str, str, str], list[Any]] = {}
    broken: dict[tuple[str, str, str, str, str], list[Any]] = {}
    for each in fresh:
        event = each.event
        stamp = event.stamp
        kind = stamp.type
        key = (stamp.source, kind, event.name if kind in {"track", "event", "touchpoint"} else "")
        found = names.get(key)
        if found is None:
            found = names[key] = [0, 0, stamp.received_at]
        verdict = verdicts.get((each.partition, each.offset)) if verdicts else None
        found[0 if verdict is None else 1] += 1
        found[2] = max(found[2], stamp.received_at)
        if verdict is not None:
            for fault in verdict.faults or [plans.Fault("", "unplanned")]:
                counted = broken.setdefault((stamp.source, event.name or kind, verdict.code, fault.general, fault.keyword), [0, stamp.received_at])
                counted[0] += 1
                counted[1] = max(counted[1], stamp.received_at)
    if names:
        await store.add_names(db, await _limited(service, db, names))
    if broken:
        known = service.resources.violations
        rows: dict[tuple[str, str, str, str, str], list[Any]] = {}
        for (source, *rest), (number, at) in broken.items():
            kinds = known.setdefault(source, set())
            shown = tuple(rest) if tuple(rest) in kinds or len(kinds) < MOST_NAMES else (OTHER, rest[1], "", rest[3])
            kinds.add(shown)
            row = rows.setdefault((source, *shown), [0, at])  # type: ignore[arg-type]
            row[0], row[1] = row[0] + number, max(row[1], at)
        await store.add_violations(db, [(*key, row[0], row[1]) for key, row in rows.items()])


async def _limited(
    service: InteractionService, db: Connection, names: Mapping[tuple[str, str, str], list[Any]]
) -> list[tuple[str, str, str, int, int, datetime]]:
    rows: dict[tuple[str, str, str], list[Any]] = {}
    for (source, kind, name), (stored, violating, at) in names.items():
        known = service.resources.names.get(source)
        if known is None:
            known = service.resources.names[source] = set(await store.list_known_names(db, source, MOST_NAMES))
        if (kind, name) not in known:
            if len(known) >= MOST_NAMES:
                name = OTHER
            else:
                known.add((kind, name))
        row = rows.setdefault((source, kind, name), [0, 0, at])
        row[0], row[1], row[2] = row[0] + stored, row[1] + violating, max(row[2], at)
    return [(*key, row[0], row[1], row[2]) for key, row in rows.items()]

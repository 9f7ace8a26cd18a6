"""What is known of sources: plans, names of events, violations, what was never collected; and trying a plan on what is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

import msgspec

from contracts.collected import CleanEvent, Stamp
from contracts.interaction import InteractionRecorded
from services.interaction import errors
from services.interaction.domain import plans
from services.interaction.settings import InteractionService
from services.interaction.store import sources as store

#: Stored events looked at, of whatever source, before a dry run gives up finding more of its own.
LOOKED_AT: Final = 100_000
AT_ONCE: Final = 5_000
EXAMPLES: Final = 5

_record = msgspec.json.Decoder(InteractionRecorded).decode
_TYPES: Final = frozenset({"identify", "page", "screen", "group", "alias"})


async def get_plan(service: InteractionService, *, source: str, version: int | None = None) -> dict[str, Any]:
    """A source's plan with its version, who put it in force and when. Raises Unknown."""
    async with service.read() as db:
        row = await store.find_plan(db, source, version=version)
    if row is None:
        raise errors.unknown_plan()
    return {**msgspec.json.decode(row["plan"]), "version": row["version"], "changed_at": row["changed_at"], "changed_by": row["changed_by"]}


async def list_plan_versions(service: InteractionService, *, source: str) -> list[dict[str, Any]]:
    """All versions without their content, newest first."""
    async with service.read() as db:
        return [dict(row) for row in await store.list_plans(db, source)]


async def list_event_names(service: InteractionService, *, source: str) -> list[dict[str, Any]]:
    """The names a source sent, how often and when last, and whether its plan knows them (null without a plan)."""
    async with service.read() as db:
        rows = await store.list_names(db, source)
        plan = await store.find_plan(db, source)
    document = msgspec.json.decode(plan["plan"]) if plan is not None else None
    return [
        {
            **{name: row[name] for name in ("kind", "name", "stored", "violating", "first_seen", "last_seen")},
            "planned": None if document is None else row["kind"] in _TYPES or row["name"] in document["events"] or row["name"].startswith("ecrm."),
        }
        for row in rows
    ]


async def list_violations(service: InteractionService, *, source: str, limit: int) -> list[dict[str, Any]]:
    """How often events broke the plan, by name, place and keyword, the most frequent first."""
    async with service.read() as db:
        return [dict(row) for row in await store.list_violations(db, source, limit)]


async def list_drops(service: InteractionService, *, source: str, since: date | None, until: date | None) -> list[dict[str, Any]]:
    """How much the source's rules kept from being collected, by day and reason, newest first."""
    async with service.read() as db:
        return [dict(row) for row in await store.list_drops(db, source, since=since, until=until)]


async def try_plan(service: InteractionService, *, source: str, plan: Mapping[str, Any], last: int) -> dict[str, Any]:
    """What a plan would have said to the last `last` stored events of a source; nothing is changed. Raises Invalid for a bad plan."""
    try:
        wanted = plans.plan_of(plan, version=0)
    except plans.BadPlan as bad:
        raise errors.bad_plan(bad.pointer, bad.reason) from None
    checked = looked_at = 0
    broken: Counter[tuple[str, str, str, str]] = Counter()
    violating = 0
    examples: dict[tuple[str, str, str, str], list[UUID]] = {}
    before: UUID | None = None
    while checked < last and looked_at < LOOKED_AT:
        async with service.read() as db:
            rows = await store.list_recent(db, source, before=before, look_at=AT_ONCE)
        if not rows:
            break
        looked_at, before = looked_at + len(rows), rows[-1]["id"]
        for row in rows:
            event = _event(row["record"], source) if row["record"] is not None and checked < last else None
            if event is None:
                continue
            checked += 1
            verdict = wanted.check(event)
            if verdict is None:
                continue
            violating += 1
            for kind in {(event.name or event.kind, verdict.code, fault.general, fault.keyword) for fault in verdict.faults} or {
                (event.name or event.kind, verdict.code, "", "unplanned")
            }:
                broken[kind] += 1
                if len(examples.setdefault(kind, [])) < EXAMPLES:
                    examples[kind].append(row["id"])
    return {
        "checked": checked,
        "violating": violating,
        "violations": [
            {"name": kind[0], "code": kind[1], "pointer": kind[2], "keyword": kind[3], "count": count, "examples": examples[kind]}
            for kind, count in sorted(broken.items(), key=lambda item: (-item[1], item[0]))
        ],
    }


def _event(record: str, source: str) -> CleanEvent | None:
    """A stored event as the recorder saw it, as far as a plan looks at it."""
    told = _record(record)
    if told.source != source:
        return None
    kind = told.kind if told.kind in _TYPES else "track"
    stamp = Stamp(
        id=told.id, type=kind, event=told.name, source=told.source, receipt_id="", received_at=told.received_at, timestamp=told.occurred_at, keys=[]
    )
    return CleanEvent(
        stamp, told.kind, told.name, told.channel, told.initiator, bytes(told.personal.properties), bytes(told.personal.traits),
        bytes(told.personal.context), b"",
    )

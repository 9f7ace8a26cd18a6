"""Teams, calendars, service policies and the rules by which contacts become cases."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import msgspec

from chassis import ids
from chassis.database import Connection
from services.interaction import errors
from services.interaction.domain.cases.levels import Policy
from services.interaction.domain.cases.rules import CaseRules
from services.interaction.domain.working_hours import Calendar, NeverOpen
from services.interaction.settings import InteractionService
from services.interaction.store import case_settings, people
from services.interaction.store import cases as case_rows

_json = msgspec.json.Encoder().encode


async def put_team(
    service: InteractionService, *, team_id: UUID | None, given: Mapping[str, Any], versions: Collection[int] | None = None
) -> UUID:
    """A new team, or fields of one; `member_ids` replaces the members. Raises Unknown, Outdated, Conflict, Invalid."""
    now = service.clock.now()
    async with service.transaction() as tx:
        await case_rows.lock_routing(tx.db)
        was: dict[str, Any] = {"id": ids.new_id(), "routing": "least_busy", "calendar_id": None, "fallback_id": None, "version": 0}
        if team_id is not None:
            before = await people.find_team(tx.db, team_id, lock=True)
            if before is None:
                raise errors.unknown_team()
            if versions is not None and before["version"] not in versions:
                raise errors.changed_meanwhile("team", before["version"])
            was = dict(before)
        row = {**was, **given}
        await _no_circle(tx.db, row["id"], row["fallback_id"])
        try:
            await people.put_team(
                tx.db, team_id=row["id"], name=row["name"], routing=row["routing"], calendar_id=row["calendar_id"], fallback_id=row["fallback_id"],
                version=was["version"] + 1, at=now,
            )
        except people.Taken:
            raise errors.name_taken("team") from None
        except people.Unreferenced as missing:
            raise errors.not_there("/fallback_id" if "fallback" in missing.what else "/calendar_id") from None
        if given.get("member_ids") is not None:
            try:
                await people.set_members(tx.db, team_id=row["id"], employees=given["member_ids"])
            except people.Unreferenced:
                raise errors.not_there("/member_ids") from None
        await case_rows.wake(tx.db, teams=[row["id"]], now=now)
    found: UUID = row["id"]
    return found


async def _no_circle(db: Connection, team_id: UUID, fallback_id: UUID | None) -> None:
    following = {row["id"]: row["fallback_id"] for row in await people.list_queues(db)}
    place = fallback_id
    while place is not None:
        if place == team_id:
            raise errors.fallback_circle()
        place = following.get(place)


async def put_calendar(
    service: InteractionService, *, calendar_id: UUID | None, name: str, calendar: Calendar, versions: Collection[int] | None = None
) -> UUID:
    """A new calendar, or another content of one; what is due already stays so. Raises Unknown, Outdated, Conflict, Invalid."""
    try:
        calendar.next_open(service.clock.now())
    except NeverOpen:
        raise errors.never_open() from None
    async with service.transaction() as tx:
        version = 0
        if calendar_id is not None:
            before = await people.find_calendar(tx.db, calendar_id, lock=True)
            if before is None:
                raise errors.unknown_calendar()
            if versions is not None and before["version"] not in versions:
                raise errors.changed_meanwhile("calendar", before["version"])
            version = before["version"]
        found = calendar_id or ids.new_id()
        try:
            await people.put_calendar(
                tx.db, calendar_id=found, name=name, time_zone=calendar.time_zone, hours=_json(calendar.model_dump(mode="json")["hours"]).decode(),
                holidays=_json(calendar.model_dump(mode="json", exclude_none=True)["holidays"]).decode(), version=version + 1,
                at=service.clock.now(),
            )
        except people.Taken:
            raise errors.name_taken("calendar") from None
    return found


async def put_policy(
    service: InteractionService, *, policy_id: UUID | None, given: Mapping[str, Any], versions: Collection[int] | None = None
) -> Policy:
    """A new service policy, or fields of one; it counts for cases from now on. Raises Unknown, Outdated, Conflict, Invalid."""
    async with service.transaction() as tx:
        was: dict[str, Any] = {
            "id": ids.new_id(), "rank": 100, "kind": None, "priority": None, "tier": None, "team_id": None, "calendar_id": None,
            "answer_minutes": None, "resolve_minutes": None, "warn_share": 0.8, "escalate_to": None, "active": True, "version": 0,
        }
        if policy_id is not None:
            before = await case_settings.find_policy(tx.db, policy_id, lock=True)
            if before is None:
                raise errors.unknown_policy()
            if versions is not None and before.version not in versions:
                raise errors.changed_meanwhile("service_policy", before.version)
            was = msgspec.structs.asdict(before)
        policy = Policy(**{**was, **given, "version": was["version"] + 1, "changed_at": service.clock.now()})
        try:
            await case_settings.put_policy(tx.db, policy)
        except case_settings.NameTaken:
            raise errors.name_taken("service_policy") from None
        except case_settings.Unreferenced:
            raise errors.not_there("/team_id, /calendar_id or /escalate_to") from None
    return policy


async def put_rules(service: InteractionService, *, rules: CaseRules, versions: Collection[int] | None = None) -> int:
    """Which contacts open cases from now on; returns the version. Raises Outdated, Invalid."""
    async with service.transaction() as tx:
        row = await case_settings.find_rules(tx.db, lock=True)
        version = row["version"] if row is not None else 0
        if versions is not None and version not in versions:
            raise errors.changed_meanwhile("case_rules", version)
        known = {row["id"] for row in await people.list_queues(tx.db)}
        queues: list[tuple[str, UUID | None]] = [(f"/kinds/{name}/team_id", rule.team_id) for name, rule in rules.kinds.items()]
        queues += [(f"/purposes/{name}/team_id", rule.team_id) for name, rule in rules.purposes.items()]
        queues += [(f"/tiers/{name}/team_id", tier.team_id) for name, tier in rules.tiers.items()]
        for pointer, team_id in queues:
            if team_id is not None and team_id not in known:
                raise errors.not_there(pointer)
        await case_settings.put_rules(tx.db, content=rules.model_dump_json(), version=version + 1, at=service.clock.now())
    return version + 1

"""Giving out cases: by routing, by hand, and back to the queue. Only one process gives out at a time, so nobody gets two at once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from chassis.database import Connection
from chassis.unit_of_work import Transaction
from services.interaction import errors
from services.interaction.commands.cases import living
from services.interaction.commands.cases.living import Assignment
from services.interaction.domain.cases import routing
from services.interaction.domain.cases.model import FRONT_DESK, LIVING, Case
from services.interaction.domain.cases.routing import Candidate, Wanted
from services.interaction.domain.working_hours import Calendar
from services.interaction.settings import InteractionService
from services.interaction.store import case_parts, people
from services.interaction.store import cases as store

BATCH: Final = 100
#: A case that nobody can take is looked at again so much later, or as soon as somebody has room.
AGAIN: Final = timedelta(seconds=60)
ACTOR: Final = "routing"

_skills = msgspec.json.Decoder(dict[str, int]).decode


async def assign_waiting(service: InteractionService, *, only: UUID | None = None) -> bool:
    """Give the cases whose turn it is to whoever fits best; returns whether there may be more. `only`: this case, whether its turn or not."""
    now = service.clock.now()
    if only is None:
        async with service.read() as db:
            if not await store.is_waiting(db, now):
                return False
    async with service.transaction() as tx:
        await store.lock_routing(tx.db)
        waiting = await store.list_waiting(tx.db, now=now, limit=BATCH, only=only)
        if not waiting:
            return False
        desk = await _desk(tx.db, waiting, now)
        later: list[UUID] = []
        given: list[Assignment] = []
        changed: list[Case] = []
        for case, near in waiting:
            assignments, after = _give(desk, case, near, now)
            given.extend(assignments)
            if after.version != case.version:
                changed.append(after)
            if after.employee_id is None:
                later.append(case.id)
        await store.put_cases(tx.db, changed)
        await living.note_assignments(tx, given, actor=ACTOR, at=now)
        await case_parts.insert_changes(
            tx.db,
            [
                living.change(each.case.id, now, ACTOR, "assigned" if each.case.employee_id else each.reason,
                              {"employee_id": str(each.case.employee_id or "") or None, "team_id": str(each.case.team_id), "reason": each.reason})
                for each in given
            ],
        )
        if later:
            await store.postpone(tx.db, later, now + AGAIN)
    return len(waiting) == BATCH


class _Desk:
    """Who works here and how, as the transaction sees it; counts move on while cases are given out."""

    def __init__(self, candidates: list[Candidate], ways: dict[UUID, tuple[str, UUID | None]], now: datetime) -> None:
        self.candidates = candidates
        self.ways = ways
        self._now = now
        self._open: dict[int, bool] = {}

    def works(self, calendar: Calendar | None) -> bool:
        """Whether a calendar's people work at the moment; asked once for each calendar."""
        if calendar is None:
            return True
        if id(calendar) not in self._open:
            self._open[id(calendar)] = calendar.is_open(self._now)
        return self._open[id(calendar)]

    def fallback(self, team_id: UUID) -> UUID | None:
        """Where a case goes on that nobody in the team could ever take."""
        return _fallback(self.ways, team_id)


def _fallback(ways: dict[UUID, tuple[str, UUID | None]], team_id: UUID) -> UUID | None:
    return ways[team_id][1] or (FRONT_DESK if team_id != FRONT_DESK else None)


async def _desk(db: Connection, waiting: list[tuple[Case, list[tuple[str, str]]]], now: datetime) -> _Desk:
    """Everybody who may come into question for these cases."""
    ways, calendars = await people.list_ways(db)
    teams: set[UUID] = set()
    for case, _ in waiting:
        team: UUID | None = case.team_id
        while team is not None and team not in teams:
            teams.add(team)
            team = _fallback(ways, team)
    named = {who.lower() for _, near in waiting for _, who in near}
    candidates = [
        Candidate(
            id=row["id"], name=row["name"], email=row["email"], skills=_skills(row["skills"]), languages=frozenset(row["languages"]),
            capacity=row["capacity"], open_cases=row["open_cases"], active=row["active"], away_until=row["away_until"],
            calendar=_calendar(calendars[row["calendar_id"]], row["time_zone"]) if row["calendar_id"] else None,
            last_assigned_at=row["last_assigned_at"], teams=frozenset(row["teams"]),
        )
        for row in await people.list_candidates(db, teams=sorted(teams), named=sorted(named))
    ]
    return _Desk(candidates, ways, now)


def _calendar(row: Any, time_zone: str | None) -> Calendar:
    return _parsed(time_zone or row["time_zone"], row["hours"], row["holidays"])


@lru_cache(maxsize=256)
def _parsed(time_zone: str, hours: str, holidays: str) -> Calendar:
    """The same text gives the same calendar, so that its working hours are asked once for all who share it."""
    return living.read_calendar({"time_zone": time_zone, "hours": hours, "holidays": holidays})


def _give(desk: _Desk, case: Case, near: list[tuple[str, str]], now: datetime) -> tuple[list[Assignment], Case]:
    """What was decided about one case, and the case afterwards."""
    before = case
    decided: list[Assignment] = []
    for _ in range(len(desk.ways)):
        choice = routing.choose(
            Wanted(case.team_id, case.skills, case.language, near), desk.candidates, routing=desk.ways[case.team_id][0], now=now, works=desk.works
        )
        if choice.candidate is not None:
            # Others add to what somebody has only under the lock that is held here, so the room that was seen is still there.
            after = _taken(case, choice.candidate.id, now, version=before.version + 1)
            choice.candidate.open_cases += 1
            choice.candidate.last_assigned_at = now
            return [*decided, Assignment(after, choice.reason, choice.explained)], after
        further = desk.fallback(case.team_id) if choice.hopeless else None
        if further is None or further == before.team_id:
            if before.route_at == before.changed_at or decided:  # the first look since it came into a queue
                decided.append(Assignment(case, "queued", choice.explained))
            break
        case = replace(case, team_id=further, changed_at=now, version=before.version + 1)
        decided.append(Assignment(case, "fallback", choice.explained))
    return decided, case


async def assign_case(
    service: InteractionService, *, case_id: UUID, employee_id: UUID | None, team_id: UUID | None, actor: str,
    versions: Collection[int] | None = None,
) -> None:
    """Give a case to somebody, or into the queue of a team, which gives it out. Raises Unknown, Outdated, Conflict, Invalid."""
    now = service.clock.now()
    async with service.transaction() as tx:
        await store.lock_routing(tx.db)
        before = await living.locked(tx.db, case_id, versions)
        if before.status not in LIVING:
            raise errors.bad_move(before.status, "assigned")
        if team_id is not None and await people.find_team(tx.db, team_id) is None:
            raise errors.not_there("/team_id")
        case = replace(before, team_id=team_id or before.team_id)
        if employee_id is not None:
            employee = await people.find_employee(tx.db, employee_id)
            if employee is None:
                raise errors.not_there("/employee_id")
            if employee["away_until"] is not None and employee["away_until"] > now:
                raise errors.no_room()
            case = _taken(case, employee_id, now, version=before.version)
        else:
            case = replace(case, employee_id=None, route_at=now)
        try:
            after = await living.put(service, tx, before, case, actor=actor, action="assigned" if employee_id else "queued")
        except store.NoRoom:
            raise errors.no_room() from None
        if after.version != before.version:
            await living.note_assignments(tx, [Assignment(after, "by_hand", {"actor": actor})], actor=actor, at=now)
    if employee_id is None:
        await assign_waiting(service, only=case_id)


async def give_back(
    service: InteractionService, tx: Transaction, *, employee_id: UUID, to: UUID | None, reason: str, actor: str
) -> tuple[int, int]:
    """Everything somebody has open goes to `to` as far as it fits, the rest back to the queues; (handed over, queued).

    The caller holds the routing lock and changes the employee afterwards, in the same transaction.
    """
    now = service.clock.now()
    handed = queued = 0
    given: list[Assignment] = []
    for case in await store.list_open_of(tx.db, employee_id):
        after: Case | None = None
        if to is not None and to != employee_id:
            try:
                after = await living.put(service, tx, case, _taken(case, to, now, version=case.version), actor=actor, action=reason)
                handed += 1
            except store.NoRoom:
                after = None
        if after is None:
            after = await living.put(service, tx, case, replace(case, employee_id=None, route_at=now), actor=actor, action=reason)
            queued += 1
        given.append(Assignment(after, reason, {"from": str(employee_id), "to": str(to) if to else None}))
    await living.note_assignments(tx, given, actor=actor, at=now)
    return handed, queued


def _taken(case: Case, employee_id: UUID, now: datetime, *, version: int) -> Case:
    return replace(
        case, employee_id=employee_id, responsible_at=case.responsible_at or now, route_at=None, changed_at=now, version=version
    )

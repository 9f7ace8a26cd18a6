"""Employees, teams, calendars, service policies, and what is known about customers."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from services.interaction import errors
from services.interaction.domain.cases.levels import Policy
from services.interaction.settings import InteractionService
from services.interaction.store import case_settings, knowing, people, replicas

_decode = msgspec.json.Decoder().decode

Cursor = tuple[str, UUID]


async def list_employees(
    service: InteractionService, *, text: str | None, team_id: UUID | None, active: bool | None, after: Cursor | None, limit: int
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """Employees by name, and where the next page begins."""
    async with service.read() as db:
        rows = await people.list_employees(db, text=text, team_id=team_id, active=active, after=after, limit=limit + 1)
    now = service.clock.now()
    views = [_employee(row, now) for row in rows[:limit]]
    return views, (rows[limit - 1]["name"], rows[limit - 1]["id"]) if len(rows) > limit else None


async def get_employee(service: InteractionService, *, employee_id: UUID) -> dict[str, Any]:
    """Raises Unknown."""
    async with service.read() as db:
        row = await people.find_employee(db, employee_id)
    if row is None:
        raise errors.unknown_employee()
    return _employee(row, service.clock.now())


async def list_teams(service: InteractionService, *, after: Cursor | None, limit: int) -> tuple[list[dict[str, Any]], Cursor | None]:
    async with service.read() as db:
        rows = await people.list_teams(db, after=after, limit=limit + 1)
    views = [_team(row) for row in rows[:limit]]
    return views, (rows[limit - 1]["name"], rows[limit - 1]["id"]) if len(rows) > limit else None


async def get_team(service: InteractionService, *, team_id: UUID) -> dict[str, Any]:
    """Raises Unknown."""
    async with service.read() as db:
        row = await people.find_team(db, team_id)
    if row is None:
        raise errors.unknown_team()
    return _team(row)


async def list_calendars(service: InteractionService) -> list[dict[str, Any]]:
    async with service.read() as db:
        return [_calendar(row) for row in await people.list_calendars(db)]


async def get_calendar(service: InteractionService, *, calendar_id: UUID) -> dict[str, Any]:
    """Raises Unknown."""
    async with service.read() as db:
        row = await people.find_calendar(db, calendar_id)
    if row is None:
        raise errors.unknown_calendar()
    return _calendar(row)


async def list_policies(service: InteractionService) -> list[Policy]:
    async with service.read() as db:
        return await case_settings.list_policies(db)


async def get_policy(service: InteractionService, *, policy_id: UUID) -> Policy:
    """Raises Unknown."""
    async with service.read() as db:
        found = await case_settings.find_policy(db, policy_id)
    if found is None:
        raise errors.unknown_policy()
    return found


async def list_customer_notes(
    service: InteractionService, *, customer_id: UUID, kind: str | None, retired: bool, after: UUID | None, limit: int
) -> tuple[list[dict[str, Any]], UUID | None]:
    """What people know about a customer, whoever was merged into them included."""
    async with service.read() as db:
        family = await replicas.list_family(db, await replicas.find_survivor(db, customer_id))
        rows = await knowing.list_notes(db, customers=family, kind=kind, retired=retired, after=after, limit=limit + 1)
    return [dict(row) for row in rows[:limit]], rows[limit - 1]["id"] if len(rows) > limit else None


def _employee(row: Any, now: datetime) -> dict[str, Any]:
    away = row["away_until"] is not None and row["away_until"] > now
    return {**dict(row), "skills": _decode(row["skills"]), "team_ids": row["teams"], "away_until": row["away_until"] if away else None, "away": away}


def _team(row: Any) -> dict[str, Any]:
    return {**dict(row), "member_ids": row["members"]}


def _calendar(row: Any) -> dict[str, Any]:
    return {**dict(row), "hours": _decode(row["hours"]), "holidays": _decode(row["holidays"])}

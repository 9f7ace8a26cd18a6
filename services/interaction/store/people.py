"""Employees, teams and calendars."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from chassis.database import Connection

#: What is written of each; `open_cases` and `last_assigned_at` are the database's own.
EMPLOYEE: Final = (
    "id", "name", "email", "skills", "languages", "capacity", "calendar_id", "time_zone", "active", "away_until", "version", "created_at", "changed_at",
)

_WITH_TEAMS: Final = """
SELECT e.*, array(SELECT m.team_id FROM team_member m WHERE m.employee_id = e.id ORDER BY 1) AS teams FROM employee e
"""
_LISTED: Final = f"""{_WITH_TEAMS}
WHERE ($1::text IS NULL OR e.name ILIKE $1 OR e.email ILIKE $1) AND ($3::boolean IS NULL OR e.active = $3)
  AND ($2::uuid IS NULL OR EXISTS (SELECT 1 FROM team_member m WHERE m.employee_id = e.id AND m.team_id = $2))
  AND ($4::text IS NULL OR (e.name, e.id) > ($4, $5::uuid))
ORDER BY e.name, e.id LIMIT $6
"""  # noqa: S608 - constant text


class Taken(Exception):
    """Another row has this name or e-mail address."""


class Unreferenced(Exception):
    """A row that is named does not exist; `what` is the table's constraint."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


async def put_employee(db: Connection, values: Sequence[Any]) -> None:
    """Values in the order of `EMPLOYEE`. Raises Taken, Unreferenced."""
    await _write(
        db,
        """
        INSERT INTO employee (id, name, email, skills, languages, capacity, calendar_id, time_zone, active, away_until, version, created_at, changed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, email = excluded.email, skills = excluded.skills, languages = excluded.languages,
            capacity = excluded.capacity, calendar_id = excluded.calendar_id, time_zone = excluded.time_zone, active = excluded.active,
            away_until = excluded.away_until, version = excluded.version, changed_at = excluded.changed_at
        """,
        *values,
    )


async def set_teams(db: Connection, *, employee_id: UUID, teams: Sequence[UUID]) -> None:
    """The teams of an employee, no others. Raises Unreferenced."""
    await db.execute("DELETE FROM team_member WHERE employee_id = $1 AND NOT team_id = ANY($2::uuid[])", employee_id, teams)
    await _write(
        db, "INSERT INTO team_member (team_id, employee_id) SELECT unnest($2::uuid[]), $1 ON CONFLICT DO NOTHING", employee_id, sorted(teams)
    )


async def set_members(db: Connection, *, team_id: UUID, employees: Sequence[UUID]) -> None:
    """The members of a team, no others. Raises Unreferenced."""
    await db.execute("DELETE FROM team_member WHERE team_id = $1 AND NOT employee_id = ANY($2::uuid[])", team_id, employees)
    await _write(
        db, "INSERT INTO team_member (team_id, employee_id) SELECT $1, unnest($2::uuid[]) ON CONFLICT DO NOTHING", team_id, sorted(employees)
    )


async def find_employee(db: Connection, employee_id: UUID, *, lock: bool = False) -> asyncpg.Record | None:
    """One employee with `teams`; `lock`: nobody else changes it until the end of the transaction."""
    if lock:
        await db.execute("SELECT 1 FROM employee WHERE id = $1 FOR NO KEY UPDATE", employee_id)
    return await db.fetchrow(_WITH_TEAMS + "WHERE e.id = $1", employee_id)


async def find_employee_by_email(db: Connection, email: str) -> asyncpg.Record | None:
    return await db.fetchrow(_WITH_TEAMS + "WHERE e.email = $1", email)


async def list_named(db: Connection, names: Sequence[str]) -> dict[str, UUID]:
    """Id or e-mail address -> employee."""
    rows = await db.fetch(
        "SELECT id, email FROM employee WHERE email = ANY($1::text[]) OR id::text = ANY($1::text[])", [name.lower() for name in names]
    )
    return {**{row["email"]: row["id"] for row in rows}, **{str(row["id"]): row["id"] for row in rows}}


async def list_names(db: Connection, ids: Sequence[UUID]) -> dict[UUID, str]:
    return {row["id"]: row["name"] for row in await db.fetch("SELECT id, name FROM employee WHERE id = ANY($1::uuid[])", ids)}


async def list_employees(
    db: Connection, *, text: str | None, team_id: UUID | None, active: bool | None, after: tuple[str, UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """Employees by name, with `teams`."""
    after_name, after_id = after or (None, None)
    return await db.fetch(
        _LISTED,
        None if text is None else f"%{text.replace('%', '')}%", team_id, active, after_name, after_id, limit,
    )


async def list_candidates(db: Connection, *, teams: Sequence[UUID], named: Sequence[str]) -> list[asyncpg.Record]:
    """Everybody at work who belongs to one of these teams, or is named by id, e-mail address or name (lower case).

    With all their `teams`, and the calendar that counts: their own, else that of their first team with one.
    """
    return await db.fetch(
        """
        SELECT e.id, e.name, e.email, e.skills, e.languages, e.capacity, e.open_cases, e.active, e.away_until, e.time_zone, e.last_assigned_at,
               coalesce(array_agg(m.team_id) FILTER (WHERE m.team_id IS NOT NULL), '{}') AS teams,
               coalesce(e.calendar_id, (array_agg(t.calendar_id ORDER BY t.name) FILTER (WHERE t.calendar_id IS NOT NULL))[1]) AS calendar_id
        FROM employee e LEFT JOIN team_member m ON m.employee_id = e.id LEFT JOIN team t ON t.id = m.team_id
        WHERE e.active AND (e.id IN (SELECT employee_id FROM team_member WHERE team_id = ANY($1::uuid[]))
            OR e.id::text = ANY($2::text[]) OR e.email = ANY($2::text[]) OR lower(e.name) = ANY($2::text[]))
        GROUP BY e.id
        """,
        teams, named,
    )


async def list_ways(db: Connection) -> tuple[dict[UUID, tuple[str, UUID | None]], dict[UUID, asyncpg.Record]]:
    """Team -> (way of routing, fallback), and calendar -> (time_zone, hours, holidays), asked at once."""
    rows = await db.fetch(
        """
        SELECT true AS is_team, id, routing, fallback_id, NULL AS time_zone, NULL AS hours, NULL AS holidays FROM team
        UNION ALL SELECT false, id, NULL, NULL, time_zone, hours, holidays FROM calendar
        """
    )
    return {row["id"]: (row["routing"], row["fallback_id"]) for row in rows if row["is_team"]}, {row["id"]: row for row in rows if not row["is_team"]}


async def put_team(
    db: Connection, *, team_id: UUID, name: str, routing: str, calendar_id: UUID | None, fallback_id: UUID | None, version: int, at: datetime
) -> None:
    """Raises Taken, Unreferenced."""
    await _write(
        db,
        """
        INSERT INTO team (id, name, routing, calendar_id, fallback_id, version, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, routing = excluded.routing, calendar_id = excluded.calendar_id,
            fallback_id = excluded.fallback_id, version = excluded.version, changed_at = excluded.changed_at
        """,
        team_id, name, routing, calendar_id, fallback_id, version, at,
    )


_TEAM: Final = """
SELECT t.*, array(SELECT m.employee_id FROM team_member m WHERE m.team_id = t.id ORDER BY 1) AS members,
    (SELECT count(*) FROM support_case c WHERE c.team_id = t.id AND c.status = 'open' AND c.employee_id IS NULL) AS queued,
    (SELECT count(*) FROM support_case c WHERE c.team_id = t.id AND c.status IN ('open', 'waiting')) AS open_cases
FROM team t
"""


async def find_team(db: Connection, team_id: UUID, *, lock: bool = False) -> asyncpg.Record | None:
    """One team with `members`, `queued` and `open_cases`."""
    if lock:
        await db.execute("SELECT 1 FROM team WHERE id = $1 FOR NO KEY UPDATE", team_id)
    return await db.fetchrow(_TEAM + "WHERE t.id = $1", team_id)


async def list_teams(db: Connection, *, after: tuple[str, UUID] | None, limit: int) -> list[asyncpg.Record]:
    after_name, after_id = after or (None, None)
    return await db.fetch(_TEAM + "WHERE $1::text IS NULL OR (t.name, t.id) > ($1, $2::uuid) ORDER BY t.name, t.id LIMIT $3", after_name, after_id, limit)


async def list_queues(db: Connection) -> list[asyncpg.Record]:
    """What routing asks of the teams."""
    return await db.fetch("SELECT id, name, routing, fallback_id, calendar_id FROM team")


async def list_teams_of(db: Connection, employee_id: UUID) -> list[UUID]:
    return [row[0] for row in await db.fetch("SELECT team_id FROM team_member WHERE employee_id = $1", employee_id)]


async def put_calendar(
    db: Connection, *, calendar_id: UUID, name: str, time_zone: str, hours: str, holidays: str, version: int, at: datetime
) -> None:
    """Raises Taken."""
    await _write(
        db,
        """
        INSERT INTO calendar (id, name, time_zone, hours, holidays, version, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, time_zone = excluded.time_zone, hours = excluded.hours,
            holidays = excluded.holidays, version = excluded.version, changed_at = excluded.changed_at
        """,
        calendar_id, name, time_zone, hours, holidays, version, at,
    )


async def find_calendar(db: Connection, calendar_id: UUID, *, lock: bool = False) -> asyncpg.Record | None:
    if lock:
        await db.execute("SELECT 1 FROM calendar WHERE id = $1 FOR NO KEY UPDATE", calendar_id)
    return await db.fetchrow("SELECT * FROM calendar WHERE id = $1", calendar_id)


async def list_calendars(db: Connection, ids: Sequence[UUID] | None = None) -> list[asyncpg.Record]:
    """All calendars by name, or those with these ids."""
    return await db.fetch("SELECT * FROM calendar WHERE $1::uuid[] IS NULL OR id = ANY($1::uuid[]) ORDER BY name", ids)


async def _write(db: Connection, statement: str, *arguments: Any) -> None:
    try:
        async with db.transaction():
            await db.execute(statement, *arguments)
    except asyncpg.UniqueViolationError:
        raise Taken from None
    except asyncpg.ForeignKeyViolationError as error:
        raise Unreferenced(error.constraint_name or "") from None

"""SQL of people, roles and sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Connection
from gateway.domain.people import Person
from gateway.domain.roles import Role


async def insert(db: Connection, person: Person) -> bool:
    """False when somebody has this name already."""
    made = await db.fetchval(
        """
        INSERT INTO person (id, name, password_hash, roles, disabled, failures, locked_until, created_at, created_by, changed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (name) DO NOTHING RETURNING id
        """,
        *person,
    )
    return made is not None


async def update(db: Connection, person: Person) -> None:
    await db.execute(
        "UPDATE person SET password_hash = $2, roles = $3, disabled = $4, failures = $5, locked_until = $6, changed_at = $7 WHERE id = $1",
        person.id, person.password_hash, person.roles, person.disabled, person.failures, person.locked_until, person.changed_at,
    )


async def find(db: Connection, person_id: UUID) -> Person | None:
    row = await db.fetchrow("SELECT * FROM person WHERE id = $1 FOR UPDATE", person_id)
    return Person(**row) if row else None


async def named(db: Connection, name: str) -> Person | None:
    row = await db.fetchrow("SELECT * FROM person WHERE name = $1 FOR UPDATE", name)
    return Person(**row) if row else None


async def everybody(db: Connection) -> list[Person]:
    return [Person(**row) for row in await db.fetch("SELECT * FROM person ORDER BY name")]


async def delete(db: Connection, person_id: UUID) -> bool:
    return (await db.execute("DELETE FROM person WHERE id = $1", person_id)) == "DELETE 1"


async def roles(db: Connection) -> list[Role]:
    """The deployment's own."""
    return [_role(row) for row in await db.fetch("SELECT * FROM role ORDER BY name")]


async def put_role(db: Connection, role: Role, *, at: datetime) -> None:
    await db.execute(
        """
        INSERT INTO role (name, description, scopes, hides, changed_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (name) DO UPDATE
            SET description = excluded.description, scopes = excluded.scopes, hides = excluded.hides, changed_at = excluded.changed_at
        """,
        role.name, role.description, sorted(role.scopes), sorted(role.hides), at,
    )


async def delete_role(db: Connection, name: str) -> bool:
    return (await db.execute("DELETE FROM role WHERE name = $1", name)) == "DELETE 1"


async def end_session(db: Connection, session_id: str, *, until: datetime, now: datetime) -> None:
    """Remember it, and no longer those that are over by themselves."""
    await db.execute("DELETE FROM ended_session WHERE until < $1", now)
    await db.execute("INSERT INTO ended_session (id, until) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING", session_id, until)


async def ended_sessions(db: Connection) -> list[str]:
    return [row["id"] for row in await db.fetch("SELECT id FROM ended_session")]


def _role(row: Any) -> Role:
    return Role(row["name"], row["description"], frozenset(row["scopes"]), frozenset(row["hides"]), own=True)

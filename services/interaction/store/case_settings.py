"""Rules and service levels, and the alarms that were raised."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from chassis.database import Connection
from services.interaction.domain.cases.levels import Policy

COLUMNS: Final = Policy.__struct_fields__
_POLICIES: Final = f"SELECT {', '.join(COLUMNS)} FROM service_policy"  # noqa: S608 - constant columns
_PUT: Final = (
    f"INSERT INTO service_policy ({', '.join(COLUMNS)}) VALUES ({', '.join(f'${n}' for n in range(1, len(COLUMNS) + 1))}) "  # noqa: S608 - constant columns
    f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in COLUMNS[1:])}"
)


class NameTaken(Exception):
    """Another policy has this name."""


class Unreferenced(Exception):
    """A team or calendar that is named does not exist."""


async def find_rules(db: Connection, *, lock: bool = False) -> asyncpg.Record | None:
    """(content, version, changed_at), or None while the defaults hold."""
    if lock:
        await db.execute("SELECT pg_advisory_xact_lock(7305, 7305103)")
    return await db.fetchrow("SELECT content, version, changed_at FROM case_rules WHERE id = 1")


async def put_rules(db: Connection, *, content: str, version: int, at: datetime) -> None:
    await db.execute(
        """
        INSERT INTO case_rules (id, content, version, changed_at) VALUES (1, $1, $2, $3)
        ON CONFLICT (id) DO UPDATE SET content = excluded.content, version = excluded.version, changed_at = excluded.changed_at
        """,
        content, version, at,
    )


async def list_policies(db: Connection) -> list[Policy]:
    """All policies by rank."""
    return [Policy(**dict(row)) for row in await db.fetch(_POLICIES + " ORDER BY rank, name")]


async def find_policy(db: Connection, policy_id: UUID, *, lock: bool = False) -> Policy | None:
    row = await db.fetchrow(_POLICIES + " WHERE id = $1" + (" FOR UPDATE" if lock else ""), policy_id)
    return Policy(**dict(row)) if row is not None else None


async def put_policy(db: Connection, policy: Policy) -> None:
    """Raises NameTaken, Unreferenced."""
    try:
        async with db.transaction():
            await db.execute(_PUT, *(getattr(policy, name) for name in COLUMNS))
    except asyncpg.UniqueViolationError:
        raise NameTaken from None
    except asyncpg.ForeignKeyViolationError:
        raise Unreferenced from None


async def raise_alarms(db: Connection, rows: Sequence[tuple[UUID, str, str, datetime, datetime]]) -> set[tuple[UUID, str, str]]:
    """(case, target, level, due_at, raised_at); returns those that were never raised before."""
    found = await db.fetchmany(
        """
        INSERT INTO case_alarm (case_id, target, level, due_at, raised_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT DO NOTHING RETURNING case_id, target, level
        """,
        rows,
    )
    return {(row[0], row[1], row[2]) for row in found}


async def list_alarms(db: Connection, case_id: UUID) -> list[asyncpg.Record]:
    return await db.fetch("SELECT * FROM case_alarm WHERE case_id = $1 ORDER BY raised_at, target, level", case_id)

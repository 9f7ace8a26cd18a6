"""SQL of leads and of who gets them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from chassis.database import Connection
from services.interaction.store import rows

COLUMNS: Final = (
    "id", "title", "source", "campaign", "score", "language", "identity", "customer_id", "contact", "state", "reason", "employee_id", "team_id",
    "rule", "opportunity_id", "interaction_id", "created_at", "updated_at", "version",
)
CHANGED: Final = (
    "title", "score", "state", "reason", "employee_id", "team_id", "customer_id", "opportunity_id", "updated_at",
)
_INSERT: Final = rows.insert(
    "lead", COLUMNS, "ON CONFLICT (identity, source) WHERE state IN ('new', 'working', 'qualified') DO NOTHING RETURNING id"
)
_UPDATE: Final = rows.update("lead", CHANGED)


async def insert_lead(db: Connection, row: Mapping[str, Any]) -> bool:
    """Whether it is new: of one person and source only one lead is open."""
    return await db.fetchval(_INSERT, *(row.get(name) for name in COLUMNS)) is not None


async def find_open(db: Connection, *, identity: bytes, source: str) -> UUID | None:
    """The open lead of a person from a source."""
    found: UUID | None = await db.fetchval(
        "SELECT id FROM lead WHERE identity = $1 AND source = $2 AND state IN ('new', 'working', 'qualified')", identity, source
    )
    return found


async def find_lead(db: Connection, lead_id: UUID, *, lock: bool = False) -> asyncpg.Record | None:
    if lock:
        return await db.fetchrow("SELECT * FROM lead WHERE id = $1 FOR UPDATE", lead_id)
    return await db.fetchrow("SELECT * FROM lead WHERE id = $1", lead_id)


async def update_lead(db: Connection, row: Mapping[str, Any]) -> None:
    await db.execute(_UPDATE, row["id"], *(row[name] for name in CHANGED))


async def list_leads(
    db: Connection, *, customers: Sequence[UUID] | None, state: str | None, source: str | None, campaign: str | None, employee_id: UUID | None,
    team_id: UUID | None, before: tuple[datetime, UUID] | None, limit: int,
) -> list[asyncpg.Record]:
    """Newest first."""
    before_at, before_id = before or (None, None)
    return await db.fetch(
        """
        SELECT * FROM lead
        WHERE ($1::uuid[] IS NULL OR customer_id = ANY($1)) AND ($2::text IS NULL OR state = $2) AND ($3::text IS NULL OR source = $3)
          AND ($4::text IS NULL OR campaign = $4) AND ($5::uuid IS NULL OR employee_id = $5) AND ($6::uuid IS NULL OR team_id = $6)
          AND ($7::timestamptz IS NULL OR (created_at, id) < ($7, $8::uuid))
        ORDER BY created_at DESC, id DESC LIMIT $9
        """,
        customers, state, source, campaign, employee_id, team_id, before_at, before_id, limit,
    )


async def get_rules(db: Connection, *, lock: bool = False) -> asyncpg.Record:
    """(rules, version, updated_at)."""
    found = await db.fetchrow("SELECT * FROM lead_rules FOR UPDATE" if lock else "SELECT * FROM lead_rules")
    assert found is not None
    return found


async def put_rules(db: Connection, *, rules: str, now: datetime) -> None:
    await db.execute("UPDATE lead_rules SET rules = $1, version = version + 1, updated_at = $2", rules, now)


async def list_candidates(db: Connection, *, employees: Sequence[UUID], team_id: UUID | None, now: datetime) -> list[UUID]:
    """Of these employees and the team's members those who are at work, in a fixed order."""
    found = await db.fetch(
        """
        SELECT id FROM employee e WHERE active AND (away_until IS NULL OR away_until <= $3)
          AND (id = ANY($1::uuid[]) OR EXISTS (SELECT FROM team_member m WHERE m.team_id = $2 AND m.employee_id = e.id)) ORDER BY id
        """,
        employees, team_id, now,
    )
    return [row["id"] for row in found]


async def take_turn(db: Connection, rule: str) -> int:
    """A number that counts on for each lead of a rule; whoever comes at the same time waits."""
    turn: int = await db.fetchval(
        "INSERT INTO lead_turn (rule, turn) VALUES ($1, 0) ON CONFLICT (rule) DO UPDATE SET turn = lead_turn.turn + 1 RETURNING turn", rule
    )
    return turn


async def hand_over_left(db: Connection, *, now: datetime) -> int:
    """Open work of employees who left becomes that of a team of theirs, else of the first team there is; returns how many rows."""
    done = await db.fetchval(
        """
        WITH gone AS MATERIALIZED (
            SELECT e.id, coalesce(
                (SELECT m.team_id FROM team_member m WHERE m.employee_id = e.id ORDER BY m.team_id LIMIT 1),
                (SELECT t.id FROM team t ORDER BY t.id LIMIT 1)) AS team_id
            FROM employee e WHERE NOT e.active AND (
                EXISTS (SELECT FROM task t WHERE t.employee_id = e.id AND t.state = 'open')
                OR EXISTS (SELECT FROM lead l WHERE l.employee_id = e.id AND l.state IN ('new', 'working', 'qualified'))
                OR EXISTS (SELECT FROM opportunity o WHERE o.employee_id = e.id AND o.state = 'open'))),
        tasks AS (
            UPDATE task t SET employee_id = NULL, team_id = coalesce(t.team_id, gone.team_id), updated_at = $1, version = version + 1 FROM gone
            WHERE t.employee_id = gone.id AND t.state = 'open' RETURNING 1),
        leads AS (
            UPDATE lead l SET employee_id = NULL, team_id = coalesce(l.team_id, gone.team_id), updated_at = $1, version = version + 1 FROM gone
            WHERE l.employee_id = gone.id AND l.state IN ('new', 'working', 'qualified') RETURNING 1),
        deals AS (
            UPDATE opportunity o SET employee_id = NULL, team_id = coalesce(o.team_id, gone.team_id), updated_at = $1, version = version + 1
            FROM gone WHERE o.employee_id = gone.id AND o.state = 'open' RETURNING 1)
        SELECT (SELECT count(*) FROM tasks) + (SELECT count(*) FROM leads) + (SELECT count(*) FROM deals)
        """,
        now,
    )
    return int(done)

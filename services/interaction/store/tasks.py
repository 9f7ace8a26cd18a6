"""SQL of work to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from chassis.database import Connection

COLUMNS: Final = (
    "id", "kind", "title", "notes", "customer_id", "employee_id", "team_id", "case_id", "lead_id", "opportunity_id", "due_at", "duration_minutes", "place",
    "time_zone", "recurrence", "series_id", "occurrence", "first_at", "state", "outcome", "done_at", "interaction_id", "created_at",
    "updated_at", "version",
)

_INSERT: Final = (
    f"INSERT INTO task ({', '.join(COLUMNS)}) VALUES ({', '.join(f'${n + 1}' for n in range(len(COLUMNS)))}) "  # noqa: S608 - our own columns
    "ON CONFLICT (series_id, occurrence) DO NOTHING RETURNING id"
)
_SHOWN: Final = (
    "SELECT t.*, ARRAY(SELECT minutes_before FROM task_reminder r WHERE r.task_id = t.id ORDER BY minutes_before) AS reminders FROM task t"
)


async def insert_task(db: Connection, row: Mapping[str, Any]) -> bool:
    """Whether it is new: an occurrence of a series exists once."""
    return await db.fetchval(_INSERT, *(row.get(name) for name in COLUMNS)) is not None


async def find_task(db: Connection, task_id: UUID, *, lock: bool = False) -> asyncpg.Record | None:
    """One task with its reminders."""
    if lock:
        await db.execute("SELECT FROM task WHERE id = $1 FOR UPDATE", task_id)
    return await db.fetchrow(_SHOWN + " WHERE t.id = $1", task_id)


async def update_task(db: Connection, row: Mapping[str, Any]) -> None:
    """Write what may change; the version counts on."""
    await db.execute(
        """
        UPDATE task SET title = $2, notes = $3, employee_id = $4, team_id = $5, due_at = $6, duration_minutes = $7, place = $8, state = $9,
            outcome = $10, done_at = $11, interaction_id = $12, updated_at = $13, version = version + 1
        WHERE id = $1
        """,
        row["id"], row["title"], row["notes"], row["employee_id"], row["team_id"], row["due_at"], row["duration_minutes"], row["place"],
        row["state"], row["outcome"], row["done_at"], row["interaction_id"], row["updated_at"],
    )


async def put_reminders(db: Connection, task_id: UUID, rows: Sequence[tuple[int, datetime]]) -> None:
    """These reminders and no others; one whose time moved is told again, one that stays as it was is not."""
    await db.execute("DELETE FROM task_reminder WHERE task_id = $1 AND minutes_before <> ALL($2::int[])", task_id, [row[0] for row in rows])
    await db.executemany(
        """
        INSERT INTO task_reminder (task_id, minutes_before, remind_at) VALUES ($1, $2, $3)
        ON CONFLICT (task_id, minutes_before) DO UPDATE SET
            told_at = CASE WHEN task_reminder.remind_at = excluded.remind_at THEN task_reminder.told_at END, remind_at = excluded.remind_at
        """,
        [(task_id, *row) for row in rows],
    )


async def take_due_reminders(db: Connection, *, now: datetime, limit: int) -> list[asyncpg.Record]:
    """Mark reminders as told, the oldest first, and return them with their tasks; those of closed tasks are only marked."""
    return await db.fetch(
        """
        WITH due AS (
            SELECT task_id, minutes_before FROM task_reminder WHERE told_at IS NULL AND remind_at <= $1
            ORDER BY remind_at LIMIT $2 FOR UPDATE SKIP LOCKED),
        told AS (
            UPDATE task_reminder r SET told_at = $1 FROM due WHERE r.task_id = due.task_id AND r.minutes_before = due.minutes_before
            RETURNING r.task_id, r.minutes_before, r.remind_at)
        SELECT t.*, told.minutes_before, told.remind_at FROM told JOIN task t ON t.id = told.task_id ORDER BY told.remind_at, t.id
        """,
        now, limit,
    )


async def list_tasks(
    db: Connection, *, customers: Sequence[UUID] | None, employee_id: UUID | None, team_id: UUID | None, case_id: UUID | None,
    opportunity_id: UUID | None, state: str | None, kind: str | None, due_from: datetime | None, due_before: datetime | None,
    after: tuple[datetime | None, UUID] | None, limit: int,
) -> list[asyncpg.Record]:
    """By due time, those without one last."""
    after_at, after_id = after or (None, None)
    return await db.fetch(
        _SHOWN + """
        WHERE ($1::uuid[] IS NULL OR t.customer_id = ANY($1)) AND ($2::uuid IS NULL OR t.employee_id = $2)
          AND ($3::uuid IS NULL OR t.team_id = $3) AND ($4::uuid IS NULL OR t.case_id = $4)
          AND ($5::uuid IS NULL OR t.opportunity_id = $5) AND ($6::text IS NULL OR t.state = $6) AND ($7::text IS NULL OR t.kind = $7)
          AND ($8::timestamptz IS NULL OR t.due_at >= $8) AND ($9::timestamptz IS NULL OR t.due_at < $9)
          AND ($11::uuid IS NULL OR (coalesce(t.due_at, 'infinity'), t.id) > (coalesce($10::timestamptz, 'infinity'), $11))
        ORDER BY coalesce(t.due_at, 'infinity'), t.id LIMIT $12
        """,
        customers, employee_id, team_id, case_id, opportunity_id, state, kind, due_from, due_before, after_at, after_id, limit,
    )


async def hand_over(db: Connection, *, employee_id: UUID, team_id: UUID | None, now: datetime) -> int:
    """Open tasks of an employee become the team's; returns how many."""
    done: str = await db.execute(
        """
        UPDATE task SET employee_id = NULL, team_id = coalesce($2, team_id), updated_at = $3, version = version + 1
        WHERE employee_id = $1 AND state = 'open'
        """,
        employee_id, team_id, now,
    )
    return int(done.rpartition(" ")[2])

"""What belongs to a case: contacts, notes, relations, its history, who had it, what was asked afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from chassis.database import Connection


async def insert_contacts(db: Connection, rows: Sequence[tuple[Any, ...]]) -> set[UUID]:
    """(interaction, case, kind, channel, initiator, subject, occurred_at, employee); returns those that were new."""
    found = await db.fetchmany(
        """
        INSERT INTO case_contact (interaction_id, case_id, kind, channel, initiator, subject, occurred_at, employee_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING interaction_id
        """,
        rows,
    )
    return {row[0] for row in found}


async def list_contacts(db: Connection, case_id: UUID) -> list[asyncpg.Record]:
    """Contacts of a case with what was recorded of each, the oldest first."""
    return await db.fetch(
        """
        SELECT k.*, i.record FROM case_contact k
        LEFT JOIN interaction i ON i.id = k.interaction_id AND i.occurred_at = k.occurred_at
        WHERE k.case_id = $1 ORDER BY k.occurred_at, k.interaction_id LIMIT 1000
        """,
        case_id,
    )


async def find_last_inbound(db: Connection, case_id: UUID) -> asyncpg.Record | None:
    """What the customer said last."""
    return await db.fetchrow(
        """
        SELECT k.*, i.record FROM case_contact k JOIN interaction i ON i.id = k.interaction_id AND i.occurred_at = k.occurred_at
        WHERE k.case_id = $1 AND k.initiator = 'customer' ORDER BY k.occurred_at DESC LIMIT 1
        """,
        case_id,
    )


async def move_parts(db: Connection, *, source: UUID, target: UUID) -> None:
    """Contacts, threads and notes of a case that is merged belong to the other one."""
    await db.execute("UPDATE case_contact SET case_id = $2 WHERE case_id = $1", source, target)
    await db.execute("UPDATE case_thread SET case_id = $2 WHERE case_id = $1", source, target)
    await db.execute("UPDATE case_note SET case_id = $2 WHERE case_id = $1", source, target)


async def insert_note(db: Connection, *, note_id: UUID, case_id: UUID, author: str, employee_id: UUID | None, content: str, at: datetime) -> None:
    await db.execute(
        "INSERT INTO case_note (id, case_id, author, employee_id, content, written_at) VALUES ($1, $2, $3, $4, $5, $6)",
        note_id, case_id, author, employee_id, content, at,
    )


async def list_notes(db: Connection, case_id: UUID) -> list[asyncpg.Record]:
    return await db.fetch("SELECT * FROM case_note WHERE case_id = $1 ORDER BY id LIMIT 1000", case_id)


async def put_relation(db: Connection, *, case_id: UUID, other_id: UUID, kind: str, at: datetime) -> None:
    await db.execute(
        "INSERT INTO case_relation (case_id, other_id, kind, made_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", case_id, other_id, kind, at
    )


async def list_relations(db: Connection, case_id: UUID) -> list[asyncpg.Record]:
    """Both ways: (other case, kind, whether it was this one that was related)."""
    return await db.fetch(
        """
        SELECT r.other_id, r.kind, false AS backwards, r.made_at FROM case_relation r WHERE r.case_id = $1
        UNION ALL SELECT r.case_id, r.kind, true, r.made_at FROM case_relation r WHERE r.other_id = $1 ORDER BY 4
        """,
        case_id,
    )


async def insert_changes(db: Connection, rows: Sequence[tuple[UUID, datetime, str, str, str]]) -> None:
    """(case, at, actor, action, content as JSON)."""
    await db.executemany("INSERT INTO case_change (case_id, at, actor, action, content) VALUES ($1, $2, $3, $4, $5)", rows)


async def list_changes(db: Connection, case_id: UUID) -> list[asyncpg.Record]:
    return await db.fetch("SELECT * FROM case_change WHERE case_id = $1 ORDER BY id LIMIT 2000", case_id)


async def insert_assignments(db: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """(id, case, at, actor, team, employee, reason, explained as JSON)."""
    await db.executemany(
        """
        INSERT INTO case_assignment (id, case_id, at, actor, team_id, employee_id, reason, explained) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        rows,
    )


async def list_assignments(db: Connection, case_id: UUID) -> list[asyncpg.Record]:
    return await db.fetch("SELECT * FROM case_assignment WHERE case_id = $1 ORDER BY at, id", case_id)


async def insert_survey(db: Connection, *, case_id: UUID, resolution: int, employee_id: UUID | None, at: datetime) -> None:
    await db.execute(
        "INSERT INTO case_survey (case_id, resolution, employee_id, asked_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        case_id, resolution, employee_id, at,
    )


async def find_survey(db: Connection, *, case_id: UUID, resolution: int, lock: bool = False) -> asyncpg.Record | None:
    if lock:
        await db.execute("SELECT 1 FROM case_survey WHERE case_id = $1 AND resolution = $2 FOR UPDATE", case_id, resolution)
    return await db.fetchrow("SELECT * FROM case_survey WHERE case_id = $1 AND resolution = $2", case_id, resolution)


async def answer_survey(db: Connection, *, case_id: UUID, resolution: int, score: int, remark: str | None, at: datetime) -> None:
    await db.execute(
        "UPDATE case_survey SET score = $3, remark = coalesce($4, remark), answered_at = $5 WHERE case_id = $1 AND resolution = $2",
        case_id, resolution, score, remark, at,
    )


async def list_surveys(db: Connection, case_id: UUID) -> list[asyncpg.Record]:
    return await db.fetch("SELECT * FROM case_survey WHERE case_id = $1 ORDER BY resolution", case_id)

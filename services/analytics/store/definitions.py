"""Segments and their versions in PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from chassis.database import Connection

_FIND: Final = """
SELECT s.*, (SELECT count(*) FROM membership m WHERE m.segment_id = s.segment_id) AS members FROM segment s WHERE s.segment_id = $1
"""
_LIST: Final = """
SELECT s.*, (SELECT count(*) FROM membership m WHERE m.segment_id = s.segment_id) AS members FROM segment s
WHERE s.state = $1 AND ($2::uuid IS NULL OR s.segment_id > $2) ORDER BY s.segment_id LIMIT $3
"""


def _read(row: Any) -> dict[str, Any]:
    found = dict(row)
    found["rule"] = json.loads(found["rule"]) if isinstance(found["rule"], str) else found["rule"]
    return found


async def insert_segment(
    db: Connection, *, segment_id: UUID, name: str, description: str, rule: dict[str, Any], now: datetime, by: str, kind: str = "rule"
) -> None:
    """Raises asyncpg.UniqueViolationError when an active segment has the name. A list is never evaluated: its rows are its truth."""
    await db.execute(
        """
        INSERT INTO segment (segment_id, name, description, rule, created_at, updated_at, kind, evaluated_version, evaluated_at)
        VALUES ($1, $2, $3, $4::jsonb, $5, $5, $6, $7, $8)
        """,
        segment_id, name, description, json.dumps(rule), now, kind, 1 if kind == "list" else None, now if kind == "list" else None,
    )
    await _insert_version(db, segment_id=segment_id, version=1, rule=rule, now=now, by=by)


async def _insert_version(db: Connection, *, segment_id: UUID, version: int, rule: dict[str, Any], now: datetime, by: str) -> None:
    await db.execute(
        "INSERT INTO segment_version (segment_id, version, rule, changed_at, changed_by) VALUES ($1, $2, $3::jsonb, $4, $5)",
        segment_id, version, json.dumps(rule), now, by,
    )


async def change_segment(
    db: Connection, *, segment_id: UUID, name: str, description: str, rule: dict[str, Any], version: int, now: datetime, by: str
) -> None:
    """Write a new version; raises asyncpg.UniqueViolationError when another active segment has the name."""
    await db.execute(
        "UPDATE segment SET name = $2, description = $3, rule = $4::jsonb, version = $5, updated_at = $6 WHERE segment_id = $1",
        segment_id, name, description, json.dumps(rule), version, now,
    )
    await _insert_version(db, segment_id=segment_id, version=version, rule=rule, now=now, by=by)


async def rename_segment(db: Connection, *, segment_id: UUID, name: str, description: str, now: datetime) -> None:
    """Change what is written on it, not its rule."""
    await db.execute(
        "UPDATE segment SET name = $2, description = $3, updated_at = $4 WHERE segment_id = $1", segment_id, name, description, now
    )


async def archive_segment(db: Connection, *, segment_id: UUID, now: datetime) -> None:
    """It takes no part any more; its members leave with the next evaluation."""
    await db.execute(
        "UPDATE segment SET state = 'archived', updated_at = $2, evaluated_version = NULL WHERE segment_id = $1", segment_id, now
    )


async def find_segment(db: Connection, segment_id: UUID, *, lock: bool = False) -> dict[str, Any] | None:
    """One segment with the number of its members."""
    if lock:
        await db.execute("SELECT 1 FROM segment WHERE segment_id = $1 FOR UPDATE", segment_id)
    row = await db.fetchrow(_FIND, segment_id)
    return None if row is None else _read(row)


async def list_segments(db: Connection, *, after: UUID | None, limit: int, state: str) -> list[dict[str, Any]]:
    """Segments in the order they were made."""
    rows = await db.fetch(_LIST, state, after, limit)
    return [_read(row) for row in rows]


async def active_segments(db: Connection) -> list[dict[str, Any]]:
    """All segments that take part, without counting their members."""
    rows = await db.fetch("SELECT * FROM segment WHERE state = 'active' ORDER BY segment_id")
    return [_read(row) for row in rows]


async def segments_then(db: Connection, at: datetime) -> list[dict[str, Any]]:
    """The segments that took part then, each with the rule that it had."""
    rows = await db.fetch(
        """
        SELECT s.*, v.rule AS rule_then FROM segment s CROSS JOIN LATERAL (
            SELECT rule FROM segment_version WHERE segment_id = s.segment_id AND changed_at <= $1 ORDER BY version DESC LIMIT 1) v
        WHERE s.state = 'active' OR s.updated_at > $1 ORDER BY s.segment_id
        """,
        at,
    )
    return [_read({**dict(row), "rule": row["rule_then"]}) for row in rows]


async def archived_with_members(db: Connection) -> list[UUID]:
    """Archived segments whose members have not left yet."""
    rows = await db.fetch(
        """
        SELECT s.segment_id FROM segment s WHERE s.state = 'archived'
        AND EXISTS (SELECT 1 FROM membership m WHERE m.segment_id = s.segment_id)
        """
    )
    return [row["segment_id"] for row in rows]


async def mark_evaluated(db: Connection, *, segment_id: UUID, version: int, at: datetime) -> None:
    """Everybody was evaluated with this version."""
    await db.execute("UPDATE segment SET evaluated_version = $2, evaluated_at = $3 WHERE segment_id = $1", segment_id, version, at)


async def forget_evaluations(db: Connection) -> None:
    """Every segment is due for a full run (the warehouse is another one, or too many customers were touched)."""
    await db.execute("UPDATE segment SET evaluated_at = NULL WHERE state = 'active'")


async def forget_evaluations_of(db: Connection, segments: Sequence[UUID]) -> None:
    """These are due for a full run."""
    await db.execute("UPDATE segment SET evaluated_at = NULL WHERE segment_id = ANY($1::uuid[])", segments)


async def versions(db: Connection, segment_id: UUID) -> list[dict[str, Any]]:
    """Every rule the segment had, the newest first."""
    rows = await db.fetch(
        "SELECT version, rule, changed_at, changed_by FROM segment_version WHERE segment_id = $1 ORDER BY version DESC LIMIT 200", segment_id
    )
    return [_read(row) for row in rows]

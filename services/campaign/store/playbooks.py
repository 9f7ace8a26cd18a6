"""Playbooks that somebody wrote or changed, and runs of playbooks."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from chassis.database import Connection
from services.campaign.domain.playbooks import Playbook

_encode = msgspec.json.Encoder().encode


async def all_own(db: Connection) -> dict[str, tuple[Playbook, int]]:
    """Key -> (playbook, version)."""
    rows = await db.fetch("SELECT key, content, version FROM playbook ORDER BY key")
    return {row["key"]: (Playbook.model_validate_json(row["content"]), row["version"]) for row in rows}


async def put(db: Connection, playbook: Playbook, *, at: datetime) -> int:
    """Write a playbook; returns its version."""
    version: int = await db.fetchval(
        """
        INSERT INTO playbook (key, content, version, updated_at) VALUES ($1, $2::jsonb, 1, $3)
        ON CONFLICT (key) DO UPDATE SET content = EXCLUDED.content, version = playbook.version + 1, updated_at = EXCLUDED.updated_at RETURNING version
        """,
        playbook.key, playbook.model_dump_json(), at,
    )
    return version


async def insert_run(db: Connection, *, run_id: UUID, key: str, stage: str | None, made: dict[str, Any], at: datetime) -> None:
    await db.execute(
        "INSERT INTO playbook_run (id, key, stage, status, made, started_at) VALUES ($1, $2, $3, 'running', $4::jsonb, $5)",
        run_id, key, stage, _encode(made).decode(), at,
    )


async def find_run(db: Connection, run_id: UUID, *, lock: bool = False) -> dict[str, Any] | None:
    row = await db.fetchrow("SELECT * FROM playbook_run WHERE id = $1 FOR UPDATE" if lock else "SELECT * FROM playbook_run WHERE id = $1", run_id)
    return None if row is None else _run(row)


async def runs(db: Connection, *, key: str | None = None, stage: str | None = None, status: str | None = None) -> list[dict[str, Any]]:
    """The newest first."""
    rows = await db.fetch(
        """
        SELECT * FROM playbook_run WHERE ($1::text IS NULL OR key = $1) AND ($2::text IS NULL OR stage = $2) AND ($3::text IS NULL OR status = $3)
        ORDER BY id DESC LIMIT 200
        """,
        key, stage, status,
    )
    return [_run(row) for row in rows]


async def stop_run(db: Connection, run_id: UUID, *, at: datetime) -> None:
    await db.execute("UPDATE playbook_run SET status = 'stopped', stopped_at = $2 WHERE id = $1", run_id, at)


def _run(row: Any) -> dict[str, Any]:
    return {**dict(row), "made": msgspec.json.decode(row["made"])}

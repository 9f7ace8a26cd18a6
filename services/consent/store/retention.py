"""Rules of retention and their runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from chassis.database import Connection
from services.consent.domain.retaining import Rule, Run

_RUN: Final = "id, dry_run, state, asked_at, actor, waits_for, finished_at, rules, counts"
_FIND: Final = f"SELECT {_RUN} FROM retention_run WHERE id = $1"  # noqa: S608 - constant columns
_PAGE: Final = f"SELECT {_RUN} FROM retention_run WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2"  # noqa: S608 - constant columns
_WAITING: Final = f"""
    SELECT {_RUN} FROM retention_run WHERE state = 'waiting' AND (tried_at IS NULL OR tried_at < $1) ORDER BY asked_at LIMIT 1
"""  # noqa: S608 - constant columns


async def rules(db: Connection) -> list[Rule]:
    """All rules by category."""
    return [Rule(*row) for row in await db.fetch("SELECT category, days, reason, changed_at, changed_by FROM retention_rule ORDER BY category")]


async def put_rules(db: Connection, found: Sequence[Rule]) -> None:
    """These are all rules from now on."""
    await db.execute("LOCK TABLE retention_rule IN EXCLUSIVE MODE")
    await db.execute("DELETE FROM retention_rule")
    await db.executemany(
        "INSERT INTO retention_rule (category, days, reason, changed_at, changed_by) VALUES ($1, $2, $3, $4, $5)", [tuple(rule) for rule in found]
    )


async def insert_run(db: Connection, run: Run) -> None:
    await db.execute(
        "INSERT INTO retention_run (id, dry_run, state, asked_at, actor, rules) VALUES ($1, $2, $3, $4, $5, $6)",
        run.id, run.dry_run, run.state, run.asked_at, run.actor, msgspec.json.encode(run.rules).decode(),
    )


async def put_run(db: Connection, run: Run, *, tried_at: datetime) -> None:
    """How far it is."""
    await db.execute(
        "UPDATE retention_run SET state = $2, waits_for = $3, finished_at = $4, counts = $5, tried_at = $6 WHERE id = $1",
        run.id, run.state, run.waits_for, run.finished_at, msgspec.json.encode(run.counts).decode(), tried_at,
    )


async def find_run(db: Connection, run_id: UUID) -> Run | None:
    row = await db.fetchrow(_FIND, run_id)
    return _run(row) if row else None


async def waiting_run(db: Connection, *, before: datetime) -> Run | None:
    """The oldest that waits and was not tried since then."""
    row = await db.fetchrow(_WAITING, before)
    return _run(row) if row else None


async def page_runs(db: Connection, *, before: UUID | None, limit: int) -> list[Run]:
    """The newest first."""
    return [_run(row) for row in await db.fetch(_PAGE, before, limit)]


async def counted_since(db: Connection, rules: str) -> bool:
    """Whether a dry run with exactly these rules (JSON) was finished."""
    found: bool = await db.fetchval(
        "SELECT EXISTS (SELECT FROM retention_run WHERE dry_run AND state = 'done' AND rules = $1::text::jsonb)", rules
    )
    return found


async def last_asked(db: Connection) -> datetime | None:
    """When the rules were last to be acted on."""
    found: datetime | None = await db.fetchval("SELECT max(asked_at) FROM retention_run WHERE NOT dry_run")
    return found


def _run(row: Any) -> Run:
    return Run(*row)._replace(rules=msgspec.json.decode(row["rules"]), counts=msgspec.json.decode(row["counts"]))

"""Reports, their runs and mails in PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Connection


def _read(row: Any) -> dict[str, Any]:
    found = dict(row)
    for name in ("questions", "schedule", "figures", "answers"):
        if isinstance(found.get(name), str):
            found[name] = json.loads(found[name])
    return found


async def insert_report(
    db: Connection, *, report_id: UUID, name: str, questions: list[Any], schedule: dict[str, Any], next_at: datetime | None, by: str, now: datetime
) -> None:
    """Raises asyncpg.UniqueViolationError when an active report has the name."""
    await db.execute(
        """
        INSERT INTO report (report_id, name, questions, schedule, next_at, created_by, created_at, updated_at)
        VALUES ($1, $2, $3::jsonb, $4::jsonb, $5, $6, $7, $7)
        """,
        report_id, name, json.dumps(questions), json.dumps(schedule), next_at, by, now,
    )


async def put_recipients(db: Connection, *, report_id: UUID, recipients: Sequence[tuple[UUID, UUID]]) -> None:
    """(customer, template) of each."""
    await db.execute("DELETE FROM report_recipient WHERE report_id = $1", report_id)
    await db.executemany("INSERT INTO report_recipient VALUES ($1, $2, $3)", [(report_id, *one) for one in recipients])


async def find_report(db: Connection, report_id: UUID) -> dict[str, Any] | None:
    row = await db.fetchrow("SELECT * FROM report WHERE report_id = $1 AND state = 'active'", report_id)
    return None if row is None else _read(row) | {"recipients": await recipients(db, report_id)}


async def list_reports(db: Connection) -> list[dict[str, Any]]:
    """Active ones by name."""
    rows = await db.fetch("SELECT * FROM report WHERE state = 'active' ORDER BY lower(name)")
    return [_read(row) | {"recipients": await recipients(db, row["report_id"])} for row in rows]


async def recipients(db: Connection, report_id: UUID) -> list[dict[str, Any]]:
    rows = await db.fetch("SELECT customer_id, template_id FROM report_recipient WHERE report_id = $1 ORDER BY customer_id", report_id)
    return [dict(row) for row in rows]


async def archive_report(db: Connection, *, report_id: UUID, now: datetime) -> bool:
    await db.execute("DELETE FROM report_recipient WHERE report_id = $1", report_id)
    done = await db.execute("UPDATE report SET state = 'archived', next_at = NULL, updated_at = $2 WHERE report_id = $1 AND state = 'active'", report_id, now)
    return done == "UPDATE 1"


async def due_report(db: Connection, *, now: datetime) -> dict[str, Any] | None:
    """The one that waits longest."""
    row = await db.fetchrow("SELECT * FROM report WHERE state = 'active' AND next_at <= $1 ORDER BY next_at LIMIT 1", now)
    return None if row is None else _read(row)


async def note_next(db: Connection, *, report_id: UUID, next_at: datetime | None) -> None:
    await db.execute("UPDATE report SET next_at = $2 WHERE report_id = $1 AND state = 'active'", report_id, next_at)


async def insert_run(
    db: Connection, *, run_id: UUID, report_id: UUID, due_at: datetime, made_at: datetime, figures: dict[str, Any], answers: list[Any]
) -> bool:
    """False when there is a run for this moment already. With it the mails that have to go out."""
    done = await db.execute(
        """
        INSERT INTO report_run (run_id, report_id, due_at, made_at, figures, answers) VALUES ($1, $2, $3, $4, $5::jsonb, $6::jsonb)
        ON CONFLICT (report_id, due_at) DO NOTHING
        """,
        run_id, report_id, due_at, made_at, json.dumps(figures), json.dumps(answers),
    )
    if done != "INSERT 0 1":
        return False
    await db.execute(
        """
        INSERT INTO report_delivery (run_id, customer_id, template_id, state, next_at)
        SELECT $1, customer_id, template_id, 'waiting', $3 FROM report_recipient WHERE report_id = $2
        """,
        run_id, report_id, made_at,
    )
    return True


async def list_runs(db: Connection, *, report_id: UUID, limit: int) -> list[dict[str, Any]]:
    """The newest first, without the answers."""
    rows = await db.fetch(
        "SELECT run_id, report_id, due_at, made_at, figures FROM report_run WHERE report_id = $1 ORDER BY due_at DESC LIMIT $2", report_id, limit
    )
    return [_read(row) for row in rows]


async def find_run(db: Connection, *, report_id: UUID, run_id: UUID) -> dict[str, Any] | None:
    row = await db.fetchrow("SELECT * FROM report_run WHERE report_id = $1 AND run_id = $2", report_id, run_id)
    if row is None:
        return None
    mails = await db.fetch(
        "SELECT customer_id, template_id, state, reason, tries, message_id FROM report_delivery WHERE run_id = $1 ORDER BY customer_id", run_id
    )
    return _read(row) | {"deliveries": [dict(one) for one in mails]}


async def waiting_mail(db: Connection, *, now: datetime) -> dict[str, Any] | None:
    """One mail that may be tried now, with what it tells."""
    row = await db.fetchrow(
        """
        SELECT d.run_id, d.customer_id, d.template_id, d.tries, r.report_id, r.due_at, r.made_at, r.figures, p.name, p.schedule
        FROM report_delivery d JOIN report_run r ON r.run_id = d.run_id JOIN report p ON p.report_id = r.report_id
        WHERE d.state = 'waiting' AND d.next_at <= $1 ORDER BY d.next_at, d.run_id, d.customer_id LIMIT 1
        """,
        now,
    )
    return None if row is None else _read(row)


async def note_mail(
    db: Connection, *, run_id: UUID, customer_id: UUID, state: str, reason: str | None, next_at: datetime, message_id: UUID | None
) -> None:
    await db.execute(
        """
        UPDATE report_delivery SET state = $3, reason = $4, next_at = $5, message_id = $6, tries = tries + 1 WHERE run_id = $1 AND customer_id = $2
        """,
        run_id, customer_id, state, reason, next_at, message_id,
    )


async def drop_runs(db: Connection, *, before: datetime) -> None:
    """Runs and their mails from before a time."""
    await db.execute("DELETE FROM report_delivery WHERE run_id IN (SELECT run_id FROM report_run WHERE made_at < $1)", before)
    await db.execute("DELETE FROM report_run WHERE made_at < $1", before)

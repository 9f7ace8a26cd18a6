"""Work to do."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from services.interaction import errors
from services.interaction.domain import calendar_files
from services.interaction.domain.tasks import OPEN, Recurrence
from services.interaction.settings import InteractionService
from services.interaction.store import replicas
from services.interaction.store import tasks as store

_recurrence = msgspec.json.Decoder(Recurrence).decode

Cursor = tuple[datetime | None, UUID]


async def get_task(service: InteractionService, *, task_id: UUID) -> dict[str, Any]:
    """One task. Raises Unknown."""
    async with service.read() as db:
        row = await store.find_task(db, task_id)
    if row is None:
        raise errors.unknown_task()
    return _shown(row, service.clock.now())


async def list_tasks(
    service: InteractionService, *, customer_id: UUID | None = None, employee_id: UUID | None = None, team_id: UUID | None = None,
    case_id: UUID | None = None, opportunity_id: UUID | None = None, state: str | None = None, kind: str | None = None, overdue: bool = False,
    due_from: datetime | None = None, due_before: datetime | None = None, after: Cursor | None = None, limit: int = 50,
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """A page by due time and where the next begins; `overdue`: open and past their time. A customer's are those of everybody merged into it."""
    now = service.clock.now()
    if overdue:
        state, due_before = OPEN, min(due_before or now, now)
    async with service.read() as db:
        family = None
        if customer_id is not None:
            family = await replicas.list_family(db, await replicas.find_survivor(db, customer_id))
        rows = await store.list_tasks(
            db, customers=family, employee_id=employee_id, team_id=team_id, case_id=case_id, opportunity_id=opportunity_id, state=state,
            kind=kind, due_from=due_from, due_before=due_before, after=after, limit=limit + 1,
        )
    following = (rows[limit - 1]["due_at"], rows[limit - 1]["id"]) if len(rows) > limit else None
    return [_shown(row, now) for row in rows[:limit]], following


async def get_calendar_file(service: InteractionService, *, task_id: UUID) -> bytes:
    """The calendar file of a task that has a time. Raises Unknown, Conflict."""
    found = await get_task(service, task_id=task_id)
    if found["due_at"] is None:
        raise errors.task_without_time()
    return calendar_files.calendar_file(
        task_id=task_id, title=found["title"], notes=found["notes"], place=found["place"], due_at=found["due_at"],
        minutes=found["duration_minutes"], reminders=found["reminders"], version=found["version"], updated_at=found["updated_at"],
        state=found["state"], recurrence=Recurrence(**found["recurrence"]) if found["recurrence"] else None,
    )


def _shown(row: Any, now: datetime) -> dict[str, Any]:
    rule = row["recurrence"]
    return {
        **row, "recurrence": None if rule is None else msgspec.structs.asdict(_recurrence(rule)),
        "overdue": row["state"] == OPEN and row["due_at"] is not None and row["due_at"] < now,
    }

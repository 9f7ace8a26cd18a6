"""Work to do: planned, changed, reminded, finished, handed over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from chassis import ids
from chassis.unit_of_work import Transaction
from contracts.interaction import TaskDue
from services.interaction import errors
from services.interaction.commands import posting
from services.interaction.domain import tasks
from services.interaction.domain.tasks import CANCELLED, DONE, OPEN, Recurrence
from services.interaction.settings import InteractionService
from services.interaction.store import tasks as store

_AT_ONCE: Final = 500

_encode = msgspec.json.Encoder().encode
_recurrence = msgspec.json.Decoder(Recurrence).decode


async def plan_task(service: InteractionService, *, given: Mapping[str, Any]) -> UUID:
    """Plan a task; `given` are the fields of `PlanTask`. Raises Invalid."""
    async with service.transaction() as tx:
        return await add_task(service, tx, given=given)


async def add_task(service: InteractionService, tx: Transaction, *, given: Mapping[str, Any]) -> UUID:
    """Plan a task within a transaction. Raises Invalid."""
    zone, due_at, recurrence = given.get("time_zone", "UTC"), given.get("due_at"), given.get("recurrence")
    if not tasks.is_zone(zone):
        raise errors.wrong("task.unknown_zone", "/time_zone", "There is no such time zone: name one as the IANA does, for example Asia/Tehran.")
    if due_at is None and (recurrence or given.get("reminders")):
        raise errors.wrong("task.no_due_time", "/due_at", "Reminders and recurrence need a time: say when it is due.")
    now, task_id = service.clock.now(), ids.new_id()
    rule = Recurrence(**recurrence) if recurrence else None
    row = {
        **given, "id": task_id, "kind": given.get("kind", "task"), "notes": given.get("notes", ""), "time_zone": zone,
        "recurrence": _encode(rule).decode() if rule else None, "series_id": task_id, "occurrence": 0, "first_at": due_at, "state": OPEN,
        "created_at": now, "updated_at": now, "version": 1,
    }
    await store.insert_task(tx.db, row)
    await store.put_reminders(tx.db, task_id, tasks.reminders(due_at, given.get("reminders") or []))
    return task_id


async def change_task(service: InteractionService, *, task_id: UUID, changes: Mapping[str, Any]) -> None:
    """Set fields of an open task; reminders move with its time. Raises Unknown, Conflict, Invalid."""
    async with service.transaction() as tx:
        row = await _open_task(tx, task_id)
        if changes.get("title", row["title"]) is None:
            raise errors.wrong("task.no_title", "/title", "A task keeps a title: send one.")
        wanted = changes.get("reminders", row["reminders"]) or []
        changed = {**row, **changes, "notes": changes.get("notes", row["notes"]) or "", "updated_at": service.clock.now()}
        if changed["due_at"] is None and (wanted or row["recurrence"]):
            raise errors.wrong("task.no_due_time", "/due_at", "Reminders and recurrence need a time: say when it is due.")
        await store.update_task(tx.db, changed)
        await store.put_reminders(tx.db, task_id, tasks.reminders(changed["due_at"], wanted))


async def finish_task(
    service: InteractionService, *, task_id: UUID, outcome: str, notes: str, answered: bool, duration_s: int, done_at: datetime | None,
    source_id: str | None,
) -> None:
    """Close a task with its outcome; a contact is told to the timeline in the same transaction, the next of a series is planned.

    Finishing it again with the same outcome changes nothing. Raises Unknown, Conflict, Invalid.
    """
    async with service.read() as db:
        found = await store.find_task(db, task_id)
    if found is None:
        raise errors.unknown_task()
    if found["state"] == DONE and found["outcome"] == outcome:
        return
    now = service.clock.now()
    done_at = done_at or now
    customer = None
    if found["customer_id"] is not None and found["kind"] in tasks.CONTACTS and found["state"] == OPEN:
        customer = await posting.key_of(service, found["customer_id"])
    async with service.transaction() as tx:
        row = await _open_task(tx, task_id)
        interaction_id = None
        if customer is not None:
            body = tasks.touchpoint(
                task_id=task_id, kind=row["kind"], title=row["title"], customer=customer, employee_id=row["employee_id"], case_id=row["case_id"],
                place=row["place"], outcome=outcome, notes=notes, answered=answered, duration_s=duration_s, done_at=done_at,
            )
            told, record = await posting.touchpoint_record(service, body=body, source_id=source_id)
            tx.append(record)
            interaction_id = UUID(told)
        await store.update_task(tx.db, {
            **row, "notes": notes or row["notes"], "state": DONE, "outcome": outcome, "done_at": done_at, "interaction_id": interaction_id,
            "updated_at": now,
        })
        await _plan_next(tx, row, now)


async def cancel_task(service: InteractionService, *, task_id: UUID) -> None:
    """Close a task that will not be done; its series ends. Raises Unknown, Conflict."""
    async with service.transaction() as tx:
        row = await _open_task(tx, task_id)
        await store.update_task(tx.db, {**row, "state": CANCELLED, "updated_at": service.clock.now()})


async def tell_due_tasks(service: InteractionService) -> bool:
    """Tell reminders whose time has come, each exactly once: marked and told in one transaction. Returns whether there are more."""
    async with service.transaction() as tx:
        rows = await store.take_due_reminders(tx.db, now=service.clock.now(), limit=_AT_ONCE)
        for row in rows:
            if row["state"] == OPEN:
                tx.tell(TaskDue(
                    task_id=str(row["id"]), kind=row["kind"], due_at=row["due_at"], minutes_before=row["minutes_before"],
                    employee_id=_text(row["employee_id"]), team_id=_text(row["team_id"]), customer_id=_text(row["customer_id"]),
                    case_id=_text(row["case_id"]), opportunity_id=_text(row["opportunity_id"]),
                ))
    return len(rows) >= _AT_ONCE


async def hand_over_tasks(tx: Transaction, *, employee_id: UUID, team_id: UUID | None, now: datetime) -> int:
    """Somebody left: the open tasks become the team's. Returns how many."""
    return await store.hand_over(tx.db, employee_id=employee_id, team_id=team_id, now=now)


async def _plan_next(tx: Transaction, row: Mapping[str, Any], now: datetime) -> None:
    if row["recurrence"] is None or row["first_at"] is None:
        return
    later = tasks.following(row["first_at"], _recurrence(row["recurrence"]), row["occurrence"], row["time_zone"], now=now)
    if later is None:
        return
    number, due_at = later
    following = {
        **row, "id": ids.new_id(), "occurrence": number, "due_at": due_at, "state": OPEN, "outcome": None, "done_at": None,
        "interaction_id": None, "created_at": now, "updated_at": now, "version": 1,
    }
    if await store.insert_task(tx.db, following):
        await store.put_reminders(tx.db, following["id"], tasks.reminders(due_at, row["reminders"]))


async def _open_task(tx: Transaction, task_id: UUID) -> dict[str, Any]:
    row = await store.find_task(tx.db, task_id, lock=True)
    if row is None:
        raise errors.unknown_task()
    if row["state"] != OPEN:
        raise errors.closed_task(row["state"])
    return dict(row)


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)

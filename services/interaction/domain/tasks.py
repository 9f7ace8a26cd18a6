"""Rules of work to do: when a recurring task comes again, when a reminder is due, and what finished work becomes."""

from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

OPEN: Final = "open"
DONE: Final = "done"
CANCELLED: Final = "cancelled"

#: Kinds that are contacts: done, they stand on the customer's timeline.
CONTACTS: Final = frozenset({"call", "meeting"})
#: Occurrences looked at for one that lies in the future.
_FURTHEST: Final = 20_000


class Recurrence(msgspec.Struct, frozen=True, omit_defaults=True):
    """Again every `interval` `every`s, until a day inclusive or `count` times in all."""

    every: str
    interval: int = 1
    until: date | None = None
    count: int | None = None


def is_zone(name: str) -> bool:
    """Whether an IANA zone of this name exists."""
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # ZoneInfoNotFoundError is a KeyError
        return False
    return True


def occurrence_at(first: datetime, recurrence: Recurrence, number: int, zone: str) -> datetime:
    """When occurrence `number` (0 is the first) is due: the first one's local time, the month's last day where it has no such day."""
    local = first.astimezone(ZoneInfo(zone))
    steps = number * recurrence.interval
    if recurrence.every in {"day", "week"}:
        day = local.date() + timedelta(days=steps * (7 if recurrence.every == "week" else 1))
    else:
        months = local.year * 12 + local.month - 1 + steps * (12 if recurrence.every == "year" else 1)
        year, month = divmod(months, 12)
        day = date(year, month + 1, min(local.day, calendar.monthrange(year, month + 1)[1]))
    return datetime.combine(day, local.timetz().replace(tzinfo=None), tzinfo=ZoneInfo(zone)).astimezone(first.tzinfo)


def following(first: datetime, recurrence: Recurrence, number: int, zone: str, *, now: datetime) -> tuple[int, datetime] | None:
    """The first occurrence after `number` that is not past, or None when the series is over. What was missed is not caught up."""
    for later in range(number + 1, number + _FURTHEST):
        if recurrence.count is not None and later >= recurrence.count:
            return None
        try:
            due = occurrence_at(first, recurrence, later, zone)
        except (OverflowError, ValueError):
            return None
        if recurrence.until is not None and due.astimezone(ZoneInfo(zone)).date() > recurrence.until:
            return None
        if due > now:
            return later, due
    return None


def reminders(due_at: datetime | None, minutes: list[int]) -> list[tuple[int, datetime]]:
    """(minutes before, when) of each reminder, once each."""
    if due_at is None:
        return []
    return [(each, due_at - timedelta(minutes=each)) for each in sorted(set(minutes))]


def touchpoint(
    *, task_id: UUID, kind: str, title: str, customer: str, employee_id: UUID | None, case_id: UUID | None, place: str | None, outcome: str,
    notes: str, answered: bool, duration_s: int, done_at: datetime,
) -> dict[str, Any]:
    """The touch point that finished work is; the same task gives the same id, so that it is stored once."""
    body: dict[str, Any] = {
        "id": f"task:{task_id}", "kind": kind, "customer": customer, "initiator": "company", "outcome": outcome, "duration_s": duration_s,
        "occurred_at": done_at.isoformat(), "subject": title, "task_id": str(task_id),
    }
    if notes:
        body["summary"] = notes
    if employee_id is not None:
        body["employee_id"] = str(employee_id)
    if case_id is not None:
        body["case_id"] = str(case_id)
    if kind == "call":
        body["answered"] = answered
    elif place:
        body["place"] = place
    return body

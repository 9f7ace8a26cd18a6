"""Calendar files (RFC 5545) of work that has a time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from icalendar import Alarm, Calendar, Event, vRecur

from services.interaction.domain.tasks import CANCELLED, Recurrence

PRODUCT: Final = "-//Peyvand//Work//EN"
_FREQUENCY: Final = {"day": "DAILY", "week": "WEEKLY", "month": "MONTHLY", "year": "YEARLY"}
_MINUTES: Final = 30


def calendar_file(
    *, task_id: UUID, title: str, notes: str, place: str | None, due_at: datetime, minutes: int | None, reminders: list[int], version: int,
    updated_at: datetime, state: str, recurrence: Recurrence | None,
) -> bytes:
    """One event in UTC. The id never changes and the sequence number grows, so that a calendar replaces what it holds."""
    event = Event()
    event.add("uid", f"{task_id}@peyvand")
    event.add("summary", title)
    event.add("dtstamp", updated_at)
    event.add("dtstart", due_at)
    event.add("dtend", due_at + timedelta(minutes=minutes or _MINUTES))
    event.add("sequence", version)
    event.add("status", "CANCELLED" if state == CANCELLED else "CONFIRMED")
    if notes:
        event.add("description", notes)
    if place:
        event.add("location", place)
    if recurrence is not None:
        rule: dict[str, object] = {"freq": _FREQUENCY[recurrence.every], "interval": recurrence.interval}
        if recurrence.count is not None:
            rule["count"] = recurrence.count
        elif recurrence.until is not None:
            rule["until"] = datetime(recurrence.until.year, recurrence.until.month, recurrence.until.day, 23, 59, 59, tzinfo=due_at.tzinfo)
        event.add("rrule", vRecur(rule))
    for before in reminders:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", title)
        alarm.add("trigger", timedelta(minutes=-before))
        event.add_component(alarm)
    found = Calendar()
    found.add("prodid", PRODUCT)
    found.add("version", "2.0")
    found.add("method", "CANCEL" if state == CANCELLED else "PUBLISH")
    found.add_component(event)
    return bytes(found.to_ical())

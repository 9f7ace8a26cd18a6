"""Scheduled reports: when one is due next, and how its questions are read."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from services.analytics.domain import calendars

EVERY: Final = ("day", "week", "month", "never")
MAX_QUESTIONS: Final = 20
MAX_RECIPIENTS: Final = 50
#: A mail that could not be handed over is tried again after so many seconds; then it has failed.
PAUSES: Final = (10.0, 60.0, 600.0, 3600.0, 4 * 3600.0)


class Schedule(NamedTuple):
    """`at`: hour and minute of the organisation's day; `weekday`: 0 Monday; months begin by `calendar`; `never`: only when asked."""

    every: str
    at: time
    weekday: int = 0
    calendar: str = "gregorian"


def read_schedule(value: dict[str, Any]) -> Schedule:
    """As it was stored."""
    hour, minute = (int(part) for part in value["at"].split(":"))
    return Schedule(value["every"], time(hour, minute), value["weekday"], value["calendar"])


def due_after(schedule: Schedule, moment: datetime, zone: str) -> datetime | None:
    """The first due moment after `moment`, in UTC; a time that the clock skips in spring is taken an hour later."""
    if schedule.every == "never":
        return None
    day = calendars.today(moment, zone)
    for candidate in _days(schedule, day):
        due = datetime.combine(candidate, schedule.at, ZoneInfo(zone)).astimezone(UTC)
        if due > moment:
            return due
    raise AssertionError("every schedule has a due day within two months")


def _days(schedule: Schedule, day: date) -> list[date]:
    if schedule.every == "day":
        return [day, day + timedelta(days=1), day + timedelta(days=2)]
    if schedule.every == "week":
        first = day + timedelta(days=(schedule.weekday - day.weekday()) % 7)
        return [first, first + timedelta(days=7)]
    return [calendars.month_start(day, schedule.calendar, shift=shift) for shift in (0, 1, 2)]


def pause_after(tries: int) -> timedelta | None:
    """How long to wait after so many tries; None: no more."""
    return timedelta(seconds=PAUSES[tries - 1]) if tries <= len(PAUSES) else None

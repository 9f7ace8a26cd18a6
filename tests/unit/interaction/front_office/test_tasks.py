"""When recurring work comes again, and its calendar file (U14)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from services.interaction.domain import calendar_files, tasks
from services.interaction.domain.tasks import Recurrence

FIRST = datetime(2027, 1, 31, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("number", "due"),
    [(0, "2027-01-31T08:00:00+00:00"), (1, "2027-02-28T08:00:00+00:00"), (2, "2027-03-31T07:00:00+00:00"), (13, "2028-02-29T08:00:00+00:00")],
)
def test_a_monthly_task_keeps_its_day_and_its_local_time(number: int, due: str) -> None:
    """The last day of a short month does not become the day of all later ones; Berlin turns its clocks on 28 March 2027."""
    assert tasks.occurrence_at(FIRST, Recurrence(every="month"), number, "Europe/Berlin").isoformat() == due


def test_a_series_ends_by_day_and_by_number_and_skips_what_was_missed() -> None:
    weekly = Recurrence(every="week", until=date(2027, 2, 14))
    assert tasks.following(FIRST, weekly, 0, "UTC", now=FIRST) == (1, datetime(2027, 2, 7, 8, tzinfo=UTC))
    assert tasks.following(FIRST, weekly, 0, "UTC", now=datetime(2027, 2, 10, tzinfo=UTC)) == (2, datetime(2027, 2, 14, 8, tzinfo=UTC))
    assert tasks.following(FIRST, weekly, 2, "UTC", now=FIRST) is None
    assert tasks.following(FIRST, Recurrence(every="day", count=2), 1, "UTC", now=FIRST) is None
    assert tasks.following(datetime(9999, 12, 30, tzinfo=UTC), Recurrence(every="day"), 5, "UTC", now=FIRST) is None


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(["day", "week", "month", "year"]), st.integers(1, 12), st.integers(0, 200), st.sampled_from(["UTC", "Asia/Tehran", "America/New_York"]))
def test_later_occurrences_are_later(every: str, interval: int, number: int, zone: str) -> None:
    rule = Recurrence(every=every, interval=interval)
    one, two = (tasks.occurrence_at(FIRST, rule, each, zone) for each in (number, number + 1))
    assert one < two
    assert one.astimezone(ZoneInfo(zone)).time() == FIRST.astimezone(ZoneInfo(zone)).time()


def test_a_calendar_file_says_what_calendars_read() -> None:
    content = calendar_files.calendar_file(
        task_id=UUID(int=7), title="دیدار, one; two\nthree", notes="n" * 200, place="Shiraz", due_at=FIRST, minutes=45, reminders=[15], version=3,
        updated_at=FIRST, state="open", recurrence=Recurrence(every="week", interval=2, count=4),
    )
    assert max(map(len, content.split(b"\r\n"))) <= 75
    event: Any = Calendar.from_ical(content).walk("VEVENT")[0]
    assert str(event["summary"]) == "دیدار, one; two\nthree"
    assert (event["sequence"], event["dtstart"].dt, (event["dtend"].dt - event["dtstart"].dt).total_seconds()) == (3, FIRST, 2700)
    assert event["rrule"] == {"FREQ": ["WEEKLY"], "INTERVAL": [2], "COUNT": [4]}
    assert b"TRIGGER:-PT15M" in content
    gone = calendar_files.calendar_file(
        task_id=UUID(int=7), title="x", notes="", place=None, due_at=FIRST, minutes=None, reminders=[], version=4, updated_at=FIRST,
        state="cancelled", recurrence=None,
    )
    assert b"METHOD:CANCEL" in gone

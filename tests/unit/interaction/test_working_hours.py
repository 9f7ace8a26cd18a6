"""Business time: laws that hold in every calendar and zone, and the days on which clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.jalali import to_jalali
from services.interaction.domain.working_hours import ALWAYS, WEEKDAYS, Calendar, NeverOpen

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Tehran", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu", "Africa/Casablanca")
IRAN = Calendar(
    time_zone="Asia/Tehran",
    hours={day: [("08:00", "12:00"), ("13:00", "16:30")] for day in ("saturday", "sunday", "monday", "tuesday", "wednesday")},
    holidays=[{"jalali": f"01-{day:02}", "name": "Nowruz"} for day in range(1, 5)],
)
BERLIN = Calendar(time_zone="Europe/Berlin", hours={day: [("09:00", "17:00")] for day in WEEKDAYS[:5]})

moments = st.integers(1_100_000_000, 1_900_000_000).map(lambda found: datetime.fromtimestamp(found, UTC))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    days = draw(st.sets(st.sampled_from(WEEKDAYS), min_size=1))
    hours = {}
    for day in days:
        marks = sorted(draw(st.sets(st.integers(0, 96), min_size=2, max_size=6)))
        marks = marks[: len(marks) // 2 * 2]
        hours[day] = [(_clock(begin), _clock(end)) for begin, end in zip(marks[::2], marks[1::2], strict=True)]
    holidays = [{"on": day} for day in draw(st.lists(st.dates(date(2005, 1, 1), date(2030, 1, 1)), max_size=5))]
    return Calendar.model_validate({"time_zone": draw(st.sampled_from(ZONES)), "hours": hours, "holidays": holidays})


def _clock(quarter: int) -> str:
    return f"{quarter // 4:02}:{quarter % 4 * 15:02}"


@given(calendars(), moments, st.integers(0, 400_000))
@settings(max_examples=150, deadline=None)
def test_what_is_added_is_what_lies_between(calendar: Calendar, begin: datetime, seconds: int) -> None:
    end = calendar.after(begin, seconds)
    assert abs(calendar.seconds_between(begin, end) - seconds) < 0.001
    assert seconds == 0 or calendar.seconds_between(begin, end - timedelta(seconds=1)) < seconds


@given(calendars(), moments, st.integers(0, 2_000_000), st.integers(0, 2_000_000))
@settings(max_examples=100, deadline=None)
def test_time_is_additive_and_never_more_than_has_passed(calendar: Calendar, begin: datetime, one: int, two: int) -> None:
    middle, end = begin + timedelta(seconds=one), begin + timedelta(seconds=one + two)
    first, second, whole = calendar.seconds_between(begin, middle), calendar.seconds_between(middle, end), calendar.seconds_between(begin, end)
    assert abs(first + second - whole) < 0.001
    assert 0 <= whole <= one + two + 0.001
    assert calendar.seconds_between(end, begin) == 0


@given(calendars(), moments)
@settings(max_examples=100, deadline=None)
def test_it_is_open_when_it_says_it_opens(calendar: Calendar, at: datetime) -> None:
    opens = calendar.next_open(at)
    assert opens >= at
    assert calendar.is_open(opens)
    assert calendar.is_open(at) == (opens == at)
    assert calendar.seconds_between(at, opens) == 0


@given(moments, st.integers(0, 5_000_000), st.sampled_from(ZONES))
@settings(max_examples=100, deadline=None)
def test_where_it_is_always_open_all_time_counts_whatever_the_clocks_do(begin: datetime, seconds: int, zone: str) -> None:
    calendar = Calendar(time_zone=zone, hours=ALWAYS.hours)
    assert abs(calendar.seconds_between(begin, begin + timedelta(seconds=seconds)) - seconds) < 0.001
    assert calendar.after(begin, seconds) == begin + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23), ("Europe/Berlin", "2026-10-25", 25), ("America/Sao_Paulo", "2018-11-04", 23),
        ("America/Sao_Paulo", "2018-02-17", 25), ("Australia/Lord_Howe", "2026-10-04", 23.5), ("Asia/Tehran", "2022-03-22", 23),
        ("Europe/Berlin", "2026-06-01", 24),
    ],
)
def test_a_day_on_which_clocks_change_is_as_long_as_it_is(zone: str, day: str, hours: float) -> None:
    only = date.fromisoformat(day)
    calendar = Calendar(time_zone=zone, hours={WEEKDAYS[only.weekday()]: [("00:00", "24:00")]})
    noon = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    assert calendar.seconds_between(noon - timedelta(days=2), noon + timedelta(days=2)) == hours * 3600


def test_an_hour_that_is_skipped_is_no_working_time() -> None:
    night = Calendar(time_zone="Europe/Berlin", hours={"sunday": [("01:00", "02:30"), ("02:30", "04:00")]})
    spring, autumn, summer = (datetime(2026, *day, tzinfo=UTC) for day in ((3, 29), (10, 25), (6, 28)))
    lengths = [night.seconds_between(day - timedelta(hours=6), day + timedelta(hours=20)) / 3600 for day in (spring, autumn, summer)]
    assert lengths == [2, 4, 3]


def test_friday_and_sunday_weekends_and_holidays_of_both_calendars() -> None:
    thursday = datetime(2026, 11, 19, 12, tzinfo=UTC)
    assert IRAN.after(thursday, 3600) == datetime(2026, 11, 21, 5, 30, tzinfo=UTC)  # Saturday, nine o'clock in Tehran
    assert BERLIN.after(datetime(2026, 11, 20, 15, 30, tzinfo=UTC), 3600) == datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
    assert not IRAN.is_open(datetime(2026, 3, 22, 8, tzinfo=UTC))  # the second day of the year 1405, a Sunday
    assert IRAN.is_open(datetime(2026, 3, 25, 8, tzinfo=UTC))
    closed = BERLIN.model_copy(update={"holidays": []})
    off = Calendar.model_validate({**closed.model_dump(), "holidays": [{"yearly": "12-25"}, {"on": "2026-11-24", "name": "Move"}]})
    assert [off.is_holiday(date.fromisoformat(day)) for day in ("2026-12-25", "2031-12-25", "2026-11-24", "2027-11-24")] == [True, True, True, False]


@pytest.mark.parametrize(
    ("day", "month_and_day"), [("2026-03-21", (1, 1)), ("2026-03-20", (12, 29)), ("2025-03-20", (12, 30)), ("2026-09-22", (6, 31)), ("2026-09-23", (7, 1))]
)
def test_days_of_the_jalali_year(day: str, month_and_day: tuple[int, int]) -> None:
    assert to_jalali(date.fromisoformat(day))[1:] == month_and_day


@pytest.mark.parametrize(
    "wrong",
    [
        {"hours": {}}, {"hours": {"monday": []}}, {"hours": {"monday": [("17:00", "09:00")]}}, {"hours": {"monday": [("09:00", "12:00"), ("11:00", "13:00")]}},
        {"hours": {"monday": [("9:00", "12:00")]}}, {"hours": {"someday": [("09:00", "12:00")]}}, {"time_zone": "Mars/Olympus"},
        {"holidays": [{"yearly": "13-01"}]}, {"holidays": [{"name": "nothing"}]}, {"holidays": [{"yearly": "01-01", "jalali": "01-01"}]},
    ],
)
def test_a_calendar_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Calendar.model_validate({"hours": {"monday": [("09:00", "17:00")]}, **wrong})


def test_a_calendar_whose_every_day_is_off_says_so() -> None:
    mondays = [{"on": date(2026, 1, 5) + timedelta(weeks=week)} for week in range(400)]
    shut = Calendar.model_validate({"hours": {"monday": [("09:00", "17:00")]}, "holidays": mondays})
    with pytest.raises(NeverOpen):
        shut.after(datetime(2026, 1, 1, tzinfo=UTC), 60)
    assert shut.seconds_between(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)) == 0

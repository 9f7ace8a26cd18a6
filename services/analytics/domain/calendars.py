"""Months and midnights in the Gregorian and the Jalali (Solar Hijri) calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

CALENDARS: Final = ("gregorian", "jalali")

#: Years in which the 33-year pattern of leap years breaks (K. M. Borkowski, "The Persian calendar for 3000 years", 1996).
_BREAKS: Final = (
    -61, 9, 38, 199, 426, 686, 756, 818, 1111, 1181, 1210, 1635, 2060, 2097, 2192, 2262, 2324, 2394, 2456, 3178,
)


class Span(NamedTuple):
    """A named stretch of days, `last` excluded."""

    label: str
    first: date
    last: date


def new_year(year: int) -> date:
    """The Gregorian date of 1 Farvardin of a Jalali year. Raises ValueError outside the years 1 to 3177."""
    if not 1 <= year < _BREAKS[-1]:
        raise ValueError("a Jalali year lies between 1 and 3177")
    gregorian = year + 621
    leaps = -14
    before = _BREAKS[0]
    jump = 0
    for limit in _BREAKS[1:]:
        jump = limit - before
        if year < limit:
            break
        leaps += jump // 33 * 8 + jump % 33 // 4
        before = limit
    n = year - before
    leaps += n // 33 * 8 + (n % 33 + 3) // 4
    if jump % 33 == 4 and jump - n == 4:
        leaps += 1
    gregorian_leaps = gregorian // 4 - (gregorian // 100 + 1) * 3 // 4 - 150
    return date(gregorian, 3, 1) + timedelta(days=20 + leaps - gregorian_leaps - 1)


def from_jalali(year: int, month: int, day: int) -> date:
    """Raises ValueError for a day that does not exist."""
    if not 1 <= month <= 12 or not 1 <= day <= 31:
        raise ValueError("no such day in the Jalali calendar")
    start = new_year(year) + timedelta(days=(month - 1) * 31 - max(0, month - 7))
    found = start + timedelta(days=day - 1)
    if to_jalali(found) != (year, month, day):
        raise ValueError("no such day in the Jalali calendar")
    return found


def to_jalali(day: date) -> tuple[int, int, int]:
    """(year, month, day)."""
    year = day.year - 621
    if day < new_year(year):
        year -= 1
    number = (day - new_year(year)).days
    if number < 186:
        return year, number // 31 + 1, number % 31 + 1
    return year, (number - 186) // 30 + 7, (number - 186) % 30 + 1


def read_day(text: str, calendar: str) -> date:
    """`2026-03-21`, or with calendar = jalali `1405-01-01`. Raises ValueError."""
    parts = text.split("-")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError("a day is written YYYY-MM-DD")
    year, month, day = (int(part) for part in parts)
    if calendar == "jalali" and year < 1700:
        return from_jalali(year, month, day)
    return date(year, month, day)


def month_start(day: date, calendar: str, *, shift: int = 0) -> date:
    """The first day of the month that `day` lies in, `shift` months later."""
    year, month = to_jalali(day)[:2] if calendar == "jalali" else (day.year, day.month)
    count = year * 12 + month - 1 + shift
    year, month = count // 12, count % 12 + 1
    return from_jalali(year, month, 1) if calendar == "jalali" else date(year, month, 1)


def months(first: date, last: date, calendar: str) -> list[Span]:
    """The months that touch `[first, last)`, cut to it, labelled `2026-03` or `1405-01`."""
    found = []
    start = month_start(first, calendar)
    while start < last:
        following = month_start(start, calendar, shift=1)
        year, month = to_jalali(start)[:2] if calendar == "jalali" else (start.year, start.month)
        found.append(Span(f"{year:04d}-{month:02d}", max(start, first), min(following, last)))
        start = following
    return found


def midnight(day: date, zone: str) -> datetime:
    """The beginning of a day in a time zone, in UTC."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def today(now: datetime, zone: str) -> date:
    """The day it is in a time zone."""
    return now.astimezone(ZoneInfo(zone)).date()

"""Months and midnights in the Gregorian and the Jalali (Solar Hijri) calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from contracts.jalali import from_jalali, to_jalali

CALENDARS: Final = ("gregorian", "jalali")

class Span(NamedTuple):
    """A named stretch of days, `last` excluded."""

    label: str
    first: date
    last: date


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


def month_number(day: date, calendar: str) -> int:
    """1 to 12."""
    return to_jalali(day)[1] if calendar == "jalali" else day.month


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


@lru_cache(maxsize=256)
def stretches(calendar: str, years: tuple[int, ...], months: tuple[int, ...], days: tuple[int, ...]) -> tuple[tuple[date, date], ...]:
    """The stretches of days `[first, last)` that fall on these years, months and days; empty means all, of the 250 years that people live in."""
    read = from_jalali if calendar == "jalali" else date
    every = range(1250, 1501) if calendar == "jalali" else range(1870, 2121)
    found: list[tuple[date, date]] = []
    for year in years or every:
        for month in months or range(1, 13):
            start = read(year, month, 1)
            following = month_start(start, calendar, shift=1)
            if not days:
                found.append((start, following))
                continue
            for day in days:
                one = start + timedelta(days=day - 1)
                if one < following:
                    found.append((one, one + timedelta(days=1)))
    joined: list[tuple[date, date]] = []
    for first, last in found:
        if joined and joined[-1][1] == first:
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return tuple(joined)


def midnight(day: date, zone: str) -> datetime:
    """The beginning of a day in a time zone, in UTC."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def today(now: datetime, zone: str) -> date:
    """The day it is in a time zone."""
    return now.astimezone(ZoneInfo(zone)).date()

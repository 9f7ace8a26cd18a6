"""Days of the Jalali (Solar Hijri) calendar: Nowruz, and conversion both ways."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Final

#: Years in which the 33-year pattern of leap years breaks (K. M. Borkowski, "The Persian calendar for 3000 years", 1996).
_BREAKS: Final = (
    -61, 9, 38, 199, 426, 686, 756, 818, 1111, 1181, 1210, 1635, 2060, 2097, 2192, 2262, 2324, 2394, 2456, 3178,
)


@lru_cache(maxsize=256)
def new_year(year: int) -> date:
    """The Gregorian date of 1 Farvardin of a Jalali year. Raises ValueError outside the years 1 to 3177."""
    if not 1 <= year < _BREAKS[-1]:
        raise ValueError("a Jalali year lies between 1 and 3177")
    gregorian = year + 621
    leaps, before, jump = -14, _BREAKS[0], 0
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
    return date(gregorian, 3, 1) + timedelta(days=19 + leaps - gregorian_leaps)


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

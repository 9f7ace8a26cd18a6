"""The day of the Jalali (Solar Hijri) year."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Final

#: Years in which the 33-year pattern of leap years breaks (K. M. Borkowski, "The Persian calendar for 3000 years", 1996).
_BREAKS: Final = (-61, 9, 38, 199, 426, 686, 756, 818, 1111, 1181, 1210, 1635, 2060, 2097, 2192, 2262, 2324, 2394, 2456, 3178)


@lru_cache(maxsize=256)
def new_year(year: int) -> date:
    """The Gregorian date of 1 Farvardin of a Jalali year, 1 to 3177."""
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
    gregorian = year + 621
    gregorian_leaps = gregorian // 4 - (gregorian // 100 + 1) * 3 // 4 - 150
    return date(gregorian, 3, 1) + timedelta(days=19 + leaps - gregorian_leaps)


def month_and_day(day: date) -> tuple[int, int]:
    """(month, day) in the Jalali calendar."""
    begin = new_year(day.year - 621)
    if day < begin:
        begin = new_year(day.year - 622)
    passed = (day - begin).days
    if passed < 186:
        return passed // 31 + 1, passed % 31 + 1
    return (passed - 186) // 30 + 7, (passed - 186) % 30 + 1

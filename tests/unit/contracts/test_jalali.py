"""Known days of the Jalali calendar, and days that come back."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.jalali import from_jalali, to_jalali


@pytest.mark.parametrize(
    ("jalali", "gregorian"),
    [
        ((1399, 1, 1), date(2020, 3, 20)), ((1400, 1, 1), date(2021, 3, 21)), ((1403, 12, 30), date(2025, 3, 20)), ((1404, 1, 1), date(2025, 3, 21)),
        ((1357, 11, 22), date(1979, 2, 11)), ((1405, 7, 1), date(2026, 9, 23)), ((1408, 12, 30), date(2030, 3, 20)),
    ],
)
def test_known_jalali_days(jalali: tuple[int, int, int], gregorian: date) -> None:
    assert from_jalali(*jalali) == gregorian
    assert to_jalali(gregorian) == jalali


@given(st.dates(date(1700, 1, 1), date(2200, 1, 1)))
def test_jalali_days_come_back(day: date) -> None:
    assert from_jalali(*to_jalali(day)) == day

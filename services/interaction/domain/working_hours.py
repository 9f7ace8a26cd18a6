"""Business time: working hours of each weekday in a time zone, without holidays. All moments are aware; seconds are real ones.

An hour that the clocks skip is no working time; one they repeat is worked twice, as whoever sits through it would say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Final, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from contracts.jalali import to_jalali

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
#: A calendar that is shut for longer than this never opens again.
FARTHEST: Final = timedelta(days=366 * 5)

_CLOCK: Final = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d|24:00")
_DAY: Final = re.compile(r"(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])")


class NeverOpen(ValueError):
    """The calendar holds no working hour in the years to come."""


class Holiday(BaseModel):
    """A day off: once (`on`), every year of the Gregorian calendar (`yearly`, month-day) or of the Jalali one (`jalali`, month-day)."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field("", max_length=200)
    on: date | None = None
    yearly: str | None = None
    jalali: str | None = None

    @field_validator("yearly", "jalali")
    @classmethod
    def _a_day(cls, value: str | None) -> str | None:
        if value is not None and not _DAY.fullmatch(value):
            raise ValueError("a month and a day, for example 03-21")
        return value

    @model_validator(mode="after")
    def _one_of_three(self) -> Holiday:
        if sum(each is not None for each in (self.on, self.yearly, self.jalali)) != 1:
            raise ValueError("a holiday has one of `on`, `yearly` and `jalali`")
        return self


class Calendar(BaseModel):
    """When somebody works. `hours`: weekday to stretches `["09:00", "17:00"]` of local time; a weekday that is not named is off."""

    model_config = ConfigDict(extra="forbid", ignored_types=(cached_property,))

    time_zone: str = "UTC"
    hours: dict[Weekday, list[tuple[str, str]]]
    holidays: list[Holiday] = Field(default=[], max_length=500)

    @field_validator("time_zone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError("no time zone of the IANA list, for example Asia/Tehran") from None
        return value

    @field_validator("hours")
    @classmethod
    def _in_order(cls, value: dict[Weekday, list[tuple[str, str]]]) -> dict[Weekday, list[tuple[str, str]]]:
        for stretches in value.values():
            before = "00:00"
            for begin, end in stretches:
                if not _CLOCK.fullmatch(begin) or not _CLOCK.fullmatch(end):
                    raise ValueError("times are written 09:00; the end of the day is 24:00")
                if not before <= begin < end:
                    raise ValueError("the stretches of a day follow each other and each ends after it begins")
                before = end
        if not any(value.values()):
            raise ValueError("at least one weekday needs working hours")
        return value

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @cached_property
    def _off(self) -> tuple[frozenset[date], frozenset[str], frozenset[str]]:
        days = self.holidays
        return (
            frozenset(each.on for each in days if each.on), frozenset(each.yearly for each in days if each.yearly),
            frozenset(each.jalali for each in days if each.jalali),
        )

    @cached_property
    def _week(self) -> tuple[tuple[tuple[str, str], ...], ...]:
        return tuple(tuple(self.hours.get(day, ())) for day in WEEKDAYS)

    def is_holiday(self, day: date) -> bool:
        once, yearly, jalali = self._off
        if day in once or f"{day:%m-%d}" in yearly:
            return True
        return bool(jalali) and "{:02}-{:02}".format(*to_jalali(day)[1:]) in jalali

    def is_open(self, at: datetime) -> bool:
        """Whether somebody works at this moment."""
        begin = next(self._spans(at), None)
        return begin is not None and begin[0] <= at

    def next_open(self, at: datetime) -> datetime:
        """This moment if somebody works, else when it begins. Raises NeverOpen."""
        for begin, _ in self._spans(at):
            return max(begin, at)
        raise NeverOpen

    def seconds_between(self, begin: datetime, end: datetime) -> float:
        """Working time from one moment to a later one; 0 if it is not later."""
        total = 0.0
        if end <= begin:
            return total
        for opens, shuts in self._spans(begin):
            if opens >= end:
                break
            total += (min(shuts, end) - max(opens, begin)).total_seconds()
        return total

    def after(self, begin: datetime, seconds: float) -> datetime:
        """The moment until which as much working time will have passed. Raises NeverOpen."""
        left = timedelta(seconds=max(0.0, seconds))
        for opens, shuts in self._spans(begin):
            opens = max(opens, begin)
            if left <= shuts - opens:
                return opens + left
            left -= shuts - opens
        raise NeverOpen

    def _spans(self, after: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Working stretches that end after a moment, in order, apart from each other, in UTC."""
        after = after.astimezone(UTC)
        day = after.astimezone(self._zone).date() - timedelta(days=1)
        last = day + FARTHEST
        before = after
        while day < last:
            if (stretches := self._week[day.weekday()]) and not self.is_holiday(day):
                for begin, end in stretches:
                    opens, shuts = self._moment(day, begin, first=True), self._moment(day, end, first=False)
                    opens = max(opens, before) if before > after else opens
                    if shuts > after and shuts > opens:
                        yield opens, shuts
                        before = shuts
            day += timedelta(days=1)

    def _moment(self, day: date, clock: str, *, first: bool) -> datetime:
        """A local time as a moment: of a repeated one the first or the second, of a skipped one the moment of the leap."""
        if clock == "24:00":
            day, clock = day + timedelta(days=1), "00:00"
        local = datetime.combine(day, time.fromisoformat(clock), self._zone).replace(fold=0 if first else 1)
        moment = local.astimezone(UTC)
        if moment.astimezone(self._zone).replace(tzinfo=None) == local.replace(tzinfo=None):
            return moment
        before, beyond = (local.replace(fold=fold).utcoffset() or timedelta() for fold in (0, 1))
        low, high = local.replace(tzinfo=UTC) - max(before, beyond), local.replace(tzinfo=UTC) - min(before, beyond)
        while high - low > timedelta(seconds=1):
            middle = low + (high - low) / 2
            low, high = (middle, high) if (middle.astimezone(self._zone).utcoffset() or timedelta()) == before else (low, middle)
        return high.replace(microsecond=0)


ALWAYS: Final = Calendar(hours={day: [("00:00", "24:00")] for day in WEEKDAYS})

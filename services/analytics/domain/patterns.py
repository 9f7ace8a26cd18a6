"""JSON -> sequences, calendars, cohorts, computed traits, scores, messages and lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from services.analytics.domain import reading, rules
from services.analytics.domain.rules import Node, RuleError

MONTHS: Final = {
    name: number for number, names in enumerate(
        (
            ("farvardin", "فروردین"), ("ordibehesht", "اردیبهشت"), ("khordad", "خرداد"), ("tir", "تیر"), ("mordad", "مرداد"), ("shahrivar", "شهریور"),
            ("mehr", "مهر"), ("aban", "آبان"), ("azar", "آذر"), ("dey", "دی"), ("bahman", "بهمن"), ("esfand", "اسفند"),
        ), 1,
    ) for name in names
}
#: The holidays at the beginning of the Jalali year: 1 to 13 Farvardin.
NOWRUZ: Final = tuple(range(1, 14))


def _sequence(value: dict[str, Any], at: str) -> Node:
    value, at = reading.inner(value, "sequence", at)
    reading.only(value, {"steps", *reading.WINDOW_KEYS}, at)
    listed = value.get("steps")
    if not isinstance(listed, list) or not 2 <= len(listed) <= rules.MAX_STEPS:
        raise RuleError(f"{at}/steps", f"give a list of 2 to {rules.MAX_STEPS} steps")
    steps = tuple(_step(step, f"{at}/steps/{number}", first=not number, last=number == len(listed) - 1) for number, step in enumerate(listed))
    return rules.Sequence(steps, reading.window(value, at))


def _step(value: Any, at: str, *, first: bool, last: bool) -> rules.Step:
    if not isinstance(value, dict):
        raise RuleError(at, "a step is an object with event")
    reading.only(value, {"event", "kind", "where", "within_days", "absent"}, at)
    days, absent = value.get("within_days"), value.get("absent", False)
    if not isinstance(absent, bool) or (absent and (first or not last)):
        raise RuleError(f"{at}/absent", "only the last step, and not the first, can be absent")
    if days is not None and (first or not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= rules.MAX_DAYS):
        raise RuleError(f"{at}/within_days", f"give whole days from 1 to {rules.MAX_DAYS} after the step before; the first step has none")
    if absent and days is None:
        raise RuleError(f"{at}/within_days", "say within how many days the absent step does not come")
    kind = reading.text(value, "kind", at) if "kind" in value else None
    return rules.Step(reading.text(value, "event", at), kind, reading.filters(value.get("where", []), f"{at}/where"), days, absent)


def _calendar(value: dict[str, Any], at: str) -> Node:
    value, at = reading.inner(value, "calendar", at)
    reading.only(value, {"of", "calendar", "year", "month", "day", "nowruz"}, at)
    calendar = reading.one_of(value.get("calendar", "jalali"), ("jalali", "gregorian"), f"{at}/calendar")
    nowruz = value.get("nowruz", False)
    if not isinstance(nowruz, bool) or (nowruz and (calendar != "jalali" or "month" in value or "day" in value)):
        raise RuleError(f"{at}/nowruz", "Nowruz is 1 to 13 Farvardin of the Jalali calendar: give true, without month and day")
    months = (1,) if nowruz else _numbers(value, "month", at, 1, 12)
    days = NOWRUZ if nowruz else _numbers(value, "day", at, 1, 31)
    years = _numbers(value, "year", at, 1200, 2200)
    if not (months or days or years):
        raise RuleError(at, "give at least one of year, month, day, nowruz")
    return rules.Calendar(reading.text(value, "of", at), calendar, years, months, days)


def _numbers(value: dict[str, Any], key: str, at: str, least: int, most: int) -> tuple[int, ...]:
    if key not in value:
        return ()
    listed = value[key] if isinstance(value[key], list) else [value[key]]
    read = [MONTHS.get(one.strip().casefold().replace("ي", "ی"), one) if key == "month" and isinstance(one, str) else one for one in listed]
    if not read or len(read) > 31 or not all(isinstance(one, int) and not isinstance(one, bool) and least <= one <= most for one in read):
        raise RuleError(f"{at}/{key}", f"give numbers from {least} to {most}" + (", or names of Jalali months" if key == "month" else ""))
    return tuple(sorted({int(one) for one in read}))


def _cohort(value: dict[str, Any], at: str) -> Node:
    value, at = reading.inner(value, "cohort", at)
    reading.only(value, {"of", "calendar", "month"}, at)
    calendar = reading.one_of(value.get("calendar", "gregorian"), ("jalali", "gregorian"), f"{at}/calendar")
    of = reading.one_of(value.get("of", "first_order"), ("first_order", "registered_at"), f"{at}/of")
    year, dash, month = str(value.get("month")).partition("-")
    if not (dash and year.isascii() and year.isdigit() and len(year) == 4 and month.isascii() and month.isdigit() and 1 <= int(month) <= 12):
        raise RuleError(f"{at}/month", "give a month such as 2026-03, or 1405-01 with calendar jalali")
    return rules.Calendar(of, calendar, (int(year),), (int(month),), ())


def _compared(key: str, kind: Callable[[rules.Compared], Node]) -> Callable[[dict[str, Any], str], Node]:
    def read(value: dict[str, Any], at: str) -> Node:
        value, at = reading.inner(value, key, at)
        reading.only(value, {"name", "op", "value"}, at)
        return kind(reading.compared(reading.text(value, "name", at), value, at))

    return read


def _message(value: dict[str, Any], at: str) -> Node:
    value, at = reading.inner(value, "message", at)
    reading.only(value, {"outcome", "origin", "channel", "count", "never", *reading.WINDOW_KEYS}, at)
    outcome = reading.one_of(value.get("outcome", "accepted"), rules.MESSAGE_OUTCOMES, f"{at}/outcome")
    never, least = value.get("never", False), value.get("count", 1)
    if not isinstance(never, bool) or (never and "count" in value):
        raise RuleError(f"{at}/never", "give true or false, and no count with it")
    if not isinstance(least, int) or isinstance(least, bool) or not 0 <= least <= 1_000_000:
        raise RuleError(f"{at}/count", "give how many at least, from 0 to 1000000")
    origin, channel = (reading.text(value, key, at) if key in value else None for key in ("origin", "channel"))
    return rules.Message(outcome, origin, channel, "eq" if never else "gte", 0 if never else least, reading.window(value, at))


def _listed(value: dict[str, Any], at: str) -> Node:
    reading.only(value, {"listed"}, at)
    try:
        return rules.Listed(str(UUID(reading.text(value, "listed", at))))
    except ValueError as error:
        if isinstance(error, RuleError):
            raise
        raise RuleError(f"{at}/listed", "give the id of a segment of the kind list") from None


LEAVES: Final[dict[str, Callable[[dict[str, Any], str], Node]]] = {
    "sequence": _sequence, "calendar": _calendar, "cohort": _cohort, "computed": _compared("computed", rules.Computed),
    "score": _compared("score", rules.Score), "message": _message, "listed": _listed,
}

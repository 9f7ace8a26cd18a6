"""The parts that rules are made of: texts, moments, windows and comparisons, each refused with its place."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any, Final

from services.analytics.domain import rules
from services.analytics.domain.rules import Ago, Compared, Moment, RuleError, Window

MAX_TEXT: Final = 500
MAX_LIST: Final = 1000
WINDOW_KEYS: Final = frozenset({"within_days", "from", "to"})


def compared(name: str, value: dict[str, Any], at: str) -> Compared:
    op = one_of(value.get("op", "eq"), rules.VALUE_OPS, f"{at}/op")
    operand = value.get("value")
    here = f"{at}/value"
    if op == "exists":
        if operand not in {None, True, False}:
            raise RuleError(here, "give true or false")
        return Compared(name, op, operand is not False)
    if "value" not in value:
        raise RuleError(at, "a value is missing")
    if op in {"before", "after"}:
        return Compared(name, op, moment(operand, here))
    if op == "in":
        if not isinstance(operand, list) or not 1 <= len(operand) <= MAX_LIST:
            raise RuleError(here, f"give a list of 1 to {MAX_LIST} values")
        return Compared(name, op, tuple(scalar(entry, f"{here}/{number}") for number, entry in enumerate(operand)))
    operand = scalar(operand, here)
    if op == "contains" and not isinstance(operand, str):
        raise RuleError(here, "give a text")
    if op in {"gt", "gte", "lt", "lte"} and (isinstance(operand, (bool, str))):
        raise RuleError(here, "give a number; for times use before and after")
    return Compared(name, op, operand)


def scalar(value: Any, at: str) -> str | int | float | bool:
    if isinstance(value, str):
        if len(value) > MAX_TEXT or "\x00" in value:
            raise RuleError(at, f"a text has at most {MAX_TEXT} characters and no NUL")
        return value
    if isinstance(value, (bool, int, float)) and -1e15 < value < 1e15:
        return value
    raise RuleError(at, "give a text, a number, true or false")


def moment(value: Any, at: str) -> Moment:
    """`2026-01-31`, `2026-01-31T12:00:00Z`, or `-30d` = thirty days before the evaluation."""
    if isinstance(value, str) and value.startswith("-") and value.endswith("d") and value[1:-1].isascii() and value[1:-1].isdigit():
        days = int(value[1:-1])
        if days <= rules.MAX_AGO:
            return Ago(days)
    if isinstance(value, str):
        try:
            if len(value) == 10:
                return datetime.combine(date.fromisoformat(value), time(), UTC)
            moment = datetime.fromisoformat(value)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise RuleError(at, f"give a date, a time with zone, or -Nd (N days ago, at most {rules.MAX_AGO})")


def window(value: dict[str, Any], at: str) -> Window:
    if "within_days" in value:
        if "from" in value or "to" in value:
            raise RuleError(f"{at}/within_days", "within_days and from/to exclude each other")
        days = value["within_days"]
        if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= rules.MAX_DAYS:
            raise RuleError(f"{at}/within_days", f"give whole days from 1 to {rules.MAX_DAYS}")
        return Window(since=Ago(days))
    since = moment(value["from"], f"{at}/from") if "from" in value else None
    until = moment(value["to"], f"{at}/to") if "to" in value else None
    return Window(since, until)


def text(value: dict[str, Any], key: str, at: str) -> str:
    found = value.get(key)
    if not isinstance(found, str) or not found.strip() or len(found) > MAX_TEXT or "\x00" in found:
        raise RuleError(f"{at}/{key}", f"give a text of 1 to {MAX_TEXT} characters")
    return found


def one_of(value: Any, allowed: tuple[str, ...], at: str) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise RuleError(at, f"give one of: {', '.join(allowed)}")
    return value


def only(value: dict[str, Any], allowed: set[str], at: str) -> None:
    unknown = sorted(str(key) for key in value if key not in allowed)
    if unknown:
        key = unknown[0].replace("~", "~0").replace("/", "~1")
        raise RuleError(f"{at}/{key}", f"unknown here; known are: {', '.join(sorted(allowed))}")


def filters(value: Any, at: str) -> tuple[Compared, ...]:
    """Comparisons of an event's properties."""
    if not isinstance(value, list) or len(value) > 20:
        raise RuleError(at, "give a list of at most 20 property filters")
    read = []
    for number, entry in enumerate(value):
        here = f"{at}/{number}"
        if not isinstance(entry, dict):
            raise RuleError(here, "a property filter is an object")
        only(entry, {"property", "op", "value"}, here)
        read.append(compared(text(entry, "property", here), entry, here))
    return tuple(read)


def measured(value: Any, at: str) -> tuple[str, str, float]:
    """(property, operator, number) of a figure over a property of events."""
    if not isinstance(value, dict):
        raise RuleError(at, "give an object with property, op and value")
    only(value, {"property", "op", "value"}, at)
    return text(value, "property", at), one_of(value.get("op", "gte"), rules.COMPARISONS, f"{at}/op"), number(value.get("value"), f"{at}/value")


def number(value: Any, at: str) -> float:
    """A number that fits."""
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not abs(value) < 1e15:
        raise RuleError(at, "give a number")
    return value


def inner(value: dict[str, Any], key: str, at: str) -> tuple[dict[str, Any], str]:
    """(the object under a key that stands alone, the pointer to it)."""
    only(value, {key}, at)
    found = value[key]
    if not isinstance(found, dict):
        raise RuleError(f"{at}/{key}", "give an object")
    return found, f"{at}/{key}"

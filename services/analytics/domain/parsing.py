"""JSON -> rule tree, with the place of the first fault as a JSON pointer."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any, Final
from uuid import UUID

from services.analytics.domain import rules
from services.analytics.domain.rules import Ago, Compared, Moment, Node, RuleError, Window

MAX_TEXT: Final = 500
MAX_LIST: Final = 1000
_WINDOW_KEYS: Final = {"within_days", "from", "to"}


def parse_rule(value: Any) -> Node:
    """Read a rule. Raises RuleError."""
    counted = [0]
    return _node(value, "", 1, counted)


def _node(value: Any, at: str, depth: int, counted: list[int]) -> Node:
    if not isinstance(value, dict):
        raise RuleError(at, "a rule is an object")
    counted[0] += 1
    if counted[0] > rules.MAX_NODES:
        raise RuleError(at, f"a rule has at most {rules.MAX_NODES} nodes")
    if depth > rules.MAX_DEPTH:
        raise RuleError(at, f"a rule is at most {rules.MAX_DEPTH} deep")
    kinds = [kind for kind in _KINDS if kind in value]
    if len(kinds) != 1:
        raise RuleError(at, f"a rule has exactly one of: {', '.join(_KINDS)}")
    kind = kinds[0]
    if kind in {"all", "any"}:
        _only(value, {kind}, at)
        parts = value[kind]
        if not isinstance(parts, list) or not parts:
            raise RuleError(f"{at}/{kind}", "give a list with at least one rule")
        read = tuple(_node(part, f"{at}/{kind}/{number}", depth + 1, counted) for number, part in enumerate(parts))
        return rules.All(read) if kind == "all" else rules.AnyOf(read)
    if kind == "not":
        _only(value, {"not"}, at)
        return rules.Not(_node(value["not"], f"{at}/not", depth + 1, counted))
    leaf: Node = _LEAVES[kind](value, at)
    return leaf


def _trait(value: dict[str, Any], at: str) -> Node:
    _only(value, {"trait", "op", "value"}, at)
    name = _text(value, "trait", at)
    test = _compared(name, value, at)
    if name in {"email", "phone"} and test.op != "exists":
        raise RuleError(f"{at}/op", f"{name} is kept elsewhere; only `exists` can be asked")
    return rules.Trait(test)


def _event(value: dict[str, Any], at: str) -> Node:
    _only(value, {"event", "kind", "count", "never", "where", *_WINDOW_KEYS}, at)
    never = value.get("never", False)
    if not isinstance(never, bool):
        raise RuleError(f"{at}/never", "give true or false")
    if never and "count" in value:
        raise RuleError(f"{at}/count", "never and count exclude each other")
    op, count = ("eq", 0) if never else _count(value.get("count", {"op": "gte", "value": 1}), f"{at}/count")
    kind = _text(value, "kind", at) if "kind" in value else None
    filters = value.get("where", [])
    if not isinstance(filters, list) or len(filters) > 20:
        raise RuleError(f"{at}/where", "give a list of at most 20 property filters")
    read = []
    for number, entry in enumerate(filters):
        here = f"{at}/where/{number}"
        if not isinstance(entry, dict):
            raise RuleError(here, "a property filter is an object")
        _only(entry, {"property", "op", "value"}, here)
        read.append(_compared(_text(entry, "property", here), entry, here))
    return rules.Event(_text(value, "event", at), kind, tuple(read), op, count, _window(value, at))


def _count(value: Any, at: str) -> tuple[str, int]:
    if isinstance(value, int) and not isinstance(value, bool):
        value = {"op": "gte", "value": value}
    if not isinstance(value, dict):
        raise RuleError(at, "give a number (at least) or an object with op and value")
    _only(value, {"op", "value"}, at)
    op, number = value.get("op", "gte"), value.get("value")
    _one_of(op, rules.COMPARISONS, f"{at}/op")
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= 1_000_000:
        raise RuleError(f"{at}/value", "give a whole number from 0 to 1000000")
    return op, number


def _orders(value: dict[str, Any], at: str) -> Node:
    _only(value, {"orders"}, at)
    at, value = f"{at}/orders", value["orders"]
    if not isinstance(value, dict):
        raise RuleError(at, "give an object with measure, op and value")
    _only(value, {"measure", "op", "value", "product", "category", *_WINDOW_KEYS}, at)
    measure = _one_of(value.get("measure", "count"), rules.MEASURES, f"{at}/measure")
    op, operand = value.get("op", "gte"), value.get("value")
    bound: float | Moment
    if measure in {"first", "last"}:
        _one_of(op, ("before", "after"), f"{at}/op")
        bound = _moment(operand, f"{at}/value")
    else:
        _one_of(op, rules.COMPARISONS, f"{at}/op")
        if not isinstance(operand, (int, float)) or isinstance(operand, bool) or not abs(operand) < 1e15:
            raise RuleError(f"{at}/value", "give a number; money in minor units")
        bound = operand
    return rules.Orders(
        measure, op, bound, _window(value, at), _text(value, "product", at) if "product" in value else None,
        _text(value, "category", at) if "category" in value else None,
    )


def _rfm(value: dict[str, Any], at: str) -> Node:
    _only(value, {"rfm"}, at)
    at, value = f"{at}/rfm", value["rfm"]
    if not isinstance(value, dict):
        raise RuleError(at, "give an object with part, op and value")
    _only(value, {"part", "op", "value"}, at)
    part = _one_of(value.get("part"), rules.RFM_PARTS, f"{at}/part")
    op = _one_of(value.get("op", "eq"), ("eq", "in") if part == "rfm" else (*rules.COMPARISONS, "in"), f"{at}/op")
    operand = value.get("value")
    listed = operand if op == "in" else [operand]
    if not isinstance(listed, list) or not listed or len(listed) > 125:
        raise RuleError(f"{at}/value", "give a list with 1 to 125 scores")
    for score in listed:
        if part == "rfm" and not (isinstance(score, str) and len(score) == 3 and set(score) <= set("12345")):
            raise RuleError(f"{at}/value", 'give three digits from 1 to 5, such as "543"')
        if part != "rfm" and (not isinstance(score, int) or isinstance(score, bool) or not 1 <= score <= 5):
            raise RuleError(f"{at}/value", "give a score from 1 to 5")
    return rules.Rfm(part, op, tuple(listed) if op == "in" else operand)


def _consent(value: dict[str, Any], at: str) -> Node:
    _only(value, {"consent"}, at)
    at, value = f"{at}/consent", value["consent"]
    if not isinstance(value, dict):
        raise RuleError(at, "give an object with purpose, channel and state")
    _only(value, {"purpose", "channel", "state"}, at)
    state = _one_of(value.get("state", "granted"), rules.CONSENT_STATES, f"{at}/state")
    return rules.Consent(_text(value, "purpose", at), _text(value, "channel", at) if "channel" in value else None, state)


def _segment(value: dict[str, Any], at: str) -> Node:
    _only(value, {"segment"}, at)
    try:
        return rules.Segment(str(UUID(_text(value, "segment", at))))
    except ValueError as error:
        if isinstance(error, RuleError):
            raise
        raise RuleError(f"{at}/segment", "give the id of a segment") from None


def _stage(value: dict[str, Any], at: str) -> Node:
    _only(value, {"stage"}, at)
    listed = value["stage"] if isinstance(value["stage"], list) else [value["stage"]]
    if not listed:
        raise RuleError(f"{at}/stage", f"give one or more of: {', '.join(rules.STAGES)}")
    return rules.Stage(tuple(_one_of(stage, rules.STAGES, f"{at}/stage") for stage in listed))


def _compared(name: str, value: dict[str, Any], at: str) -> Compared:
    op = _one_of(value.get("op", "eq"), rules.VALUE_OPS, f"{at}/op")
    operand = value.get("value")
    here = f"{at}/value"
    if op == "exists":
        if operand not in {None, True, False}:
            raise RuleError(here, "give true or false")
        return Compared(name, op, operand is not False)
    if "value" not in value:
        raise RuleError(at, "a value is missing")
    if op in {"before", "after"}:
        return Compared(name, op, _moment(operand, here))
    if op == "in":
        if not isinstance(operand, list) or not 1 <= len(operand) <= MAX_LIST:
            raise RuleError(here, f"give a list of 1 to {MAX_LIST} values")
        return Compared(name, op, tuple(_scalar(entry, f"{here}/{number}") for number, entry in enumerate(operand)))
    operand = _scalar(operand, here)
    if op == "contains" and not isinstance(operand, str):
        raise RuleError(here, "give a text")
    if op in {"gt", "gte", "lt", "lte"} and (isinstance(operand, (bool, str))):
        raise RuleError(here, "give a number; for times use before and after")
    return Compared(name, op, operand)


def _scalar(value: Any, at: str) -> str | int | float | bool:
    if isinstance(value, str):
        if len(value) > MAX_TEXT or "\x00" in value:
            raise RuleError(at, f"a text has at most {MAX_TEXT} characters and no NUL")
        return value
    if isinstance(value, (bool, int, float)) and -1e15 < value < 1e15:
        return value
    raise RuleError(at, "give a text, a number, true or false")


def _moment(value: Any, at: str) -> Moment:
    """`2026-01-31`, `2026-01-31T12:00:00Z`, or `-30d` = thirty days before the evaluation."""
    if isinstance(value, str) and value.startswith("-") and value.endswith("d") and value[1:-1].isascii() and value[1:-1].isdigit():
        days = int(value[1:-1])
        if days <= rules.MAX_DAYS:
            return Ago(days)
    if isinstance(value, str):
        try:
            if len(value) == 10:
                return datetime.combine(date.fromisoformat(value), time(), UTC)
            moment = datetime.fromisoformat(value)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise RuleError(at, f"give a date, a time with zone, or -Nd (N days ago, at most {rules.MAX_DAYS})")


def _window(value: dict[str, Any], at: str) -> Window:
    if "within_days" in value:
        if "from" in value or "to" in value:
            raise RuleError(f"{at}/within_days", "within_days and from/to exclude each other")
        days = value["within_days"]
        if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= rules.MAX_DAYS:
            raise RuleError(f"{at}/within_days", f"give whole days from 1 to {rules.MAX_DAYS}")
        return Window(since=Ago(days))
    since = _moment(value["from"], f"{at}/from") if "from" in value else None
    until = _moment(value["to"], f"{at}/to") if "to" in value else None
    return Window(since, until)


def _text(value: dict[str, Any], key: str, at: str) -> str:
    found = value.get(key)
    if not isinstance(found, str) or not found.strip() or len(found) > MAX_TEXT or "\x00" in found:
        raise RuleError(f"{at}/{key}", f"give a text of 1 to {MAX_TEXT} characters")
    return found


def _one_of(value: Any, allowed: tuple[str, ...], at: str) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise RuleError(at, f"give one of: {', '.join(allowed)}")
    return value


def _only(value: dict[str, Any], allowed: set[str], at: str) -> None:
    unknown = sorted(str(key) for key in value if key not in allowed)
    if unknown:
        key = unknown[0].replace("~", "~0").replace("/", "~1")
        raise RuleError(f"{at}/{key}", f"unknown here; known are: {', '.join(sorted(allowed))}")


_LEAVES: Final = {
    "trait": _trait, "event": _event, "orders": _orders, "rfm": _rfm, "consent": _consent, "segment": _segment, "stage": _stage,
}
_KINDS: Final = ("all", "any", "not", *_LEAVES)

"""JSON -> rule tree, with the place of the first fault as a JSON pointer."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from services.analytics.domain import patterns, reading, rules
from services.analytics.domain.rules import Moment, Node, RuleError


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
        reading.only(value, {kind}, at)
        parts = value[kind]
        if not isinstance(parts, list) or not parts:
            raise RuleError(f"{at}/{kind}", "give a list with at least one rule")
        read = tuple(_node(part, f"{at}/{kind}/{number}", depth + 1, counted) for number, part in enumerate(parts))
        return rules.All(read) if kind == "all" else rules.AnyOf(read)
    if kind == "not":
        reading.only(value, {"not"}, at)
        return rules.Not(_node(value["not"], f"{at}/not", depth + 1, counted))
    leaf: Node = _LEAVES[kind](value, at)
    return leaf


def _trait(value: dict[str, Any], at: str) -> Node:
    reading.only(value, {"trait", "op", "value"}, at)
    name = reading.text(value, "trait", at)
    test = reading.compared(name, value, at)
    if name in {"email", "phone"} and test.op != "exists":
        raise RuleError(f"{at}/op", f"{name} is kept elsewhere; only `exists` can be asked")
    return rules.Trait(test)


def _event(value: dict[str, Any], at: str) -> Node:
    known = {"event", "kind", "count", "never", "where", *rules.EVENT_MEASURES, *reading.WINDOW_KEYS}
    reading.only(value, known, at)
    never = value.get("never", False)
    if not isinstance(never, bool):
        raise RuleError(f"{at}/never", "give true or false")
    measures = [measure for measure in ("count", *rules.EVENT_MEASURES) if measure in value]
    if len(measures) + never > 1:
        raise RuleError(f"{at}/{measures[-1]}", f"give one of never, count, {', '.join(rules.EVENT_MEASURES)}")
    kind = reading.text(value, "kind", at) if "kind" in value else None
    where = reading.filters(value.get("where", []), f"{at}/where")
    name, window = reading.text(value, "event", at), reading.window(value, at)
    if measures and measures[0] != "count":
        found, op, number = reading.measured(value[measures[0]], f"{at}/{measures[0]}")
        return rules.Event(name, kind, where, op, number, window, measures[0], found)
    op, count = ("eq", 0) if never else _count(value.get("count", {"op": "gte", "value": 1}), f"{at}/count")
    return rules.Event(name, kind, where, op, count, window)


def _count(value: Any, at: str) -> tuple[str, int]:
    if isinstance(value, int) and not isinstance(value, bool):
        value = {"op": "gte", "value": value}
    if not isinstance(value, dict):
        raise RuleError(at, "give a number (at least) or an object with op and value")
    reading.only(value, {"op", "value"}, at)
    op, number = value.get("op", "gte"), value.get("value")
    reading.one_of(op, rules.COMPARISONS, f"{at}/op")
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= 1_000_000:
        raise RuleError(f"{at}/value", "give a whole number from 0 to 1000000")
    return op, number


def _orders(value: dict[str, Any], at: str) -> Node:
    reading.only(value, {"orders"}, at)
    at, value = f"{at}/orders", value["orders"]
    if not isinstance(value, dict):
        raise RuleError(at, "give an object with measure, op and value")
    reading.only(value, {"measure", "op", "value", "product", "category", *reading.WINDOW_KEYS}, at)
    measure = reading.one_of(value.get("measure", "count"), rules.MEASURES, f"{at}/measure")
    op, operand = value.get("op", "gte"), value.get("value")
    bound: float | Moment
    if measure in {"first", "last"}:
        reading.one_of(op, ("before", "after"), f"{at}/op")
        bound = reading.moment(operand, f"{at}/value")
    else:
        reading.one_of(op, rules.COMPARISONS, f"{at}/op")
        if not isinstance(operand, (int, float)) or isinstance(operand, bool) or not abs(operand) < 1e15:
            raise RuleError(f"{at}/value", "give a number; money in minor units")
        bound = operand
    return rules.Orders(
        measure, op, bound, reading.window(value, at), reading.text(value, "product", at) if "product" in value else None,
        reading.text(value, "category", at) if "category" in value else None,
    )


def _rfm(value: dict[str, Any], at: str) -> Node:
    reading.only(value, {"rfm"}, at)
    at, value = f"{at}/rfm", value["rfm"]
    if not isinstance(value, dict):
        raise RuleError(at, "give an object with part, op and value")
    reading.only(value, {"part", "op", "value"}, at)
    part = reading.one_of(value.get("part"), rules.RFM_PARTS, f"{at}/part")
    op = reading.one_of(value.get("op", "eq"), ("eq", "in") if part == "rfm" else (*rules.COMPARISONS, "in"), f"{at}/op")
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
    reading.only(value, {"consent"}, at)
    at, value = f"{at}/consent", value["consent"]
    if not isinstance(value, dict):
        raise RuleError(at, "give an object with purpose, channel and state")
    reading.only(value, {"purpose", "channel", "state"}, at)
    state = reading.one_of(value.get("state", "granted"), rules.CONSENT_STATES, f"{at}/state")
    return rules.Consent(reading.text(value, "purpose", at), reading.text(value, "channel", at) if "channel" in value else None, state)


def _segment(value: dict[str, Any], at: str) -> Node:
    reading.only(value, {"segment"}, at)
    try:
        return rules.Segment(str(UUID(reading.text(value, "segment", at))))
    except ValueError as error:
        if isinstance(error, RuleError):
            raise
        raise RuleError(f"{at}/segment", "give the id of a segment") from None


def _stage(value: dict[str, Any], at: str) -> Node:
    reading.only(value, {"stage"}, at)
    listed = value["stage"] if isinstance(value["stage"], list) else [value["stage"]]
    if not listed:
        raise RuleError(f"{at}/stage", f"give one or more of: {', '.join(rules.STAGES)}")
    return rules.Stage(tuple(reading.one_of(stage, rules.STAGES, f"{at}/stage") for stage in listed))


_LEAVES: Final = {
    "trait": _trait, "event": _event, "orders": _orders, "rfm": _rfm, "consent": _consent, "segment": _segment, "stage": _stage,
    **patterns.LEAVES,
}
_KINDS: Final = ("all", "any", "not", *_LEAVES)

"""Computed traits: a figure over events or orders, or points for rules that hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from services.analytics.domain import parsing, reading, rules
from services.analytics.domain.rules import Compared, Node, RuleError, Window

EVENT_MEASURES: Final = (
    "count", "first", "last", "days_since_first", "days_since_last", "sum", "average", "min", "max", "distinct", "most_frequent", "last_value",
)
#: Measures over a property of the events.
OF_PROPERTY: Final = frozenset(EVENT_MEASURES[5:])
ORDER_MEASURES: Final = ("count", "days", "sum", "average", "first", "last", "days_since_last")
MAX_RULES: Final = 30


@dataclass(frozen=True)
class EventFigure:
    measure: str
    name: str
    kind: str | None
    where: tuple[Compared, ...]
    window: Window
    property: str | None


@dataclass(frozen=True)
class OrderFigure:
    """The figure of `orders`, whose own comparison is not asked; `since`: whole days since it."""

    orders: rules.Orders
    since: bool


@dataclass(frozen=True)
class Points:
    """The points of all rules that hold, kept within bounds."""

    rules: tuple[tuple[Node, float], ...]
    least: float | None
    most: float | None


Definition: TypeAlias = EventFigure | OrderFigure | Points


def parse_definition(value: dict[str, Any]) -> Definition:
    """Read a definition. Raises RuleError with the place of the fault."""
    kinds = [kind for kind in ("event", "orders", "points") if kind in value]
    if len(kinds) != 1:
        raise RuleError("", "a computed trait has exactly one of: event, orders, points")
    return {"event": _event, "orders": _orders, "points": _points}[kinds[0]](value)


def _event(value: dict[str, Any]) -> Definition:
    reading.only(value, {"event", "kind", "where", "measure", "property", *reading.WINDOW_KEYS}, "")
    measure = reading.one_of(value.get("measure", "count"), EVENT_MEASURES, "/measure")
    if (measure in OF_PROPERTY) != ("property" in value):
        raise RuleError("/property", f"give a property with {', '.join(sorted(OF_PROPERTY))}, and only with them")
    kind = reading.text(value, "kind", "") if "kind" in value else None
    of = reading.text(value, "property", "") if "property" in value else None
    return EventFigure(measure, reading.text(value, "event", ""), kind, reading.filters(value.get("where", []), "/where"), reading.window(value, ""), of)


def _orders(value: dict[str, Any]) -> Definition:
    inside, at = reading.inner(value, "orders", "")
    reading.only(inside, {"measure", "product", "category", *reading.WINDOW_KEYS}, at)
    measure = reading.one_of(inside.get("measure", "count"), ORDER_MEASURES, f"{at}/measure")
    product, category = (reading.text(inside, key, at) if key in inside else None for key in ("product", "category"))
    measured = measure.removeprefix("days_since_")
    bound = rules.Ago(0) if measured in {"first", "last"} else 0
    orders = rules.Orders(measured, "before" if bound else "gte", bound, reading.window(inside, at), product, category)
    return OrderFigure(orders, measure.startswith("days_since_"))


def _points(value: dict[str, Any]) -> Definition:
    reading.only(value, {"points", "least", "most"}, "")
    listed = value["points"]
    if not isinstance(listed, list) or not 1 <= len(listed) <= MAX_RULES:
        raise RuleError("/points", f"give a list of 1 to {MAX_RULES} objects with rule and points")
    read = []
    for number, entry in enumerate(listed):
        at = f"/points/{number}"
        if not isinstance(entry, dict):
            raise RuleError(at, "give an object with rule and points")
        reading.only(entry, {"rule", "points"}, at)
        try:
            node = parsing.parse_rule(entry.get("rule"))
        except RuleError as error:
            raise RuleError(f"{at}/rule{error.pointer}", error.message) from None
        if any(isinstance(leaf, rules.Computed) for _, leaf in rules.walk(node)):
            raise RuleError(f"{at}/rule", "points are not given for computed traits: a circle could follow")
        read.append((node, reading.number(entry.get("points"), f"{at}/points")))
    if sum(rules.cost(node) for node, _ in read) > rules.MAX_COST:
        raise RuleError("/points", f"the rules together cost more than {rules.MAX_COST}")
    least, most = (reading.number(value[key], f"/{key}") if key in value else None for key in ("least", "most"))
    return Points(tuple(read), least, most)

"""The lines of an order: told at once or in portions, each with its own delivery."""

from __future__ import annotations

from typing import Any

import msgspec

from services.interaction.domain.order_events import DELIVERY, Line


class Held(msgspec.Struct, frozen=True, array_like=True):
    """A field's value and what it must be beaten by: weight first, then time, then place in the log."""

    value: Any
    weight: int
    at: int
    partition: int
    offset: int

    @property
    def rank(self) -> tuple[int, int, int, int]:
        return (self.weight, self.at, self.partition, self.offset)


def merged(first: Held | None, parts: dict[int, Held], given: Held, begin: int) -> tuple[Held | None, dict[int, Held]]:
    """The portions with one more, which begins at line `begin`; of two for the same place the later stays."""
    before = first if begin == 0 else parts.get(begin)
    if before is not None and before.rank >= given.rank:
        return first, parts
    if begin == 0:
        return given, parts
    return first, {**parts, begin: given}


def listed(first: Held | None, parts: dict[int, Held], values: dict[str, Any]) -> list[Line]:
    """The lines as they stand, with what was told of their delivery.

    A portion counts that is no older than the first one, so that a correction by one event leaves nothing behind of a longer list.
    """
    if first is None:
        return []
    lines = _lines(first)
    for begin, part in sorted(parts.items()):
        if part.at >= first.at and begin == len(lines):
            lines += _lines(part)
    lines = lines[: values.get("lines_total", len(lines))]
    return [_with_delivery(line, values) for line in lines]


def delivery(lines: list[Line], values: dict[str, Any]) -> dict[str, str]:
    """What is known of the whole order: what was told of it, else the last of its lines once every line has a date.

    Without a word about the order the promise is the latest that a line has.
    """
    known: dict[str, str] = {}
    for name in DELIVERY:
        told = [value for line in lines if (value := getattr(line, name)) is not None]
        if name in values:
            known[name] = values[name]
        elif told and (name == "promised_on" or len(told) == len(lines)):
            known[name] = max(told)
    return known


def _lines(held: Held) -> list[Line]:
    return [line if isinstance(line, Line) else msgspec.convert(line, Line) for line in held.value]


def _with_delivery(line: Line, values: dict[str, Any]) -> Line:
    told = {name: found for name in DELIVERY if (found := values.get(f"{name}@{line.product_id}")) is not None}
    return msgspec.structs.replace(line, **told) if told else line

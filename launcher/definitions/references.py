"""Names instead of ids: what one installation calls 01a2…, another calls otherwise; both call it `segments/Regulars`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

REFERENCE: Final = "$ref"


class Unresolved(Exception):
    """A definition names another that is not there."""


def named(value: Any, names: Mapping[str, str]) -> Any:
    """The same with `{"$ref": name}` in the place of every id that has a name."""
    if isinstance(value, str):
        return {REFERENCE: names[value]} if value in names else value
    if isinstance(value, Mapping):
        return {key: named(each, names) for key, each in value.items()}
    return [named(each, names) for each in value] if isinstance(value, list) else value


def resolved(value: Any, ids: Mapping[str, str]) -> Any:
    """The same with ids in the place of names. Raises Unresolved."""
    if isinstance(value, Mapping):
        if value.keys() == {REFERENCE}:
            if value[REFERENCE] not in ids:
                raise Unresolved(str(value[REFERENCE]))
            return ids[value[REFERENCE]]
        return {key: resolved(each, ids) for key, each in value.items()}
    return [resolved(each, ids) for each in value] if isinstance(value, list) else value


def references(value: Any) -> Iterator[str]:
    """Every name that a definition names."""
    if isinstance(value, Mapping):
        if value.keys() == {REFERENCE}:
            yield str(value[REFERENCE])
            return
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)

"""Which fields an event has, by place, and how those leave it that a source may not collect because they are not on its list.

A place is `traits.<name>`, `properties.<name>`, `context.<name>`, `fields.<name>` (members of a message that no specification names) or
`connection.ip` and `connection.user_agent`; `traits.*` stands for all of a kind. What the person says of consent is no field.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from contracts.collected import EMPTY, CleanEvent

#: In `context`: the person's own word about consent, and what has places of its own.
_SIGNALS: Final = frozenset({"gpc", "consent"})
_ELSEWHERE: Final = frozenset({"traits", "integrations", "fields"})
CONNECTION_IP: Final = "connection.ip"
CONNECTION_AGENT: Final = "connection.user_agent"
LONGEST: Final = 200

_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class Listed:
    """The places a strict source may collect."""

    def __init__(self, places: frozenset[str]) -> None:
        self._places = places
        self._whole = frozenset(place[:-2] for place in places if place.endswith(".*"))

    def __contains__(self, place: str) -> bool:
        return place.casefold() in self._places or place.partition(".")[0] in self._whole

    def strip(self, event: dict[str, Any], protocol: frozenset[str]) -> int:
        """Take out of an event what is not on the list; returns how many fields."""
        removed = self._keep(event, "fields", but=protocol)
        for name, kind in (("properties", "properties"), ("data", "properties"), ("traits", "traits")):
            removed += self._keep(event.get(name), kind)
        return removed + self.strip_context(event.get("context"))

    def strip_context(self, context: Any) -> int:
        """The same of a context alone."""
        if type(context) is not dict:
            return 0
        return self._keep(context, "context", but=_SIGNALS | _ELSEWHERE) + self._keep(context.get("traits"), "traits")

    def _keep(self, holder: Any, kind: str, *, but: frozenset[str] = frozenset()) -> int:
        if type(holder) is not dict or kind in self._whole:
            return 0
        gone = [name for name in holder if name.casefold() not in but and f"{kind}.{name.casefold()}" not in self._places]
        for name in gone:
            del holder[name]
        return len(gone)


def places_of(event: CleanEvent) -> Iterator[str]:
    """The places of all fields of an event that is stored."""
    stamp = event.stamp
    if stamp.ip:
        yield CONNECTION_IP
    if stamp.user_agent:
        yield CONNECTION_AGENT
    if event.properties_json != EMPTY:
        yield from _named("properties", event.properties_json)
    if event.traits_json != EMPTY:
        yield from _named("traits", event.traits_json)
    if event.context_json == EMPTY:
        return
    for name, value in _members(event.context_json).items():
        if name in _ELSEWHERE:
            if name != "integrations" and bytes(value).startswith(b"{"):
                yield from _named(name, value)
        elif name not in _SIGNALS:
            yield f"context.{name}"[:LONGEST]


def _named(kind: str, part: bytes | msgspec.Raw) -> Iterator[str]:
    for name in _members(part):
        yield f"{kind}.{name}"[:LONGEST]

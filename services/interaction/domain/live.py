"""What somebody who watches sees of an event, by what they asked for and what they may see."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Final, NamedTuple

import msgspec

from contracts.interaction import InteractionRecorded

#: Content, and content that was marked sensitive.
CONTENT: Final = "customers:read"
SENSITIVE: Final = "customers:sensitive"

_decode = msgspec.json.Decoder(InteractionRecorded).decode
_encode = msgspec.json.Encoder().encode
_BRIEF: Final = (
    "source", "authority", "kind", "name", "channel", "initiator", "identity", "occurred_at", "received_at", "notes", "gpc", "sensitive",
)


class Wanted(NamedTuple):
    """What a listener asked for (empty: everything) and may see."""

    sources: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    content: bool = False
    sensitive: bool = False

    def takes(self, event: Event) -> bool:
        told = event.told
        return (
            (not self.sources or told.source in self.sources) and (not self.kinds or told.kind in self.kinds)
            and (not self.channels or told.channel in self.channels)
        )

    def sees(self, event: Event) -> bytes:
        """The event as JSON; without content for who may not see it. Made once for all listeners that see the same."""
        return event.full if self.content and (self.sensitive or not event.told.sensitive) else event.brief


class Event:
    """A stored event on its way to listeners. `position` is where the log stands behind it."""

    def __init__(self, event_id: str, value: bytes, position: str) -> None:
        self.id = event_id
        self.told = _decode(value)
        self.position = position

    @cached_property
    def brief(self) -> bytes:
        return _encode(self._fields())

    @cached_property
    def full(self) -> bytes:
        personal = self.told.personal
        return _encode({**self._fields(), "personal": {name: getattr(personal, name) for name in ("keys", "properties", "traits", "context")}})

    def _fields(self) -> dict[str, object]:
        return {"id": self.id, "message_id": self.told.id, **{name: getattr(self.told, name) for name in _BRIEF}}


def position_text(offsets: Sequence[int]) -> str:
    """Where the log stands: the next offset of each partition."""
    return ".".join(map(str, offsets))


def read_position(text: str, partitions: int) -> list[int] | None:
    """None for a text that is no position of a log with so many partitions."""
    parts = text.split(".")
    if len(parts) != partitions or not all(part.isdecimal() and len(part) < 19 for part in parts):
        return None
    return [int(part) for part in parts]

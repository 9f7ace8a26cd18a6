"""Rows of events -> messages of the public collection API."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from chassis.tabular import Layout, Row
from chassis.tabular.values import Refused, id_text, moment
from launcher.importing import values
from launcher.importing.values import Repetitions

TYPES: Final = frozenset({"identify", "track", "page", "screen", "group", "alias"})
_CAMEL: Final = {"user_id": "userId", "anonymous_id": "anonymousId", "message_id": "messageId", "group_id": "groupId", "previous_id": "previousId"}
#: What a message carries beside its properties, as SDKs send it.
_ENVELOPE: Final = frozenset({"type", "event", "name", "properties", "traits", "context", "integrations", "originalTimestamp", *_CAMEL.values()})
_OBJECTS: Final = frozenset({"properties", "traits", "context", "integrations"})
#: Belongs to the sending that was recorded, not to what happened.
_TRANSPORT: Final = ("sentAt", "receivedAt", "writeKey", "_metadata")


class Message(NamedTuple):
    """What is posted, and the lines of the file it was made of."""

    lines: tuple[int, ...]
    content: dict[str, Any]


def sealed(content: dict[str, Any], lines: tuple[int, ...], *, nth: int = 1) -> Message:
    """A message whose id follows from its content and, for equal rows, their number."""
    content.setdefault("messageId", f"import:{values.digest([content, nth])}")
    return Message(lines, content)


class EventRows:
    """Rows of events become messages; a row with the shape of a message stays as it is. Equal rows without an id are different events."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._repeated = Repetitions()

    def message(self, row: Row) -> Message:
        """Raises Refused."""
        cells = {_CAMEL.get(name, name): value for name, value in row.cells.items()}
        content = {name: cells.pop(name) for name in list(cells) if name in _ENVELOPE}
        kind = content.setdefault("type", "track")
        if kind not in TYPES:
            raise Refused("unknown_type", f"type is none of {', '.join(sorted(TYPES))}")
        for name in list(content):
            if (name == "name" and kind not in {"page", "screen"}) or (name in _OBJECTS and not isinstance(content[name], dict)):
                cells[name] = content.pop(name)
        for name in _TRANSPORT:
            cells.pop(name, None)
        for name in ("userId", "anonymousId"):
            if isinstance(content.get(name), (str, float)):
                content[name] = id_text(content[name], name)
        if not content.get("userId") and not content.get("anonymousId"):
            raise Refused("missing_identity", "the row has neither user_id nor anonymous_id")
        if kind == "track" and not content.get("event"):
            raise Refused("missing_event", "a track row needs the column event")
        happened = cells.pop("timestamp", None)
        if happened is not None:
            content["timestamp"] = values.iso(moment(happened, "timestamp", self._layout))
        if cells:
            field = "traits" if kind in {"identify", "group"} else "properties"
            content[field] = {**cells, **(content.get(field) or {})}
        if "messageId" in content:
            return Message((row.line,), content)
        return sealed(content, (row.line,), nth=self._repeated.nth(values.digest(content)))

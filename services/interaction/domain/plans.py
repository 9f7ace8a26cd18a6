"""Tracking plans: which events a source may send, and what they must look like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import jsonschema_rs
import msgspec

from contracts.collected import CleanEvent

OPEN: Final = "open"
STRICT: Final = "strict"

UNPLANNED: Final = "unplanned_event"
BROKEN: Final = "plan_violation"

#: These have a published schema of their own and are checked at the door.
_RESERVED: Final = "ecrm."
#: Faults of one event that are told.
MOST_FAULTS: Final = 20
MOST_BYTES: Final = 256 * 1024
MOST_EVENTS: Final = 1000
_OF_TRAITS: Final = frozenset({"identify", "group"})


class BadPlan(Exception):
    """A schema that is none; `pointer` says where in the plan."""

    def __init__(self, pointer: str, reason: str) -> None:
        super().__init__(reason)
        self.pointer = pointer
        self.reason = reason


class Fault(NamedTuple):
    """What is wrong: the place in the event (RFC 6901) and the keyword of the schema that it breaks; never a value."""

    pointer: str
    keyword: str

    @property
    def general(self) -> str:
        """The place with `*` for positions in lists, so that equal faults count as one."""
        return "/".join("*" if part.isdecimal() else part for part in self.pointer.split("/"))


class Verdict(NamedTuple):
    """Why an event is not as planned."""

    code: str
    faults: list[Fault]

    @property
    def detail(self) -> str:
        """For people, at most 200 characters."""
        if self.code == UNPLANNED:
            return "the tracking plan of this source does not name this event"
        return "; ".join(f"{fault.pointer or '/'}: {fault.keyword}" for fault in self.faults)[:200]


class Plan:
    """A plan with its schemas compiled."""

    def __init__(self, *, version: int, mode: str, events: Mapping[str, Any], types: Mapping[str, Any]) -> None:
        """`events`: name -> schema of its properties or None; `types`: message type -> schema of its traits or properties. Raises BadPlan."""
        self.version = version
        self.mode = mode
        if len(events) > MOST_EVENTS or len(msgspec.json.encode([events, types])) > MOST_BYTES:
            raise BadPlan("/events", f"a plan has at most {MOST_EVENTS:,} events and {MOST_BYTES // 1024} KiB")
        self._events = {name: _compiled(schema, f"/events/{_escaped(name)}/schema") for name, schema in events.items()}
        self._types = {name: _compiled(schema, f"/types/{name}") for name, schema in types.items()}

    def check(self, event: CleanEvent) -> Verdict | None:
        """None for an event as planned. Track events and CloudEvents must be named by the plan; the other types only match their schema."""
        kind = event.stamp.type
        if kind in {"track", "event", "touchpoint"}:
            part, where = "properties", event.name
            if where not in self._events:
                return None if where.startswith(_RESERVED) else Verdict(UNPLANNED, [])
            validator = self._events[where]
        else:
            part = "traits" if kind in _OF_TRAITS else "properties"
            validator = self._types.get(kind)
        if validator is None:
            return None
        found = _faults(validator, event.traits if part == "traits" else event.properties, f"/{part}")
        return Verdict(BROKEN, found) if found else None


def plan_of(document: Mapping[str, Any], *, version: int) -> Plan:
    """A plan as it is kept and sent: `{"mode", "events": {name: {"schema"?}}, "types": {type: schema}}`. Raises BadPlan."""
    events = {name: given.get("schema") for name, given in document.get("events", {}).items()}
    return Plan(version=version, mode=document["mode"], events=events, types=document.get("types", {}))


def _compiled(schema: Any, pointer: str) -> jsonschema_rs.Draft202012Validator | None:
    """Nothing is fetched for it, and its expressions run in linear time."""
    if schema is None:
        return None
    try:
        return jsonschema_rs.Draft202012Validator(
            schema, offline=True, pattern_options=jsonschema_rs.RegexOptions(), validate_formats=True, mask="…"
        )
    except jsonschema_rs.ValidationError as error:
        raise BadPlan(pointer + "".join(f"/{_escaped(str(part))}" for part in error.instance_path), f"no JSON Schema: {error.message}"[:300]) from None
    except (jsonschema_rs.ReferencingError, ValueError) as error:
        raise BadPlan(pointer, f"no JSON Schema that stands alone: {error}"[:300]) from None


def _faults(validator: jsonschema_rs.Draft202012Validator, value: Any, root: str) -> list[Fault]:
    found = []
    for error in validator.iter_errors(value):
        path = [str(part) for part in error.instance_path]
        missing = getattr(error.kind, "property", None)
        if type(missing) is str:
            path.append(missing)
        found.append(Fault(root + "".join(f"/{_escaped(part)}" for part in path), error.kind.name))
        if len(found) >= MOST_FAULTS:
            break
    return found


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")

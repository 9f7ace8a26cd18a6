"""Splitting a body into the slices of its events, without decoding them and without letting one bad event cost its neighbours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from services.interaction.domain.collecting.outcome import RequestRefused

MAX_EVENTS: Final = 2500
MAX_EVENT_BYTES: Final = 32 * 1024

#: More than about 1,000 levels raise RecursionError, bad UTF-8 in a decoded text UnicodeDecodeError: neither is a DecodeError.
UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
#: Always matches from a quote on, to the end if need be, and never backtracks: one pass whatever the body.
_TOKEN: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+\\?(?:"|\Z)|[\[\]{}]', re.DOTALL)
#: Deeper content is cut out before the body is read again; any event that deep is refused anyway.
_PRUNED_DEPTH: Final = 64

NO_FAULTS: Final[Mapping[int, str]] = {}


class Item(NamedTuple):
    """One event as sent. `refused` is set when splitting has already found the reason."""

    slice: bytes
    refused: str = ""


class Body(NamedTuple):
    """A body whose JSON could be read. `kind` is the type the path decides, empty for a batch.

    `items` are the events as sent, `faults` the reasons that splitting has already found, by place. `whole` is what was sent, if every
    item stands in it as it is.
    """

    items: list[bytes]
    kind: str = ""
    context: bytes = b""
    integrations: bytes = b""
    sent_at: Any = None
    write_key: str | None = None
    faults: Mapping[int, str] = NO_FAULTS
    whole: bytes = b""


def body_of(items: Iterable[Item], kind: str = "", *, write_key: str | None = None) -> Body:
    """A body of items of which some are already refused."""
    listed = list(items)
    return Body([item.slice for item in listed], kind, write_key=write_key, faults=_faults(listed))


def _faults(items: Iterable[Item]) -> Mapping[int, str]:
    return {place: item.refused for place, item in enumerate(items) if item.refused}


class _Batch(msgspec.Struct):
    batch: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET
    context: msgspec.Raw = msgspec.Raw(b"")
    integrations: msgspec.Raw = msgspec.Raw(b"")
    sentAt: Any = None  # noqa: N815 - the protocol's name
    writeKey: Any = None  # noqa: N815 - the protocol's name


class _Keyed(msgspec.Struct):
    writeKey: Any = None  # noqa: N815 - the protocol's name


_batch = msgspec.json.Decoder(_Batch).decode
_array = msgspec.json.Decoder(list[msgspec.Raw]).decode
_raw = msgspec.json.Decoder(msgspec.Raw).decode
_members = msgspec.json.Decoder(_Keyed).decode
_any = msgspec.json.Decoder().decode


def read_batch(body: bytes) -> Body:
    """Split `{"batch": […], …}`. Raises RequestRefused: body_empty, invalid_json, not_an_object."""
    if not body or body.isspace():
        raise RequestRefused("body_empty")
    try:
        found = _batch(body)
    except msgspec.ValidationError:
        raise RequestRefused(_why(body)) from None
    except RecursionError:
        return read_batch(_prune(body))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _read_batch_slowly(body)
    if found.batch is msgspec.UNSET:
        raise RequestRefused("not_an_object")
    return Body(
        list(map(bytes, found.batch)), "", bytes(found.context), bytes(found.integrations), found.sentAt, _text(found.writeKey), whole=body
    )


def read_single(body: bytes, kind: str) -> Body:
    """One event whose type the path decides. Raises RequestRefused: body_empty, invalid_json, not_an_object."""
    if not body or body.isspace():
        raise RequestRefused("body_empty")
    try:
        event = _any(body)
    except UnicodeDecodeError:
        return _faulty_single(body, kind, "invalid_utf8")
    except RecursionError:
        return read_single(_prune(body), kind)
    except msgspec.ValidationError:  # a number that no float or integer holds
        return _faulty_single(body, kind, "number_out_of_range")
    except msgspec.DecodeError:
        event, whole = _loads(body), b""
        item = _encoded(event)
    else:
        item, whole = Item(body), body
    if type(event) is not dict:
        raise RequestRefused("not_an_object")
    return Body([item.slice], kind, write_key=_text(event.get("writeKey")), faults=_faults([item]), whole=whole)


def _faulty_single(body: bytes, kind: str, code: str) -> Body:
    """An event that cannot be decoded although its form is right; the key at its end still counts."""
    try:
        _raw(body)
        members = _members(body)
    except msgspec.ValidationError:
        raise RequestRefused("not_an_object") from None
    except msgspec.DecodeError:
        raise RequestRefused("invalid_json") from None
    except (UnicodeDecodeError, RecursionError):
        return body_of([Item(body, code)], kind)
    return body_of([Item(body, code)], kind, write_key=_text(members.writeKey))


def read_array(body: bytes) -> Body:
    """A CloudEvents batch. Raises RequestRefused."""
    if not body or body.isspace():
        raise RequestRefused("body_empty")
    try:
        return Body(list(map(bytes, _array(body))))
    except msgspec.ValidationError:
        raise RequestRefused(_why(body)) from None
    except RecursionError:
        return read_array(_prune(body))
    except (msgspec.DecodeError, UnicodeDecodeError):
        found = _loads(body)
        if type(found) is not list:
            raise RequestRefused("not_an_object") from None
        return body_of(_encoded(event) for event in found)


def check_count(body: Body) -> None:
    """Raises RequestRefused: empty_batch, too_many_events."""
    if not body.items:
        raise RequestRefused("empty_batch")
    if len(body.items) > MAX_EVENTS:
        raise RequestRefused("too_many_events")


def _why(body: bytes) -> str:
    """A value of the wrong type ends the reading early: whether the rest is JSON at all decides the code."""
    try:
        _any(body)
    except msgspec.ValidationError:
        return "not_an_object"
    except UNREADABLE:
        return "invalid_json"
    return "not_an_object"


def _text(value: Any) -> str | None:
    return value if type(value) is str and value else None


def _read_batch_slowly(body: bytes) -> Body:
    """A lone surrogate anywhere makes the parser refuse the whole body; then, and only then, another one splits it."""
    found = _loads(body)
    if type(found) is not dict or type(found.get("batch")) is not list:
        raise RequestRefused("not_an_object")
    shared = [_encoded(found[name]) if name in found else Item(b"") for name in ("context", "integrations")]
    refused = next((part.refused for part in shared if part.refused), "")
    items = [_encoded(event) for event in found["batch"]]
    if refused:  # what is shared by all is part of each
        items = [Item(item.slice, item.refused or refused) for item in items]
    context, integrations = (b"" if part.refused else part.slice for part in shared)
    slices = [item.slice for item in items]
    return Body(slices, "", context, integrations, found.get("sentAt"), _text(found.get("writeKey")), _faults(items))


def _loads(body: bytes) -> Any:
    if not _SURROGATE.search(body):
        raise RequestRefused("invalid_json")
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise RequestRefused("invalid_json") from None


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _encoded(value: Any) -> Item:
    """The event again as bytes; a guilty one with its escapes, so that it can be shown in quarantine."""
    try:
        return Item(json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode())
    except UnicodeEncodeError:
        return Item(json.dumps(value, separators=(",", ":")).encode(), "lone_surrogate")
    except ValueError:
        return Item(json.dumps(value, separators=(",", ":")).encode(), "number_out_of_range")


def _prune(body: bytes) -> bytes:
    """Cut out what nests deeper than any limit, so that only the guilty event is refused. Unbalanced bodies are refused at once."""
    kept: list[bytes] = []
    depth = begin = 0
    for token in _TOKEN.finditer(body):
        character = body[token.start()]
        if character in b"[{":
            depth += 1
            if depth == _PRUNED_DEPTH:
                kept.append(body[begin : token.end()])
        elif character in b"]}":
            if depth == _PRUNED_DEPTH:
                begin = token.start()
            depth -= 1
    if depth != 0 or not kept:
        raise RequestRefused("invalid_json")
    return b"".join(kept) + body[begin:]

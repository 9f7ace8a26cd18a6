"""CloudEvents 1.0 over HTTP in its three modes: structured, batch and binary."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import msgspec

from contracts.collected import ORDER_NAMES, Stamp
from services.interaction.domain.collecting import bodies, identities, messages, moments, reserved, shared
from services.interaction.domain.collecting.outcome import Accepted, EventRefused, Receipt, RequestRefused

_NAME: Final = re.compile(r"[a-z0-9]{1,64}")
_JSON: Final = re.compile(r"^\s*(?:application|text)/(?:[\w.+-]+\+)?json\s*(?:;|$)", re.IGNORECASE)
_TEXT: Final = re.compile(r"^\s*(?:text/|application/(?:[\w.+-]+\+)?xml\b)", re.IGNORECASE)
_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})")
_OWN: Final = frozenset({"specversion", "id", "source", "type", "time", "subject", "datacontenttype", "dataschema", "data", "data_base64"})
_TEXTS: Final = ("subject", "datacontenttype", "dataschema")

_encode = msgspec.json.Encoder().encode


def read_events(body: bytes, content_type: str, headers: Iterable[tuple[str, str]]) -> bodies.Body:
    """Split a request into structured events. Binary mode becomes the structured form of the same event. Raises RequestRefused.

    `headers` are all `ce-…` headers with their raw values.
    """
    lowered = content_type.strip().lower()
    if lowered.startswith("application/cloudevents-batch"):
        found = bodies.read_array(body)
        bodies.check_count(found)
        return found
    if lowered.startswith("application/cloudevents"):
        return bodies.read_single(body, "event")
    return bodies.body_of([_binary(body, content_type, headers)], "event")


def _binary(body: bytes, content_type: str, headers: Iterable[tuple[str, str]]) -> bodies.Item:
    event: dict[str, Any] = {}
    try:
        for name, value in headers:
            event[name.lower().removeprefix("ce-")] = header_value(value)
    except ValueError:
        return bodies.Item(body, "invalid_cloudevent")
    if content_type:
        event["datacontenttype"] = content_type
    head = _encode(event)
    if not body:
        return bodies.Item(head)
    member, data, refused = b"data", body, ""
    if not content_type or _JSON.match(content_type):
        try:
            msgspec.json.decode(body)
        except msgspec.ValidationError:
            refused = "number_out_of_range"
        except UnicodeDecodeError:
            refused = "invalid_utf8"
        except RecursionError:
            refused = "too_deep"
        except msgspec.DecodeError:
            data, refused = _surrogate(body)
    else:
        member, data = _opaque(body, text=_TEXT.match(content_type) is not None)
    return bodies.Item(b'%s%s"%s":%s}' % (head[:-1], b"," if event else b"", member, data), refused)


def _surrogate(body: bytes) -> tuple[bytes, str]:
    try:
        bodies.read_single(b'{"data":%s}' % body, "event")
    except RequestRefused:
        return b"null", "invalid_cloudevent"
    return body, "lone_surrogate"


def _opaque(body: bytes, *, text: bool) -> tuple[bytes, bytes]:
    if text:
        try:
            return b"data", json.dumps(body.decode("utf-8"), ensure_ascii=False).encode()
        except UnicodeDecodeError:
            pass  # text in another encoding is kept as the bytes it is
    return b"data_base64", b'"' + base64.b64encode(body) + b'"'


def header_value(raw: str) -> str:
    """Undo double quotes, then one round of percent-decoding. Raises ValueError on invalid UTF-8."""
    text = raw.strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = re.sub(r"\\(.)", r"\1", text[1:-1])
    return unquote_to_bytes(text.encode("latin-1")).decode("utf-8")


def check_event(slice_: bytes, event: dict[str, Any], parts: shared.Shared, receipt: Receipt) -> Accepted:
    """One structured CloudEvent. Raises EventRefused (`invalid_cloudevent`, a limit, or a reserved type that does not match)."""
    has_card = messages.check_limits(event, slice_, parts)
    _check_attributes(event)
    if has_card:
        raise EventRefused("card_number")
    name: str = event["type"]
    subject = identities.customer_key(event.get("subject"))
    data = event.get("data")
    known_customer = subject
    if name.startswith(reserved.PREFIX):
        reserved.check_reserved(name, data, customer=subject is not None, default_currency=receipt.source.default_currency)
    if subject is None and type(data) is dict and (name.startswith("ecrm.touchpoint.") or name in ORDER_NAMES):
        known_customer = identities.customer_key(data.get("customer"))
        if known_customer is None and name.startswith("ecrm.touchpoint."):
            raise EventRefused("invalid_data", "/customer")
    if known_customer is None and receipt.source.require_subject:
        raise EventRefused("missing_subject")
    return _accept(slice_, event, name, known_customer, receipt)


def _accept(slice_: bytes, event: dict[str, Any], name: str, customer: str | None, receipt: Receipt) -> Accepted:
    source, data = receipt.source, event.get("data")
    occurred = data.get("occurred_at") if type(data) is dict and name.startswith(reserved.PREFIX) else None
    original = moments.read_moment(event.get("time"))
    notes = []
    if name == "ecrm.order.refunded.v1" and source.authority != "server":
        notes.append("not_from_browser" if source.kind == "browser" else "not_trusted")
    receipt_id = receipt.new_id()
    # (source, id) of the CloudEvent, written so that two different pairs never look alike
    unique = identities.message_id(json.dumps([event["source"], event["id"]], ensure_ascii=False, separators=(",", ":")))
    stamp = Stamp(
        id=unique, form="cloudevent", type="event", event=name, source=source.source_id, authority=source.authority, receipt_id=receipt_id,
        received_at=receipt.received_at, timestamp=messages.received_moment(occurred or event.get("time"), receipt.received_at),
        original_timestamp=original, keys=[customer] if customer else [], gpc=receipt.gpc, notes=notes,
        ip=shared.allowed_ip(receipt.ip, source.ip) if source.kind == "browser" else None,
        user_agent=receipt.user_agent if source.kind == "browser" else None,
    )
    key = customer or f"source:{source.source_id}"
    return Accepted(key.encode(), slice_, _encode(stamp), unique.encode(), receipt_id)


def _check_attributes(event: dict[str, Any]) -> None:
    if event.get("specversion") != "1.0":
        raise EventRefused("invalid_cloudevent", "specversion must be 1.0")
    for name in ("id", "source", "type"):
        value = event.get(name)
        if type(value) is not str or not value:
            raise EventRefused("invalid_cloudevent", f"{name} must be a non-empty text")
    for name in _TEXTS:
        value = event.get(name)
        if value is not None and (type(value) is not str or not value):
            raise EventRefused("invalid_cloudevent", f"{name} must be a non-empty text")
    time = event.get("time")
    if time is not None and (type(time) is not str or not _TIME.fullmatch(time) or moments.read_moment(time) is None):
        raise EventRefused("invalid_cloudevent", "time must be an RFC 3339 timestamp")
    if "data" in event and "data_base64" in event:
        raise EventRefused("invalid_cloudevent", "data and data_base64 exclude each other")
    if "data_base64" in event:
        _check_base64(event["data_base64"])
    for name, value in event.items():
        if name in _OWN:
            continue
        if not _NAME.fullmatch(name):
            raise EventRefused("invalid_cloudevent", "names of extensions are lower-case letters and digits")
        if type(value) not in {str, int, bool, type(None)}:
            raise EventRefused("invalid_cloudevent", "an extension is a text, an integer or a boolean")


def _check_base64(value: Any) -> None:
    try:
        base64.b64decode(value if type(value) is str else "?", validate=True)
    except ValueError:
        raise EventRefused("invalid_cloudevent", "data_base64 is not Base64") from None

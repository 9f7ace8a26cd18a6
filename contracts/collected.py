"""What the collector writes: the stamp beside the slice as sent, and the one function that turns both into a clean event."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

import msgspec

TOPIC: Final = "ecrm.collected"

#: Header that carries the stamp; the record's value is the event's bytes as sent.
STAMP: Final = "ecrm_stamp"

#: `ce_type` of an accepted event and of a refused one (then the header REFUSAL says why and the value is the payload).
ACCEPTED_TYPE: Final = "ecrm.collected.v1"
REFUSED_TYPE: Final = "ecrm.collected.refused.v1"
REFUSAL: Final = "ecrm_refusal"
#: `ce_type` of a record that only says how much a source's rules kept from being collected; the header DROPS holds the counts.
DROPPED_TYPE: Final = "ecrm.collected.dropped.v1"
DROPS: Final = "ecrm_drops"

#: `ce_type` of a record in which the collector says how much it has accepted, and the header that says it; it has no value.
TALLY_TYPE: Final = "ecrm.collected.tally.v1"
TALLY: Final = "ecrm_tally"

#: Only these six are SDK messages.
MESSAGE_TYPES: Final = frozenset({"identify", "track", "page", "screen", "group", "alias"})

TOUCHPOINT_PREFIX: Final = "ecrm.touchpoint."
#: The names a reserved order type is read under, so that one projection serves SDK events and CloudEvents.
ORDER_NAMES: Final = {
    f"ecrm.order.{word.lower()}.v1": f"Order {word}"
    for word in ("Completed", "Updated", "Refunded", "Cancelled", "Shipped", "Delivered")
}

_CHANNELS: Final = {"browser": "web", "web": "web", "mobile": "mobile", "server": "server", "sources": "server"}
_PAGE_CHANNELS: Final = {"page": "web", "screen": "mobile"}
#: Members of the message itself that belong to its properties.
_ADDED: Final = {"group": "groupId", "alias": "previousId"}
EMPTY: Final = b"{}"
#: A tuple, since an event may say anything there, also what has no hash.
_INITIATORS: Final = ("company", "customer")
_RESPONSES: Final = "Email "
#: Kinds that tell of a message on a channel of another name.
_MAIL_REPORTS: Final = {"bounce": "email", "complaint": "email"}
_CHATS: Final = "Live Chat "

#: A retry changes these, so they are no part of what is compared.
_VOLATILE: Final = ("sentAt", "receivedAt", "request_ip", "_metadata", "writeKey")
#: What the clean event carries elsewhere; every other top-level field is kept under `context.fields`.
_KNOWN: Final = frozenset(
    "type action event name category userId user_id anonymousId anonymous_id groupId previousId properties traits context "
    "integrations messageId timestamp originalTimestamp sentAt writeKey _metadata channel".split()
)
#: A message with these fields alone has nothing to lose and nothing to keep apart.
_LASTING: Final = _KNOWN - {*_VOLATILE}


class Stamp(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The envelope only the collector writes.

    `form` says how the slice is to be read: `sdk` (Segment/RudderStack/Jitsu message), `cloudevent` (structured CloudEvent JSON)
    or `touchpoint` (posted by an employee or system, already in the shape of a touch point).
    `type` is one of the six message types, `event` (a CloudEvent) or `touchpoint`; `event` the track event's, page's or CloudEvent type's name.
    `keys` are identity keys, the primary one first, the others only link; empty for a CloudEvent that names no customer.
    `id` is the cleaned message id, unique within `source`. `context` and `integrations` are the objects that the batch shares, if any.
    """

    id: str
    form: str = "sdk"
    type: str
    event: str = ""
    source: str
    authority: str = "server"
    receipt_id: str
    received_at: datetime
    timestamp: datetime
    original_timestamp: datetime | None = None
    sent_at: datetime | None = None
    keys: list[str]
    ip: str | None = None
    user_agent: str | None = None
    gpc: bool = False
    notes: list[str] = []
    context: Any = None
    integrations: Any = None


class Refusal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a payload is in quarantine. `digest` and `size` are those of the whole payload, of which at most 64 KiB were kept.

    `index` is the place in the batch; -1 means the request as a whole.
    """

    code: str
    detail: str
    source: str
    receipt_id: str
    received_at: datetime
    digest: str
    size: int
    index: int = -1
    message_id: str | None = None


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What one collector process has accepted of a source within a minute, so far: later ones of the same three say more, never less.

    `receipts` is the XOR of the receipt ids, 32 hexadecimal digits.
    """

    collector: str
    source: str
    minute: datetime
    accepted: int
    receipts: str


class Drops(msgspec.Struct, frozen=True, kw_only=True):
    """How many events (`path`, `event`, `category`, `gpc`) and fields (`field`, and `undisclosed`: not on the public list) of a request a source's rules kept out, and on which day."""

    source: str
    day: date
    counts: dict[str, int]


class CleanEvent(msgspec.Struct, frozen=True, gc=False):
    """An event after merging and cleaning: what is stored, shown and published.

    The three parts are JSON with sorted keys, as they are stored and published; most events need nothing more of them, so the
    objects are made only when asked for, anew each time. `products` tells whether the properties have a member of that name.
    """

    stamp: Stamp
    kind: str
    name: str
    channel: str
    initiator: str
    properties_json: bytes
    traits_json: bytes
    context_json: bytes
    digest: bytes
    products: bool = False

    @property
    def properties(self) -> dict[str, Any]:
        return _part(self.properties_json)

    @property
    def traits(self) -> dict[str, Any]:
        return _part(self.traits_json)

    @property
    def context(self) -> dict[str, Any]:
        return _part(self.context_json)


_decode = msgspec.json.Decoder().decode
_canonical = msgspec.json.Encoder(order="sorted").encode
read_stamp = msgspec.json.Decoder(Stamp).decode
read_refusal = msgspec.json.Decoder(Refusal).decode
read_tally = msgspec.json.Decoder(Tally).decode
read_drops = msgspec.json.Decoder(Drops).decode


def clean_event(value: bytes, stamp: Stamp) -> CleanEvent:
    """Merge the batch's shared parts under the event's own, put every part in its place, and take the digest of what counts.

    `identify` traits are `traits` over `context.traits`; on other types `context.traits` stays in the context only. `integrations` and
    fields that no specification names are kept under `context.integrations` and `context.fields`. Pure: equal input, equal output.
    Raises msgspec.DecodeError when the value was not written by the collector.
    """
    if stamp.form == "sdk":
        try:
            return _clean_message(_decode(value), stamp, _canonical)
        except (OverflowError, msgspec.EncodeError):  # an id may be an integer beyond 64 bits
            return _clean_message(_decode(value), stamp, canonical)
    body = _decode(value)
    if stamp.form == "cloudevent":
        return _clean_cloudevent(body, stamp)
    return _clean_touchpoint(body, stamp)


def touchpoint_kind(name: str) -> str | None:
    """`call` for `ecrm.touchpoint.call.v1`; None for any other name."""
    if name.startswith(TOUCHPOINT_PREFIX) and name.endswith(".v1"):
        return name[len(TOUCHPOINT_PREFIX) : -3]
    return None


def canonical(part: dict[str, Any]) -> bytes:
    """JSON with sorted keys and no blanks."""
    if not part:
        return EMPTY
    try:
        return _canonical(part)
    except (OverflowError, msgspec.EncodeError):
        return json.dumps(part, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _part(text: bytes) -> dict[str, Any]:
    found: dict[str, Any] = _decode(text)
    return found


def _object(value: Any) -> dict[str, Any]:
    return value if type(value) is dict else {}


def _clean_message(body: dict[str, Any], stamp: Stamp, encode: Callable[[Any], bytes]) -> CleanEvent:
    """Each part is encoded once, for the digest and for what is stored; only what a message adds to a part is encoded again.

    `body` is used up. It runs for every event, so the usual one takes no further call and no loop.
    """
    kind, name = stamp.type, stamp.event
    if "channel" in body or kind in _PAGE_CHANNELS:
        channel = _channel(body, stamp)
    else:
        channel = "web" if stamp.authority == "browser" else "server"
    further = None
    if not _LASTING.issuperset(body):
        further = {name: body[name] for name in sorted(body.keys() - _KNOWN)}
        for volatile in _VOLATILE:
            body.pop(volatile, None)
    context = body.pop("context", None)
    if type(context) is not dict:
        context = {}
    integrations = _object(body.pop("integrations", None))
    if stamp.context is not None:
        context = {**_object(stamp.context), **context}
    if stamp.integrations is not None:
        integrations = {**_object(stamp.integrations), **integrations}
    properties, traits = body.get("properties"), body.get("traits")
    properties_json = traits_json = b""  # is not the same as an empty object
    if type(properties) is dict:
        del body["properties"]
        properties_json = encode(properties)
    if type(traits) is dict:
        del body["traits"]
        traits_json = encode(traits)
    body["type"], body["messageId"] = kind, stamp.id
    context_json = encode(context)
    # A line feed stands in no canonical JSON, so different parts never run together into the same text.
    compared = b"\n".join((encode(body), properties_json, traits_json, context_json, encode(integrations) if integrations else EMPTY))
    digest = sha256(compared).digest()

    if integrations or further:
        kept = dict(context)
        if integrations:
            kept["integrations"] = integrations
        if further:
            kept["fields"] = further
        context_json = encode(kept)
    initiator = "customer"
    if kind == "track":
        if not _is_plain(name):
            kind, name, channel, initiator = _named(name, _object(properties), channel)
    elif kind == "identify":
        if lower := _object(context.get("traits")):
            traits_json = encode({**lower, **_object(traits)})
    elif (added := _ADDED.get(kind)) is not None:
        properties_json = encode({**_object(properties), added: body.get(added)})
    elif "category" in body and "category" not in _object(properties):
        properties_json = encode({**_object(properties), "category": body["category"]})
    return CleanEvent(
        stamp, kind, name, channel, initiator, properties_json or EMPTY, traits_json or EMPTY, context_json, digest,
        type(properties) is dict and "products" in properties,
    )


@lru_cache(maxsize=4096)
def _is_plain(name: str) -> bool:
    """Whether a track event of this name is one, on the channel it came by and the customer's doing, whatever it says."""
    return _named(name, {}, "") == ("track", name, "", "customer") and touchpoint_kind(name) is None


def _named(name: str, properties: dict[str, Any], channel: str) -> tuple[str, str, str, str]:
    """Kind, name, channel and initiator of a track event; touch points, chats and answers to messages have their own."""
    touchpoint = touchpoint_kind(name)
    if touchpoint is not None:
        return touchpoint, name, touchpoint, _initiator(properties, "customer")
    if name in ORDER_NAMES:
        return "track", ORDER_NAMES[name], channel, "customer"
    if name.startswith(_CHATS):
        return "chat", name, "chat", _initiator(properties, "customer")
    if name.startswith(_RESPONSES) or name == "Unsubscribed":
        return "track", name, "email", "company"
    return "track", name, channel, "customer"


def _initiator(properties: dict[str, Any], otherwise: str) -> str:
    found = properties.get("initiator")
    return found if found in _INITIATORS else otherwise


def _channel(body: dict[str, Any], stamp: Stamp) -> str:
    named = body.get("channel")
    if type(named) is str and named in _CHANNELS:
        return _CHANNELS[named]
    return _PAGE_CHANNELS.get(stamp.type) or ("web" if stamp.authority == "browser" else "server")


def _clean_cloudevent(body: dict[str, Any], stamp: Stamp) -> CleanEvent:
    attributes = {name: part for name, part in body.items() if name not in {"data", "data_base64"}}
    if "data_base64" in body:
        properties: dict[str, Any] = {"data_base64": body["data_base64"]}
    elif "data" in body:
        data = body["data"]
        properties = data if type(data) is dict else {"data": data}
    else:
        properties = {}
    touchpoint = touchpoint_kind(stamp.event)
    if touchpoint is not None or stamp.event in ORDER_NAMES:
        kind, name, channel, initiator = _named(stamp.event, properties, "server")
    else:
        kind, name, channel, initiator = "event", stamp.event, "server", _initiator(properties, "customer")
    return CleanEvent(
        stamp, kind, name, channel, initiator, canonical(properties), EMPTY, canonical({"cloudevent": attributes}),
        sha256(canonical(body)).digest(), "products" in properties,
    )


def _clean_touchpoint(body: dict[str, Any], stamp: Stamp) -> CleanEvent:
    kind = touchpoint_kind(stamp.event) or str(body.get("kind", ""))
    properties = {name: part for name, part in body.items() if name not in {"kind", "id"}}
    return CleanEvent(
        stamp, kind, stamp.event, _MAIL_REPORTS.get(kind, kind), _initiator(properties, "company"), canonical(properties), EMPTY, EMPTY,
        sha256(canonical(body)).digest(),
    )

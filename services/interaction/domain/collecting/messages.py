"""Checking one SDK message, in the order the protocol names; the first failure is the answer."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import msgspec

from contracts.collected import MESSAGE_TYPES, Stamp
from services.interaction.domain.collecting import identities, moments, reserved, shared, walking
from services.interaction.domain.collecting.bodies import MAX_EVENT_BYTES
from services.interaction.domain.collecting.outcome import Accepted, EventRefused, Receipt

MAX_NAME: Final = 256

_CRAWLER: Final = re.compile(r"bot\b|crawl|spider|slurp|headless|lighthouse|facebookexternalhit|preview", re.IGNORECASE)
#: Parts that a public key must not report: kept as data, noted.
SERVER_ONLY: Final = frozenset(
    {"Order Refunded", "ecrm.order.refunded.v1", "Email Bounced", "Email Marked as Spam"}
)
_LINKING: Final = frozenset({"identify", "alias"})

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_EMPTY: Final[dict[str, Any]] = {}


@lru_cache(maxsize=1024)
def is_crawler(user_agent: str) -> bool:
    """Whether the sender calls itself a robot. Such events are flagged, never dropped."""
    return _CRAWLER.search(user_agent) is not None


def decode_event(slice_: bytes, parts: shared.Shared) -> dict[str, Any]:
    """Decode one slice and hold it against the limits: whole event, U+0000, integers. Card numbers are the caller's last check.

    Returns the event; raises EventRefused.
    """
    if len(slice_) + parts.size > MAX_EVENT_BYTES:
        raise EventRefused("event_too_large")
    try:
        event = _decode(slice_)
    except UnicodeDecodeError:
        raise EventRefused("invalid_utf8") from None
    except RecursionError:
        raise EventRefused("too_deep") from None
    except msgspec.ValidationError:
        raise EventRefused("number_out_of_range") from None
    if type(event) is not dict:
        raise EventRefused("not_an_object")
    return event


def check_limits(event: dict[str, Any], slice_: bytes, parts: shared.Shared) -> bool:
    """The walk; returns whether there is a card number, which is refused after everything else was read."""
    if parts.sound and walking.is_plain(slice_, values=parts.values):
        return False
    shape = walking.walk(event, careful=walking.needs_care(slice_), depth=parts.depth, values=parts.values)
    code = shape.code or parts.code
    if code:
        raise EventRefused(code)
    nul, number, card = parts.late
    if shape.nul or nul:
        raise EventRefused("nul_character")
    if shape.number or number:
        raise EventRefused("number_out_of_range")
    return shape.card or card


def check_message(slice_: bytes, event: dict[str, Any], kind: str, parts: shared.Shared, receipt: Receipt) -> Accepted:
    """One message of the six types. `kind` is what the path decides, empty in a batch. Raises EventRefused."""
    has_card = check_limits(event, slice_, parts)
    get = event.get

    found = kind or get("type") or get("action")
    if type(found) is not str or found not in MESSAGE_TYPES:
        raise EventRefused("unknown_type")
    kind = found

    user = identities.id_text(get("userId") if "userId" in event else get("user_id"))
    anonymous = identities.id_text(get("anonymousId") if "anonymousId" in event else get("anonymous_id"))
    name = ""
    data = _object(event, "properties")
    customer = None
    if user is None and (anonymous is None or kind == "alias"):
        customer = _customer_of_touchpoint(kind, get("event"), data)
        if customer is None:
            raise EventRefused("missing_identity")

    previous = None
    if kind == "track":
        name = _event_name(get("event"))
    elif kind == "group":
        if identities.id_text(get("groupId")) is None:
            raise EventRefused("missing_group_id")
    elif kind == "alias":
        previous = identities.id_text(get("previousId"))
        if previous is None:
            raise EventRefused("missing_previous_id")
    else:
        name = _page_name(get("name"))

    if data is None:
        raise EventRefused("bad_properties")
    traits = _object(event, "traits")
    if traits is None:
        raise EventRefused("bad_traits")
    context = _object(event, "context")
    if context is None or parts.bad_context:
        raise EventRefused("bad_context")
    if parts.context:
        context = {**parts.context, **context}

    original, fallback = get("originalTimestamp"), get("timestamp")
    when = moments.corrected(original, fallback, get("sentAt", parts.sent_at), receipt.received_at)
    if has_card:
        raise EventRefused("card_number")
    if name.startswith(reserved.PREFIX):
        reserved.check_reserved(name, data, customer=customer is None, default_currency=receipt.source.default_currency)
        when = _occurred(data, when, receipt.received_at)

    notes = list(when.notes)
    keys = [customer or (f"user:{user}" if user is not None else f"anon:{anonymous}")]
    if kind in _LINKING:
        _link(
            keys, notes, receipt, kind=kind, user=user, anonymous=anonymous, previous=previous, traits=traits, context=context
        )
    if name in SERVER_ONLY and receipt.source.authority != "server":
        notes.append("not_from_browser" if receipt.source.kind == "browser" else "not_trusted")
    return accept(slice_, event, receipt, parts, context=context, when=when, keys=keys, notes=notes, kind=kind, name=name)


def accept(
    slice_: bytes, event: dict[str, Any], receipt: Receipt, parts: shared.Shared, *, context: dict[str, Any], when: moments.Moments,
    keys: list[str], notes: list[str], kind: str, name: str,
) -> Accepted:
    """Put the stamp on a message that passed every check."""
    source = receipt.source
    if source.kind == "browser":
        ip, user_agent = receipt.ip, receipt.user_agent
    else:
        ip, agent = context.get("ip"), context.get("userAgent")
        user_agent = agent if type(agent) is str else None
    if ip is not None:
        ip = shared.allowed_ip(ip, source.ip)
    if source.ip != "keep" and _shorten_inside(event, source.ip):
        slice_ = msgspec.json.encode(event)
    if user_agent and is_crawler(user_agent):
        notes.append("crawler")
    received = receipt.received_at
    receipt_id = receipt.new_id()
    message_id = identities.message_id(event.get("messageId")) or receipt_id
    stamp = Stamp(
        id=message_id, type=kind, event=name, source=source.source_id, authority=source.authority, receipt_id=receipt_id, received_at=received,
        timestamp=when.timestamp, original_timestamp=when.original, sent_at=when.sent, keys=keys, ip=ip, user_agent=user_agent,
        gpc=receipt.gpc or context.get("gpc") is True, notes=notes, context=parts.raw_context, integrations=parts.raw_integrations,
    )
    return Accepted(keys[0].encode(), slice_, _encode(stamp), message_id.encode(), receipt_id)


def _object(event: dict[str, Any], name: str) -> dict[str, Any] | None:
    """An object; empty when absent, null or `[]` (PHP's empty object); None when it is something else."""
    value = event.get(name)
    if type(value) is dict:
        return value
    return _EMPTY if value is None or value == [] else None


def _event_name(value: Any) -> str:
    if type(value) is not str or not value.strip():
        raise EventRefused("missing_event")
    if len(value) > MAX_NAME:
        raise EventRefused("event_too_long")
    return value


def _page_name(value: Any) -> str:
    return value[:MAX_NAME] if type(value) is str else ""


def _customer_of_touchpoint(kind: str, name: Any, data: dict[str, Any] | None) -> str | None:
    """A touch point may name its customer in its data instead of by a user id."""
    if kind != "track" or type(name) is not str or not name.startswith("ecrm.touchpoint.") or not data:
        return None
    return identities.customer_key(data.get("customer"))


def _occurred(data: dict[str, Any], when: moments.Moments, received: datetime) -> moments.Moments:
    moment = moments.read_moment(data.get("occurred_at"))
    if moment is None:
        return when
    return when._replace(timestamp=received_moment(moment, received))


def _link(
    keys: list[str], notes: list[str], receipt: Receipt, *, kind: str, user: str | None, anonymous: str | None, previous: str | None,
    traits: dict[str, Any], context: dict[str, Any],
) -> None:
    """Further keys that belong to the same person.

    `identify` links the anonymous id and, from a server source, e-mail and phone among the traits. `alias` links `previousId` as an
    anonymous id, and from a server source as a former user id too, since the message does not tell which of the two it was. A public key
    can thus never join two known people.
    """
    browser = receipt.source.kind == "browser"
    if kind == "alias":
        if previous is not None and previous != user:
            keys.append(f"anon:{previous}")
            if not browser:
                keys.append(f"user:{previous}")
        return
    if user is not None and anonymous is not None:
        keys.append(f"anon:{anonymous}")
    inner = context.get("traits")
    if type(inner) is dict and inner:
        traits = {**inner, **traits}
    email = identities.email_key(traits.get("email")) if "email" in traits else None
    phone = identities.phone_key(traits["phone"], receipt.source.default_region) if "phone" in traits else None
    if browser:
        if email is not None or phone is not None:
            notes.append("not_from_browser")
        return
    keys += [key for key in (email, phone) if key is not None]


def _shorten_inside(event: dict[str, Any], rule: str) -> bool:
    context = event.get("context")
    inside = shared.shorten_ip(context, rule) if type(context) is dict else False
    return shared.shorten_ip(event, rule) or inside


def received_moment(value: Any, received: datetime) -> datetime:
    """A readable time, at most 5 minutes ahead; otherwise the time of receipt."""
    moment = moments.read_moment(value)
    return received if moment is None or moment - received > moments.FUTURE else moment

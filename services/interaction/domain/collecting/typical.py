"""The usual message, checked in one go: typed fields, limits proved from the bytes, a stamp of which most is the same for the whole request.

Whatever is not usual, or might be refused or noted, is left to `messages.check_message`, which knows every rule and gives every reason;
for the others both write the same.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import msgspec

from services.interaction.domain.collecting import identities, messages, moments, reserved, shared, walking
from services.interaction.domain.collecting.bodies import UNREADABLE, Body
from services.interaction.domain.collecting.outcome import Accepted, Receipt

_KINDS: Final = frozenset({"track", "page", "screen", "identify"})
_ABSENT: Final = msgspec.Raw(b"")
_NO_NOTES: Final[list[str]] = []


class _Part(msgspec.Struct, gc=False):
    """An object, whatever is in it."""


class _Traits(msgspec.Struct, gc=False):
    email: msgspec.Raw = _ABSENT
    phone: msgspec.Raw = _ABSENT


class _Context(msgspec.Struct, gc=False):
    gpc: bool | None = None
    ip: str | None = None
    userAgent: str | None = None  # noqa: N815 - the protocol's name
    traits: _Traits | None = None


class _Message(msgspec.Struct, gc=False):
    """The fields that decide; a value of another type is for the other check. Fields of type None may be absent or null, which is the same."""

    type: str = ""
    event: str = ""
    name: str | None = None
    userId: str | None = None  # noqa: N815
    anonymousId: str | None = None  # noqa: N815
    messageId: str = ""  # noqa: N815
    timestamp: str | None = None
    originalTimestamp: str | None = None  # noqa: N815
    sentAt: str | msgspec.UnsetType | None = msgspec.UNSET  # noqa: N815
    properties: _Part | None = None
    traits: _Traits | None = None
    context: _Context | None = None
    action: None = None
    user_id: None = None
    anonymous_id: None = None


class _Head(msgspec.Struct, gc=False, omit_defaults=True):
    """What each event has of its own of `contracts.collected.Stamp`."""

    id: str
    type: str
    event: str
    receipt_id: str
    timestamp: datetime
    original_timestamp: datetime | None
    keys: list[str]
    ip: str | None = None
    user_agent: str | None = None
    gpc: bool = False
    notes: list[str] = []
    sent_at: datetime | None = None


class _Tail(msgspec.Struct, omit_defaults=True):
    """What all events of a request share of it."""

    source: str
    authority: str
    received_at: datetime
    ip: str | None = None
    user_agent: str | None = None
    sent_at: datetime | None = None


_decode = msgspec.json.Decoder(_Message).decode
_encode = msgspec.json.Encoder().encode
_NO_CONTEXT: Final = _Context()


def usual(body: Body, receipt: Receipt, parts: shared.Shared) -> Usual | None:
    """The quick check for a body's events; None when something about the request asks for the other one."""
    sent = parts.sent_at
    if receipt.source.never is not None or receipt.source.disclosure == "strict":
        return None
    if not body.whole or body.context or body.integrations or receipt.source.ip != "keep" or not (sent is None or isinstance(sent, datetime)):
        return None
    return Usual(body, receipt, sent)


class Usual:
    """Stamps the usual messages of one request."""

    __slots__ = (
        "_browser", "_crawler", "_gpc", "_kind", "_latest", "_most_braces", "_new_id", "_proved", "_received", "_sent", "_shift", "_tail", "_tail_alone",
    )

    def __init__(self, body: Body, receipt: Receipt, sent: datetime | None) -> None:
        source, received, whole = receipt.source, receipt.received_at, body.whole
        self._kind = body.kind
        self._received, self._latest = received, received + moments.FUTURE
        self._sent, self._shift = sent, None if sent is None else received - sent
        self._new_id, self._gpc = receipt.new_id, receipt.gpc
        self._browser = source.kind == "browser"
        self._proved = walking.is_plain_text(whole)
        # One bracket in all, as in most batches of browsers: then braces alone bound the depth.
        self._most_braces = walking.MAX_DEPTH - 1 if whole.find(b"[", whole.find(b"[") + 1) < 0 else 0
        tail = _Tail(source.source_id, source.authority, received)
        self._crawler = False
        if self._browser:
            tail.ip, tail.user_agent = shared.allowed_ip(receipt.ip, "keep"), receipt.user_agent
            self._crawler = bool(receipt.user_agent) and messages.is_crawler(receipt.user_agent or "")
        self._tail_alone = b"," + _encode(tail)[1:]
        tail.sent_at = sent
        self._tail = b"," + _encode(tail)[1:]

    def stamped(self, slice_: bytes) -> Accepted | None:
        """The record of a usual message that nothing can be said against; None leaves it to the other check."""
        if len(slice_) > 2 * walking.MAX_VALUES or not (self._proved or walking.is_plain_text(slice_)):
            return None
        braces = slice_.count(b"{")
        if braces > self._most_braces and braces + slice_.count(b"[") > walking.MAX_DEPTH:
            return None
        try:
            message = _decode(slice_)
        except UNREADABLE:
            return None

        kind = self._kind or message.type
        if kind == "track":
            name = message.event
            if not name.strip() or (self._browser and name in messages.SERVER_ONLY):
                return None
        elif kind in _KINDS:
            name = (message.name or "")[: messages.MAX_NAME]
        else:
            return None
        if len(name) > messages.MAX_NAME or name.startswith(reserved.PREFIX):
            return None

        user, anonymous = message.userId, message.anonymousId
        user = user and user.strip()
        anonymous = anonymous and anonymous.strip()
        if user:
            keys = [f"user:{user}"]
            if kind == "identify" and anonymous:
                keys.append(f"anon:{anonymous}")
        elif anonymous:
            keys = [f"anon:{anonymous}"]
        else:
            return None
        if (user and len(user) > identities.MAX_ID) or (anonymous and len(anonymous) > identities.MAX_ID):
            return None
        context = message.context or _NO_CONTEXT
        if kind == "identify" and (_reachable(message.traits) or _reachable(context.traits)):
            return None

        tail, sent, notes = self._tail, None, _NO_NOTES
        if message.sentAt is msgspec.UNSET and message.originalTimestamp is None and message.timestamp is not None:
            started = _read(message.timestamp)
            if started is None:
                return None
            try:
                moment = started if self._shift is None else started + self._shift
            except OverflowError:
                return None
            if moment > self._latest:
                return None
            original: datetime | None = started
        else:
            own = message.sentAt
            when = moments.corrected(
                message.originalTimestamp, message.timestamp, self._sent if own is msgspec.UNSET else own, self._received
            )
            moment, original, notes = when.timestamp, when.original, list(when.notes)
            if own is not msgspec.UNSET:
                tail, sent = self._tail_alone, when.sent

        ip = user_agent = None
        if self._browser:
            crawler = self._crawler
        else:
            user_agent = context.userAgent
            ip = context.ip and shared.allowed_ip(context.ip, "keep")
            crawler = bool(user_agent) and messages.is_crawler(user_agent or "")
        if crawler:
            notes = [*notes, "crawler"]
        receipt_id = self._new_id()
        message_id = (message.messageId and identities.message_id(message.messageId)) or receipt_id
        head = _Head(
            message_id, kind, name, receipt_id, moment, original, keys, ip or None, user_agent, self._gpc or context.gpc is True, notes, sent
        )
        return Accepted(keys[0].encode(), slice_, _encode(head)[:-1] + tail, message_id.encode(), receipt_id)


def _reachable(traits: _Traits | None) -> bool:
    return traits is not None and (traits.email is not _ABSENT or traits.phone is not _ABSENT)


def _read(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return moments.read_moment(text)
    return moment if moment.tzinfo is UTC else moments.read_moment(text)

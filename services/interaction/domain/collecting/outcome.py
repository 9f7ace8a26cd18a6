"""What a check says: accepted records, refused events, or a refusal of the whole request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from contracts.gateway import SourceSettings

#: Statuses of refusals of the whole request.
STATUS: Final = {
    "body_empty": 400, "invalid_json": 400, "not_an_object": 400, "bad_gzip": 400, "empty_batch": 400, "too_many_events": 400,
    "nothing_attributable": 400, "unknown_key": 401, "source_disabled": 404, "slow_body": 408, "body_too_large": 413,
    "unsupported_encoding": 415, "not_confirmed": 503, "overloaded": 503, "starting": 503,
}

MESSAGES: Final = {
    "body_empty": "the body is empty: send JSON",
    "invalid_json": "body is not JSON",
    "not_an_object": "the body must be one JSON object, and `batch` an array",
    "bad_gzip": "the body is not one complete gzip member",
    "empty_batch": "`batch` has no events",
    "too_many_events": "a batch has at most 2,500 events",
    "nothing_attributable": "no item is an object with a userId or an anonymousId",
    "unknown_key": "the key is missing or unknown: send a source's write key",
    "source_disabled": "this source is disabled",
    "slow_body": "the body came too slowly: within 30 s and with at least 1 KiB/s",
    "body_too_large": "the body is larger than 5 MiB, on the wire or inflated",
    "unsupported_encoding": "Content-Encoding must be absent, identity or gzip",
    "not_confirmed": "the event log did not confirm in time: send the same events again",
    "overloaded": "too much is in flight: send the same events again",
    "starting": "the keys are not loaded yet: send the same events again",
}

#: Details of refused events; fixed texts, so that no personal value can be in them.
DETAILS: Final = {
    "not_an_object": "an event is a JSON object",
    "event_too_large": "an event has at most 32 KiB, shared context and integrations included",
    "too_deep": "an event nests at most 32 levels",
    "too_many_values": "an event has at most 2,000 values",
    "key_too_long": "a key has at most 256 bytes",
    "invalid_utf8": "text must be valid UTF-8",
    "lone_surrogate": "text holds half of a surrogate pair",
    "nul_character": "text must not hold U+0000",
    "number_out_of_range": "integers lie within ±(2^53-1), decimals are finite; send longer ones as text",
    "unknown_type": "type is one of identify, track, page, screen, group, alias",
    "bad_identity": "userId and anonymousId are text, a number or an object",
    "identity_too_long": "an id has at most 512 characters",
    "missing_identity": "an event needs a userId or an anonymousId; alias needs userId",
    "missing_event": "track needs a non-empty event",
    "event_too_long": "an event's name has at most 256 characters",
    "missing_group_id": "group needs a groupId",
    "missing_previous_id": "alias needs a previousId",
    "bad_properties": "properties must be an object",
    "bad_traits": "traits must be an object",
    "bad_context": "context must be an object",
    "card_number": "a payment card number must not be sent; send a token",
    "unknown_reserved_type": "names that begin with ecrm. are reserved",
    "not_collected": "the rules of this source keep this from being collected",
    "missing_subject": "this source takes only events whose subject names a customer",
}


class RequestRefused(Exception):
    """The request as a whole cannot be used; `code` is a key of STATUS."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class EventRefused(Exception):
    """One event cannot be used; its neighbours are not touched."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = (detail or DETAILS[code])[:200]


class Accepted(NamedTuple):
    """A record to append: the partition key, the slice as sent, the encoded stamp, the message id, the receipt id."""

    key: bytes
    value: bytes
    stamp: bytes
    id: bytes
    receipt_id: str


class Rejected(NamedTuple):
    """A refused event. `payload` goes to quarantine and is None where it must not be kept; `attributable` tells whether it names somebody."""

    position: int
    message_id: str | None
    code: str
    detail: str
    payload: bytes | None
    digest: str
    size: int
    attributable: bool


@dataclass(slots=True)
class Outcome:
    """What became of the events of one request."""

    accepted: list[Accepted] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    #: What the source's rules kept out, by reason (`contracts.collected.Drops`); `dropped` counts whole events.
    kept_out: dict[str, int] = field(default_factory=dict)
    dropped: int = 0

    @property
    def nothing_attributable(self) -> bool:
        """Whether every item is either no object or names nobody."""
        return not self.accepted and not self.dropped and bool(self.rejected) and not any(event.attributable for event in self.rejected)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the door knows about a request, apart from its body. `new_id` makes UUIDv7 texts."""

    source: SourceSettings
    received_at: datetime
    new_id: Callable[[], str]
    ip: str | None = None
    user_agent: str | None = None
    gpc: bool = False

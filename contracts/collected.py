"""What the collector writes: the stamp beside the slice as sent, and the one function that turns both into a clean event."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

TOPIC: Final = "ecrm.collected"

#: Header that carries the stamp; the record's value is the event's bytes as sent.
STAMP: Final = "ecrm_stamp"


class Stamp(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The envelope only the collector writes.

    `form` says how the slice is to be read: `sdk` (Segment/RudderStack/Jitsu message), `cloudevent` (structured CloudEvent JSON)
    or `touchpoint` (posted by an employee or system, already in the shape of a touch point).
    `keys` are identity keys, the primary one first. `id` is the cleaned message id, unique within `source`.
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
    context: msgspec.Raw | None = None
    integrations: msgspec.Raw | None = None


class CleanEvent(NamedTuple):
    """An event after merging and cleaning: what is stored, shown and published."""

    stamp: Stamp
    kind: str
    name: str
    channel: str
    initiator: str
    properties: dict[str, Any]
    traits: dict[str, Any]
    context: dict[str, Any]
    digest: bytes

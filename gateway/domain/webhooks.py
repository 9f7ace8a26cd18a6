"""Webhooks out: which event goes to whom, in which words, and when it is tried again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from contracts import catalogue
from contracts.envelope import Envelope

ACTIVE, PAUSED, DISABLED = "active", "paused", "disabled"
WAITING, DELIVERED, FAILED, ERASED = "waiting", "delivered", "failed", "erased"

#: An endpoint that has refused everything for so long is disabled.
PATIENCE: Final = timedelta(days=5)
LONGEST_WAIT: Final = 86_400.0
#: Sent by `test`; no event of the catalogue.
TEST: Final = "ecrm.webhook.test.v1"
#: Every kind that can be subscribed to.
EVENT_TYPES: Final = {entry.wire: entry for entry in catalogue.ENTRIES if not entry.topic.startswith("ecrm.state.")}
TOPICS: Final = tuple(sorted({entry.topic for entry in EVENT_TYPES.values()}))

_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class Secret(msgspec.Struct, frozen=True):
    """A signing secret; `until` it signs beside its successor, None: it is the newest."""

    text: str
    until: datetime | None = None


class Webhook(NamedTuple):
    """An endpoint. `events`: patterns (`ecrm.customer.*`); `sources`: only events of these sources, none: all; `secrets` sealed."""

    id: UUID
    url: str
    description: str
    events: list[str]
    sources: list[str]
    personal: bool
    state: str
    reason: str | None
    secrets: bytes
    failing_since: datetime | None
    created_at: datetime
    created_by: str
    changed_at: datetime


class Delivery(NamedTuple):
    """One message for one endpoint; `tries` says what came of each attempt."""

    id: UUID
    webhook_id: UUID
    message_id: str
    event_type: str
    key: str
    occurred_at: datetime
    planned_at: datetime
    payload: bytes | None
    state: str
    attempts: int
    tries: list[dict[str, Any]]
    next_at: datetime | None
    settled_at: datetime | None


class Replay(NamedTuple):
    """A time range of the log for one endpoint; `positions` by `topic/partition`: where to read on."""

    id: UUID
    webhook_id: UUID
    from_at: datetime
    to_at: datetime
    state: str
    positions: dict[str, int]
    progress: float
    planned: int
    created_at: datetime
    created_by: str
    done_at: datetime | None


class Message(NamedTuple):
    """What an event is on its way out."""

    message_id: str
    event_type: str
    key: str
    occurred_at: datetime
    payload: bytes


class Outcome(NamedTuple):
    """What came of one attempt; `status` 0 when there was no answer, `wait` what the other side asked for, in seconds."""

    status: int
    error: str | None
    milliseconds: int
    wait: float | None = None

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        return self.status == 410


def known_pattern(pattern: str) -> bool:
    """Whether a pattern means at least one kind of event."""
    return any(matches(pattern, wire) for wire in EVENT_TYPES)


def matches(pattern: str, wire: str) -> bool:
    """`*` at the end stands for any rest."""
    return wire.startswith(pattern[:-1]) if pattern.endswith("*") else wire == pattern


def wanting(webhooks: Sequence[Webhook], wire: str) -> list[Webhook]:
    """Those who asked for this kind."""
    return [webhook for webhook in webhooks if any(matches(pattern, wire) for pattern in webhook.events)]


def message_of(envelope: Envelope, key: bytes, value: bytes, webhook: Webhook) -> Message | None:
    """The message for an endpoint, or None when its filters leave it out. Personal data is left out unless the endpoint takes it.

    Raises ValueError when the record is no fact.
    """
    data = _decode(value)
    if webhook.sources and _source(data) not in webhook.sources:
        return None
    if not webhook.personal:
        if data.get("sensitive") == b"true":
            return None
        data.pop("personal", None)
    occurred = envelope.time or _moment(data)
    message_id = "evt_" + hashlib.sha256(f"{envelope.source}\n{envelope.id}".encode()).hexdigest()[:32]
    body = {"id": message_id, "type": envelope.type, "timestamp": occurred, "source": envelope.source, "data": data}
    return Message(message_id, envelope.type, key.decode("utf-8", "replace"), occurred, msgspec.json.encode(body))


def _source(data: Mapping[str, msgspec.Raw]) -> str:
    """The source of events a fact names; CloudEvents of others are `<source>/<their source>`."""
    raw = data.get("source") or data.get("source_id")
    if raw is None:
        return ""
    named = msgspec.json.decode(raw)
    return named.split("/", 1)[0] if isinstance(named, str) else ""


def _moment(data: Mapping[str, msgspec.Raw]) -> datetime:
    for name in ("received_at", "occurred_at"):
        if name in data:
            return msgspec.json.decode(data[name], type=datetime)
    raise ValueError("the record says no time")


def next_try(attempts: int, schedule: Sequence[float], *, luck: float, asked: float | None = None) -> float | None:
    """Seconds until the next try after so many failed ones, or None when that was the last. `luck` 0..1 spreads by a tenth."""
    if attempts > len(schedule):
        return None
    wait = schedule[attempts - 1] * (0.95 + 0.1 * luck)
    return max(wait, min(asked or 0.0, LONGEST_WAIT))


def live(secrets: Sequence[Secret], now: datetime) -> list[Secret]:
    """Those that sign now, the newest first."""
    return [secret for secret in secrets if secret.until is None or secret.until > now]

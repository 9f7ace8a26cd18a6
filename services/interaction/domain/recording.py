"""From collected records to what is stored, published, counted and set aside; no I/O, and fast: it runs for every event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Raw

from contracts import collected
from contracts.collected import CleanEvent, Refusal
from contracts.identity import identity_hash
from contracts.interaction import InteractionPersonal, InteractionRecorded

#: Every other kind is a touch point.
MESSAGE_KINDS: Final = frozenset({"identify", "track", "page", "screen", "group", "alias", "event"})
#: What becomes of an event, in the order of `Tally.OUTCOMES`; `VIOLATED`: set aside by a strict tracking plan.
STORED, DUPLICATE, CONFLICT, DROPPED, REFUSED, VIOLATED, ERASED = range(7)
#: A tuple, since an event may say anything there, also what has no hash.
PURPOSES: Final = ("sales", "service", "other")
#: How many hashes of identities are remembered: people come back, and an event costs less than its hash.
REMEMBERED: Final = 20_000

_encode = msgspec.json.Encoder().encode


class Incoming(msgspec.Struct, frozen=True, gc=False):
    """A record of the collected log as far as it matters here."""

    partition: int
    offset: int
    event: CleanEvent
    mark: bytes
    digest: bytes
    value: bytes
    stamp_bytes: bytes


class Outgoing(msgspec.Struct, frozen=True, gc=False):
    """An event that is stored and published."""

    incoming: Incoming
    identity: bytes
    key: bytes
    record: bytes
    purpose: str | None


class SetAside(NamedTuple):
    """A payload for quarantine. `stamp` is there when the collector had accepted it, `errors` (JSON) when it is not as planned."""

    partition: int
    offset: int
    refusal: Refusal
    payload: bytes
    stamp: bytes | None
    errors: str | None = None


def mark_of(source: str, message_id: str) -> bytes:
    """16 bytes that stand for (source, id) in the table of duplicates."""
    return blake2b(f"{source}\x00{message_id}".encode(), digest_size=16).digest()


def read(partition: int, offset: int, value: bytes, stamp_bytes: bytes) -> Incoming:
    """Raises msgspec.DecodeError when the collector did not write it."""
    stamp = collected.read_stamp(stamp_bytes)
    event = collected.clean_event(value, stamp)
    return Incoming(partition, offset, event, mark_of(stamp.source, stamp.id), event.digest[:16], value, stamp_bytes)


def conflict(incoming: Incoming) -> SetAside:
    """The same id with other content: the first stays, this one is set aside."""
    stamp = incoming.event.stamp
    refusal = Refusal(
        code="id_conflict", detail="an event with this id but other content is stored already", source=stamp.source,
        receipt_id=stamp.receipt_id, received_at=stamp.received_at, digest=incoming.event.digest.hex(), size=len(incoming.value),
        message_id=stamp.id,
    )
    return SetAside(incoming.partition, incoming.offset, refusal, incoming.value, incoming.stamp_bytes)


def outgoing(incoming: Incoming, hashes: dict[str, bytes], secret: bytes, notes: Sequence[str]) -> Outgoing:
    """What is stored and published. `hashes` remembers identities from one event to the next."""
    event = incoming.event
    stamp = event.stamp
    keys = stamp.keys
    identity, links = b"", []
    if keys:
        hashed = [hashes.get(key) or _remember(hashes, key, secret) for key in keys]
        identity = hashed[0]
        links = [each.hex() for each in hashed[1:]]
    key = identity.hex()
    purpose, sensitive = None, False
    if event.kind not in MESSAGE_KINDS:
        properties = event.properties
        told = properties.get("purpose")
        purpose = told if told in PURPOSES else None
        sensitive = properties.get("sensitive") is True
    record = _encode(
        InteractionRecorded(
            id=stamp.id,
            source=stamp.source,
            authority=stamp.authority,
            kind=event.kind,
            name=event.name,
            channel=event.channel,
            initiator=event.initiator,
            identity=key,
            links=links,
            occurred_at=stamp.timestamp,
            received_at=stamp.received_at,
            notes=[*stamp.notes, *(note for note in notes if note not in stamp.notes)] if notes else stamp.notes,
            gpc=stamp.gpc,
            sensitive=sensitive,
            personal=InteractionPersonal(
                keys=keys, properties=Raw(event.properties_json), traits=Raw(event.traits_json), context=Raw(event.context_json)
            ),
        )
    )
    return Outgoing(incoming, identity, key.encode(), record, purpose)


def _remember(hashes: dict[str, bytes], key: str, secret: bytes) -> bytes:
    if len(hashes) >= REMEMBERED:
        hashes.clear()
    found = hashes[key] = identity_hash(key, secret)
    return found


def row(out: Outgoing) -> tuple[Any, ...]:
    """The values of an interaction row, in the order of the store's columns."""
    event = out.incoming.event
    stamp = event.stamp
    return (
        stamp.receipt_id, out.identity, event.kind, event.channel, event.initiator, out.purpose, stamp.timestamp,
        stamp.received_at, out.incoming.partition, out.incoming.offset, out.record.decode(),
    )


class Tally:
    """What became of the events of each source and minute, and the XOR of the receipts of the accepted ones."""

    OUTCOMES: Final = ("stored", "duplicate", "conflict", "dropped", "refused", "violated", "erased")

    def __init__(self) -> None:
        self.counts: dict[tuple[datetime, str], list[int]] = {}
        self._last: tuple[datetime, str, list[int]] | None = None

    def add(self, outcome: int, source: str, received_at: datetime, receipt_id: str) -> None:
        """`outcome` is an index into OUTCOMES; refused events were not accepted, so their receipts do not count."""
        last = self._last  # events of one request follow each other
        if last is not None and last[0] == received_at and last[1] == source:
            found = last[2]
        else:
            found = self.counts.setdefault((received_at.replace(second=0, microsecond=0), source), [0] * 8)
            self._last = (received_at, source, found)
        found[outcome] += 1
        if outcome != REFUSED:
            found[7] ^= int(receipt_id.replace("-", ""), 16)

    def rows(self) -> list[tuple[Any, ...]]:
        """(minute, source, counts…, upper and lower half of the XOR as signed 64-bit integers), sorted against deadlocks."""
        return [
            (minute, source, *counts[:7], _signed(counts[7] >> 64), _signed(counts[7] & 0xFFFFFFFFFFFFFFFF))
            for (minute, source), counts in sorted(self.counts.items())
        ]


def told_row(tally: collected.Tally) -> tuple[Any, ...]:
    """The values of a row of what a collector said."""
    receipts = int(tally.receipts, 16)
    return tally.minute, tally.source, tally.collector, tally.accepted, _signed(receipts >> 64), _signed(receipts & 0xFFFFFFFFFFFFFFFF)


def _signed(number: int) -> int:
    return number - 2**64 if number >= 2**63 else number

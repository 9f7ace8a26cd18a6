"""Recorded interactions as the interaction service would append them, for tests of their readers."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from chassis.eventlog import EventLog, Partition, Record, partition_of
from contracts.envelope import ORIGIN, Envelope
from contracts.identity import identity_hash
from contracts.interaction import InteractionPersonal, InteractionRecorded
from tests.support.platform import IDENTITY_SECRET

TOPIC = "ecrm.interaction"
START = datetime(2026, 3, 1, tzinfo=UTC)
_numbers = itertools.count(1)


def hashed(key: str) -> str:
    return identity_hash(key, bytes.fromhex(IDENTITY_SECRET)).hex()


def happened(
    kind: str, *keys: str, traits: dict[str, Any] | None = None, authority: str = "server", minute: int = 0, event_id: str | None = None
) -> InteractionRecorded:
    """One event; the first key is the primary one."""
    at = START + timedelta(minutes=minute)
    return InteractionRecorded(
        id=event_id or f"event-{next(_numbers)}", source="shop", authority=authority, kind=kind, name=kind, channel="web",
        initiator="customer", identity=hashed(keys[0]), links=[hashed(key) for key in keys[1:]], occurred_at=at, received_at=at,
        personal=InteractionPersonal(
            keys=list(keys), properties=msgspec.Raw(b"{}"), traits=msgspec.Raw(msgspec.json.encode(traits or {})), context=msgspec.Raw(b"{}"),
        ),
    )


async def append(log: EventLog, events: Sequence[InteractionRecorded], *, origins: bool = True) -> None:
    """Append events, each to the partition of its primary identity."""
    partitions = await log.partitions(TOPIC)
    ends = {number: (await log.bounds(Partition(TOPIC, number)))[1] for number in range(partitions)}
    records = []
    for event in events:
        key = event.identity.encode()
        number = partition_of(key, partitions)
        envelope = Envelope(id=event.id, type="ecrm.interaction.recorded.v1", source=event.source, subject=event.identity, time=event.received_at)
        headers = envelope.headers()
        if origins:
            headers = (*headers, (ORIGIN, str(ends[number]).encode()))
        records.append(Record(TOPIC, key, msgspec.json.encode(event), headers, number))
        ends[number] += 1
    await log.append(records)


async def told(log: EventLog, topic: str, wire: str) -> list[dict[str, Any]]:
    """The facts or states of one kind in a topic, in order of their partitions."""
    found = []
    for number in range(await log.partitions(topic)):
        offset = (await log.bounds(Partition(topic, number)))[0]
        while batch := await log.read(Partition(topic, number), offset):
            offset = batch[-1].next
            found += [msgspec.json.decode(record.value) for record in batch if record.value and dict(record.headers)["ce_type"] == wire.encode()]
    return found

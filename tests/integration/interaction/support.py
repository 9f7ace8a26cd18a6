"""Records as the collector writes them, and a platform with the interaction service alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from chassis import ids
from chassis.eventlog import EventLog, Partition, Record, Stored
from contracts import collected, gateway
from contracts.collected import Stamp
from contracts.fact import Fact
from contracts.interaction import InteractionRecorded
from services.interaction.commands import publishing, sessions
from services.interaction.domain import collecting
from services.interaction.store import interactions
from tests.support.platform import TestPlatform

RECEIVED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def source(source_id: str = "shop", **given: Any) -> gateway.SourceSettings:
    return gateway.SourceSettings(source_id=source_id, name=source_id, **given)


def checked(
    events: Sequence[dict[str, Any]], *, settings: gateway.SourceSettings | None = None, received_at: datetime = RECEIVED, gpc: bool = False,
    cloudevent: bool = False,
) -> list[Record]:
    """The records the collector would append for one batch of events, refused ones too."""
    settings = settings or source()
    receipt = collecting.Receipt(source=settings, received_at=received_at, new_id=ids.new_text_id, gpc=gpc)
    body = collecting.read_batch(msgspec.json.encode({"batch": list(events)}))
    outcome = collecting.check_events(body, receipt, cloudevent=cloudevent)
    records = [
        Record(collected.TOPIC, event.key, event.value, (("ce_id", event.id), ("ce_source", b"x"), (collected.STAMP, event.stamp)))
        for event in outcome.accepted
    ]
    for event in outcome.rejected:
        refusal = collected.Refusal(
            code=event.code, detail=event.detail, source=settings.source_id, receipt_id=ids.new_text_id(), received_at=received_at,
            digest=event.digest, size=event.size, index=event.position, message_id=event.message_id,
        )
        records.append(
            Record(
                collected.TOPIC, settings.source_id.encode(), event.payload or b"",
                (("ce_type", collected.REFUSED_TYPE.encode()), (collected.REFUSAL, msgspec.json.encode(refusal))),
            )
        )
    return records


def track(user: str, event: str, message_id: str, properties: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"type": "track", "userId": user, "event": event, "messageId": message_id, "properties": properties or {}, **more}


async def settle(platform: TestPlatform) -> None:
    """Return when everything was read, stored, published and told."""
    service = platform["interaction"].service
    await platform.drain()
    async with asyncio.timeout(30):
        while True:
            async with service.read() as db:
                behind = await interactions.list_behind(db, publishing.READER, collected.TOPIC)
            if not behind:
                break
            await asyncio.sleep(0.02)
    await platform.drain()
    while await sessions.join_visits(service):  # the job's work, without its pause
        pass


async def read_all(log: EventLog, topic: str) -> list[Stored]:
    found: list[Stored] = []
    for number in range(await log.partitions(topic)):
        partition, offset = Partition(topic, number), 0
        while records := await log.read(partition, offset):
            found.extend(records)
            offset = records[-1].next
    return found


async def published(log: EventLog) -> list[InteractionRecorded]:
    return [msgspec.json.decode(record.value or b"", type=InteractionRecorded) for record in await read_all(log, "ecrm.interaction")]


async def facts(log: EventLog, wire: str, fact: type[Fact]) -> list[Any]:
    """Facts of one wire name on the interaction service's topic of facts."""
    return [
        msgspec.json.decode(record.value or b"", type=fact)
        for record in await read_all(log, "ecrm.interaction.facts")
        if ("ce_type", wire.encode()) in record.headers
    ]


def stamp_of(record: Record) -> Stamp:
    return collected.read_stamp(next(value for name, value in record.headers if name == collected.STAMP))

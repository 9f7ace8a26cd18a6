"""Facts become deliveries: as they are told, and again for a range of time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from chassis.database import Connection
from chassis.eventlog import Partition, Stored
from contracts import decoding
from contracts.customer import ErasureState
from contracts.envelope import header, read_envelope
from gateway.domain import webhooks as rules
from gateway.domain.webhooks import Message, Replay, Webhook
from gateway.settings import GatewayService
from gateway.store import webhooks as store

RECORDS: Final = 2000
CONTENT_KEPT: Final = timedelta(days=7)
LOG_KEPT: Final = timedelta(days=30)
FORGOTTEN_AT_ONCE: Final = 5000
ERASURE: Final = b"ecrm.state.erasure.v1"


async def plan_deliveries(service: GatewayService, db: Connection, records: Sequence[Stored]) -> None:
    """For each record a delivery to each endpoint that asked for its kind. Doing it twice changes nothing."""
    now = service.clock.now()
    for record in records:
        if record.value is not None and header(record.headers, "ce_type") == ERASURE:
            erased = decoding.decode(ErasureState, record.value)
            await store.erase(db, [*erased.customer_ids, *erased.identities], at=now)
    webhooks = await store.listening(db)
    if webhooks:
        for webhook in webhooks:
            planned = [message for message in messages_for(webhook, records) if message.occurred_at >= webhook.created_at]
            if planned:
                await store.plan(db, webhook.id, planned, at=now)


async def anybody_wants(db: Connection, *, topic: str) -> bool:
    """Whether an endpoint asked for any event of a topic."""
    told = [wire for wire, entry in rules.EVENT_TYPES.items() if entry.topic == topic]
    webhooks = await store.listening(db)
    return any(rules.wanting(webhooks, wire) for wire in told)


def messages_for(webhook: Webhook, records: Sequence[Stored]) -> list[Message]:
    """What an endpoint is to be told of these records, each message once."""
    wanted: dict[bytes, bool] = {}
    found: dict[str, Message] = {}
    for record in records:
        wire = header(record.headers, "ce_type")
        if wire is None or record.value is None:
            continue
        if wire not in wanted:
            text = wire.decode()
            wanted[wire] = text in rules.EVENT_TYPES and bool(rules.wanting([webhook], text))
        if wanted[wire]:
            message = rules.message_of(read_envelope(record.headers), record.key, record.value, webhook)
            if message is not None:
                found[message.message_id] = message
    return list(found.values())


async def replay_some(service: GatewayService) -> bool:
    """Read on for the oldest replay; True when there is more to do."""
    async with service.transaction() as tx:
        replay = await store.next_replay(tx.db)
        if replay is None:
            return False
        webhook = await store.find(tx.db, replay.webhook_id)
        assert webhook is not None, "it goes with its webhook"
        await store.advance_replay(tx.db, await _read_on(service, tx.db, replay, webhook))
    return True


async def _read_on(service: GatewayService, db: Connection, replay: Replay, webhook: Webhook) -> Replay:
    positions, planned, read = dict(replay.positions), replay.planned, 0
    now = service.clock.now()
    for name in list(positions):
        topic, _, number = name.rpartition("/")
        partition = Partition(topic, int(number))
        first, end = await service.log.bounds(partition)
        position = max(positions[name], first)
        records = await service.log.read(partition, position, max_records=RECORDS) if position < end else []
        read += len(records)
        kept = [record for record in records if replay.from_at <= _at(record) <= replay.to_at]
        messages = messages_for(webhook, kept)
        planned += await store.plan(db, webhook.id, messages, at=now, again=True) if messages else 0
        if not records or _at(records[-1]) > replay.to_at or records[-1].next >= end:
            del positions[name]
        else:
            positions[name] = records[-1].next
        if read >= RECORDS:
            break
    if not positions:
        return replay._replace(state="done", positions={}, progress=1.0, planned=planned, done_at=now)
    share = 1 - len(positions) / max(1, await _partitions(service))
    return replay._replace(positions=positions, planned=planned, progress=max(replay.progress, round(share, 3)))


async def _partitions(service: GatewayService) -> int:
    return sum([await service.log.partitions(topic) for topic in rules.TOPICS])


def _at(record: Stored) -> datetime:
    return datetime.fromtimestamp(record.appended_at, UTC)


async def forget_deliveries(service: GatewayService) -> bool:
    """Contents after seven days, as on the log; the log of deliveries after thirty."""
    now = service.clock.now()
    async with service.transaction() as tx:
        dropped = await store.forget(tx.db, payloads=now - CONTENT_KEPT, rows=now - LOG_KEPT, limit=FORGOTTEN_AT_ONCE)
    return dropped >= FORGOTTEN_AT_ONCE

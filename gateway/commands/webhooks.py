"""Endpoints that are told: made, changed, tried, and asked to be told again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from chassis import calling_out, sealing
from chassis.eventlog import Partition
from chassis.ids import new_id
from chassis.unit_of_work import Transaction
from gateway import errors
from gateway.commands import delivering
from gateway.domain import webhooks as rules
from gateway.domain.webhooks import Outcome, Replay, Secret, Webhook
from gateway.settings import GatewayService
from gateway.store import webhooks as store

PURPOSE: Final = "webhook"

_secrets = msgspec.json.Decoder(list[Secret]).decode


class CreatedWebhook(NamedTuple):
    """A new endpoint and its signing secret, which is never shown again."""

    webhook: Webhook
    secret: str


async def create_webhook(
    service: GatewayService, *, url: str, description: str, events: Sequence[str], sources: Sequence[str], personal: bool, actor: str
) -> CreatedWebhook:
    """Everything that happens from now on is told. Raises NotAllowed, UnknownEvent."""
    now, secret = service.clock.now(), calling_out.new_secret()
    _check(service, url, events)
    webhook = Webhook(
        new_id(), url, description, list(events), list(sources), personal, rules.ACTIVE, None, seal(service, [Secret(secret)]), None, now, actor, now
    )
    async with service.transaction() as tx:
        await store.insert(tx.db, webhook)
    return CreatedWebhook(webhook, secret)


async def change_webhook(service: GatewayService, *, webhook_id: UUID, changes: Mapping[str, Any]) -> Webhook:
    """Set the given fields; `state` active makes a disabled one try again. Raises UnknownWebhook, NotAllowed, UnknownEvent."""
    async with service.transaction() as tx:
        known = await _found(tx, webhook_id)
        changed = known._replace(**changes, changed_at=service.clock.now())
        _check(service, changed.url, changed.events)
        if changed.state == rules.ACTIVE and known.state != rules.ACTIVE:
            changed = changed._replace(reason=None, failing_since=None)
        await store.update(tx.db, changed)
    return changed


async def delete_webhook(service: GatewayService, *, webhook_id: UUID) -> None:
    """With its log of deliveries. Raises UnknownWebhook."""
    async with service.transaction() as tx:
        if not await store.delete(tx.db, webhook_id):
            raise errors.UnknownWebhook


async def rotate_secret(service: GatewayService, *, webhook_id: UUID, overlap: timedelta) -> CreatedWebhook:
    """A new secret; the one before signs beside it for the overlap, older ones no longer. Raises UnknownWebhook."""
    now, secret = service.clock.now(), calling_out.new_secret()
    async with service.transaction() as tx:
        known = await _found(tx, webhook_id)
        newest = rules.live(opened(service, known), now)[0]
        kept = [Secret(newest.text, now + overlap)] if overlap else []
        changed = known._replace(secrets=seal(service, [Secret(secret), *kept]), changed_at=now)
        await store.update(tx.db, changed)
    return CreatedWebhook(changed, secret)


async def send_test(service: GatewayService, *, webhook_id: UUID) -> Outcome:
    """Send one message that says nothing, once, at once, whatever the state. Raises UnknownWebhook."""
    async with service.transaction() as tx:
        known = await _found(tx, webhook_id)
    now, message_id = service.clock.now(), f"test_{new_id().hex}"
    body = {"id": message_id, "type": rules.TEST, "timestamp": now, "source": "/gateway", "data": {"webhook_id": str(webhook_id)}}
    return await delivering.attempt(service, known.url, opened(service, known), message_id=message_id, body=msgspec.json.encode(body))


async def resend(service: GatewayService, *, webhook_id: UUID, delivery_id: UUID) -> None:
    """The same message under the same id once more. Raises UnknownDelivery, PayloadGone."""
    async with service.transaction() as tx:
        found = await store.find_delivery(tx.db, webhook_id, delivery_id)
        if found is None:
            raise errors.UnknownDelivery
        if found.payload is None:
            raise errors.PayloadGone
        await store.again(tx.db, delivery_id, at=service.clock.now())


async def begin_replay(service: GatewayService, *, webhook_id: UUID, from_at: datetime, to_at: datetime, actor: str) -> Replay:
    """Read that part of the log once more for this endpoint. Raises UnknownWebhook, BadRange."""
    if not from_at < to_at:
        raise errors.BadRange
    now = service.clock.now()
    positions: dict[str, int] = {}
    for topic in rules.TOPICS:
        for number in range(await service.log.partitions(topic)):
            positions[f"{topic}/{number}"] = (await service.log.bounds(Partition(topic, number)))[0]
    replay = Replay(new_id(), webhook_id, from_at, min(to_at, now), "running", positions, 0.0, 0, now, actor, None)
    async with service.transaction() as tx:
        await _found(tx, webhook_id)
        await store.insert_replay(tx.db, replay)
    return replay


def seal(service: GatewayService, secrets: Sequence[Secret]) -> bytes:
    return sealing.seal(service.link_secret, msgspec.json.encode(secrets), purpose=PURPOSE)


def opened(service: GatewayService, webhook: Webhook) -> list[Secret]:
    """The secrets, newest first."""
    return _secrets(sealing.unseal(service.link_secret, webhook.secrets, purpose=PURPOSE))


def _check(service: GatewayService, url: str, events: Sequence[str]) -> None:
    calling_out.checked_url(url, service.resources.courier.outside.allowed)
    unknown = [pattern for pattern in events if not rules.known_pattern(pattern)]
    if unknown:
        raise errors.UnknownEvent(unknown[0])


async def _found(tx: Transaction, webhook_id: UUID) -> Webhook:
    found = await store.find(tx.db, webhook_id, lock=True)
    if found is None:
        raise errors.UnknownWebhook
    return found

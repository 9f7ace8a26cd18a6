"""Endpoints, their deliveries and replays."""

from __future__ import annotations

from uuid import UUID

from gateway import errors
from gateway.domain.webhooks import Delivery, Replay, Webhook
from gateway.settings import GatewayService
from gateway.store import webhooks as store


async def list_webhooks(service: GatewayService, *, after: UUID | None, limit: int) -> list[Webhook]:
    """Oldest first."""
    async with service.read() as db:
        return await store.page(db, after=after, limit=limit)


async def get_webhook(service: GatewayService, *, webhook_id: UUID) -> Webhook:
    """Raises UnknownWebhook."""
    async with service.read() as db:
        found = await store.find(db, webhook_id)
    if found is None:
        raise errors.UnknownWebhook
    return found


async def list_deliveries(
    service: GatewayService, *, webhook_id: UUID, state: str | None, event_type: str | None, before: UUID | None, limit: int
) -> list[Delivery]:
    """The newest first. Raises UnknownWebhook."""
    await get_webhook(service, webhook_id=webhook_id)
    async with service.read() as db:
        return await store.deliveries(db, webhook_id, state=state, event_type=event_type, before=before, limit=limit)


async def get_delivery(service: GatewayService, *, webhook_id: UUID, delivery_id: UUID) -> Delivery:
    """Raises UnknownDelivery."""
    async with service.read() as db:
        found = await store.find_delivery(db, webhook_id, delivery_id)
    if found is None:
        raise errors.UnknownDelivery
    return found


async def get_replay(service: GatewayService, *, webhook_id: UUID, replay_id: UUID) -> Replay:
    """Raises UnknownReplay."""
    async with service.read() as db:
        found = await store.find_replay(db, webhook_id, replay_id)
    if found is None:
        raise errors.UnknownReplay
    return found

"""Remembering long work."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from chassis import ids
from gateway import store
from gateway.domain.operations import Operation
from gateway.settings import GatewayService

KEPT: Final = timedelta(days=30)


async def note_operation(service: GatewayService, *, owner: str, asked: str, resource: str, asked_by: str, request_id: str) -> UUID:
    """A service has begun long work and says at `resource` how far it is."""
    made = Operation(ids.new_id(), owner, asked, resource, asked_by, request_id, service.clock.now())
    async with service.transaction() as tx:
        await store.insert_operation(tx.db, made)
    return made.id


async def forget_operations(service: GatewayService) -> None:
    """Those asked for more than 30 days ago; what they made stays with its owner."""
    async with service.transaction() as tx:
        await store.delete_operations(tx.db, service.clock.now() - KEPT)

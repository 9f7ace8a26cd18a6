"""Lists of customers, and what customers are worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.ids import new_id
from chassis.unit_of_work import Transaction
from services.campaign import errors
from services.campaign.settings import CampaignService
from services.campaign.store import audiences


async def create_list(service: CampaignService, *, name: str, customer_ids: Sequence[UUID], created_by: str) -> dict[str, Any]:
    """A list of customers, by their ids."""
    list_id = new_id()
    async with service.transaction() as tx:
        await audiences.insert_list(tx.db, list_id=list_id, name=name, created_by=created_by, at=service.clock.now())
        await audiences.add_members(tx.db, list_id, customer_ids)
        return await _there(tx, list_id)


async def change_list(service: CampaignService, *, list_id: UUID, add: Sequence[UUID], remove: Sequence[UUID]) -> dict[str, Any]:
    """Put people on a list and take others off; doing it again changes nothing. Raises Unknown."""
    async with service.transaction() as tx:
        await _there(tx, list_id)
        await audiences.add_members(tx.db, list_id, add)
        await audiences.remove_members(tx.db, list_id, remove)
        return await _there(tx, list_id)


async def delete_list(service: CampaignService, *, list_id: UUID) -> None:
    """Audiences that are planned already keep their people. Raises Unknown."""
    async with service.transaction() as tx:
        if not await audiences.delete_list(tx.db, list_id):
            raise errors.unknown_list()


async def _there(tx: Transaction, list_id: UUID) -> dict[str, Any]:
    found = await audiences.find_list(tx.db, list_id)
    if found is None:
        raise errors.unknown_list()
    return found

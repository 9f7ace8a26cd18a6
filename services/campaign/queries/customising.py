"""Reads: configurable products and what customers chose."""

from __future__ import annotations

from uuid import UUID

from services.campaign import errors
from services.campaign.domain.customising import Customised, Product
from services.campaign.settings import CampaignService
from services.campaign.store import customising as store
from services.campaign.store import recipients


async def get_configurable(service: CampaignService, *, product_id: UUID) -> Product:
    """Raises Unknown."""
    async with service.read() as db:
        found = await store.find_product(db, product_id)
    if found is None:
        raise errors.unknown_configurable()
    return found


async def list_configurables(service: CampaignService, *, after: UUID | None, limit: int) -> list[Product]:
    """Newest first."""
    async with service.read() as db:
        return await store.list_products(db, after=after, limit=limit)


async def get_customised(service: CampaignService, *, customised_id: UUID) -> Customised:
    """Raises Unknown."""
    async with service.read() as db:
        found = await store.find(db, customised_id)
    if found is None:
        raise errors.unknown_customised()
    return found


async def list_customised(service: CampaignService, *, customer_id: UUID, after: UUID | None, limit: int) -> list[Customised]:
    """What a person chose, the newest first; those of everybody merged into them, too."""
    async with service.read() as db:
        return await store.list_of(db, await recipients.same_person(db, customer_id), after=after, limit=limit)

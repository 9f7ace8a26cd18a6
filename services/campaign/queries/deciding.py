"""Reads: on-site messages and what they brought."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.campaign import errors
from services.campaign.domain.deciding import SiteMessage
from services.campaign.settings import CampaignService
from services.campaign.store import deciding


async def get_site_message(service: CampaignService, *, message_id: UUID) -> SiteMessage:
    """Raises Unknown."""
    async with service.read() as db:
        found = await deciding.find(db, message_id)
    if found is None:
        raise errors.unknown_site_message()
    return found


async def list_site_messages(service: CampaignService, *, after: UUID | None, limit: int) -> list[SiteMessage]:
    async with service.read() as db:
        return await deciding.page(db, after=after, limit=limit)


async def get_site_figures(service: CampaignService, *, message_id: UUID) -> list[dict[str, Any]]:
    """By arm: visitors, clicks, orders. Raises Unknown."""
    await get_site_message(service, message_id=message_id)
    async with service.read() as db:
        return await deciding.figures(db, message_id)

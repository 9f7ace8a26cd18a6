"""Reads: campaigns and their reports."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.campaign import errors
from services.campaign.domain.entities import Campaign
from services.campaign.settings import CampaignService
from services.campaign.store import campaigns, results


async def get_campaign(service: CampaignService, *, campaign_id: UUID) -> Campaign:
    """Raises Unknown."""
    async with service.read() as db:
        found = await campaigns.find(db, campaign_id)
    if found is None:
        raise errors.unknown_campaign()
    return found


async def list_campaigns(service: CampaignService, *, after: UUID | None, limit: int) -> list[Campaign]:
    async with service.read() as db:
        return await campaigns.page(db, after=after, limit=limit)


async def get_report(service: CampaignService, *, campaign_id: UUID) -> tuple[Campaign, dict[str, Any]]:
    """The campaign and its counts, as of one moment. Raises Unknown."""
    campaign = await get_campaign(service, campaign_id=campaign_id)
    async with service.read() as db:
        return campaign, await results.report(db, campaign_id)

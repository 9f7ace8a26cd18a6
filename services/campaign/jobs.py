"""Door 3: time."""

from __future__ import annotations

from services.campaign import commands
from services.campaign.settings import CampaignService


async def plan_audiences(service: CampaignService) -> bool:
    """Start due campaigns and plan their audiences."""
    return await commands.plan_audiences(service)


async def send_messages(service: CampaignService) -> bool:
    """Send what is planned; as many processes as there are may do so at once."""
    return await commands.send_messages(service)


async def sweep(service: CampaignService) -> bool:
    """Tidy the ledger and finish campaigns."""
    return await commands.sweep(service)

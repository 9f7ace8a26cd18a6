"""Reads: content blocks and product feeds."""

from __future__ import annotations

from typing import Any

from services.campaign import errors
from services.campaign.settings import CampaignService
from services.campaign.store import blocks


async def get_block(service: CampaignService, *, name: str) -> dict[str, Any]:
    """Raises Unknown."""
    async with service.read() as db:
        found = await blocks.find(db, name)
    if found is None:
        raise errors.unknown_block()
    return found


async def list_blocks(service: CampaignService, *, after: str | None, limit: int) -> list[dict[str, Any]]:
    async with service.read() as db:
        return await blocks.list_all(db, after=after, limit=limit)


async def get_feed(service: CampaignService, *, name: str) -> dict[str, Any]:
    """Raises Unknown."""
    async with service.read() as db:
        found = await blocks.find_feed(db, name)
    if found is None:
        raise errors.unknown_feed()
    return found

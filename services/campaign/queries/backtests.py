"""Backtests and what they found."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.campaign import errors
from services.campaign.settings import CampaignService
from services.campaign.store import backtests


async def get_backtest(service: CampaignService, *, journey_id: UUID, backtest_id: UUID) -> dict[str, Any]:
    """Raises Unknown."""
    async with service.read() as db:
        found = await backtests.find(db, journey_id, backtest_id)
    if found is None:
        raise errors.unknown_backtest()
    return found


async def list_backtests(service: CampaignService, *, journey_id: UUID, after: UUID | None, limit: int) -> list[dict[str, Any]]:
    async with service.read() as db:
        return await backtests.page(db, journey_id, after=after, limit=limit)


async def list_backtest_messages(
    service: CampaignService, *, journey_id: UUID, backtest_id: UUID, outcome: str | None, customer_id: UUID | None, after: int, limit: int
) -> list[dict[str, Any]]:
    """Who would have got what, when, or why not; in the order of time. Raises Unknown."""
    await get_backtest(service, journey_id=journey_id, backtest_id=backtest_id)
    async with service.read() as db:
        return await backtests.messages(db, backtest_id, outcome=outcome, customer_id=customer_id, after=after, limit=limit)

"""Computed traits and their values."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.analytics import errors
from services.analytics.settings import AnalyticsService
from services.analytics.store import computing


async def list_traits(service: AnalyticsService) -> list[dict[str, Any]]:
    """All that are kept current, by name."""
    async with service.read() as db:
        return await computing.active_traits(db)


async def get_trait(service: AnalyticsService, *, trait_id: UUID) -> dict[str, Any]:
    """Raises Unknown."""
    async with service.read() as db:
        found = await computing.find_trait(db, trait_id)
    if found is None:
        raise errors.unknown_trait()
    return found


async def page_values(service: AnalyticsService, *, trait_id: UUID, descending: bool, start: int, limit: int) -> tuple[int, list[tuple[UUID, str]]]:
    """(how many have the trait, customers by value). Raises Unknown."""
    found = await get_trait(service, trait_id=trait_id)
    return await service.resources.read(
        lambda connection: computing.page(connection, name=found["name"], descending=descending, start=start, limit=limit)
    )

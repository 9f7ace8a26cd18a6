"""Journeys, who is inside, and what became of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.campaign import errors
from services.campaign.domain.journeys.entities import Journey
from services.campaign.settings import CampaignService
from services.campaign.store import journey_errands, journey_figures, recipients
from services.campaign.store import journeys as store


async def get_journey(service: CampaignService, *, journey_id: UUID) -> Journey:
    """Raises Unknown."""
    async with service.read() as db:
        journey = await store.find(db, journey_id)
    if journey is None:
        raise errors.unknown_journey()
    return journey


async def list_journeys(service: CampaignService, *, after: UUID | None, limit: int) -> list[Journey]:
    async with service.read() as db:
        return await store.page(db, after=after, limit=limit)


async def list_journey_versions(service: CampaignService, *, journey_id: UUID) -> list[dict[str, Any]]:
    """All published versions with how many are inside each. Raises Unknown."""
    await get_journey(service, journey_id=journey_id)
    async with service.read() as db:
        return await store.versions(db, journey_id)


async def list_journey_people(
    service: CampaignService, *, journey_id: UUID, inside: bool | None, step: str | None, after: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """Who is or was inside, the newest first. Raises Unknown."""
    await get_journey(service, journey_id=journey_id)
    async with service.read() as db:
        return await journey_figures.people(db, journey_id, inside=inside, step=step, after=after, limit=limit)


async def get_journey_person(service: CampaignService, *, journey_id: UUID, customer_id: UUID) -> list[dict[str, Any]]:
    """A person's passages through a journey, the newest first, each with its history and errands. Raises Unknown."""
    await get_journey(service, journey_id=journey_id)
    async with service.read() as db:
        family = await recipients.same_person(db, customer_id)
        found = await journey_figures.passages(db, journey_id, family)
        if not found:
            raise errors.not_inside()
        for passage in found:
            passage["history"] = await journey_figures.history(db, passage["id"])
            passage["errands"] = await journey_errands.of_person(db, passage["id"])
    return found


async def get_journey_figures(service: CampaignService, *, journey_id: UUID) -> dict[str, Any]:
    """Entries, who is where, how people left, what became of the messages of each step. Raises Unknown."""
    await get_journey(service, journey_id=journey_id)
    async with service.read() as db:
        return await journey_figures.figures(db, journey_id)

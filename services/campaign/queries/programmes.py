"""Reads: programmes, who is in them, their points and rewards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from services.campaign import errors
from services.campaign.domain.points import Tier, tier_of
from services.campaign.domain.programmes import Member, Programme
from services.campaign.settings import CampaignService
from services.campaign.store import communities, points, programmes, recipients, rewards
from services.campaign.store.rewards import Redemption, Reward


class Standing(NamedTuple):
    """How a member stands. `to_next`: points that are missing to the tier `next_tier`."""

    member: Member
    balance: int | None
    owed: int | None
    qualifying: int | None
    next_tier: str | None
    to_next: int | None


async def get_programme(service: CampaignService, *, programme_id: UUID) -> Programme:
    """Raises Unknown."""
    async with service.read() as db:
        found = await programmes.find(db, programme_id)
    if found is None:
        raise errors.unknown_programme()
    return found


async def list_programmes(service: CampaignService, *, kind: str | None, after: UUID | None, limit: int) -> list[Programme]:
    async with service.read() as db:
        return await programmes.page(db, kind=kind, after=after, limit=limit)


async def list_members(
    service: CampaignService, *, programme_id: UUID, after: UUID | None, limit: int, customer_id: UUID | None = None
) -> list[Member]:
    """All stays, or the one of a customer. Raises Unknown."""
    await get_programme(service, programme_id=programme_id)
    async with service.read() as db:
        if customer_id is not None:
            member = await programmes.find_member(db, programme_id=programme_id, customer_ids=await recipients.same_person(db, customer_id))
            return [] if member is None else [member]
        return await programmes.members(db, programme_id=programme_id, after=after, limit=limit)


async def get_standing(service: CampaignService, *, programme_id: UUID, customer_id: UUID) -> Standing:
    """A person's stay, with points where the programme has them. Raises Unknown."""
    programme = await get_programme(service, programme_id=programme_id)
    async with service.read() as db:
        person = await recipients.same_person(db, customer_id)
        member = await programmes.find_member(db, programme_id=programme_id, customer_ids=person)
        if member is None:
            raise errors.not_a_member()
        if programme.kind != "loyalty":
            return Standing(member, None, None, None, None, None)
        balance, owed = await points.balances(db, programme_id=programme_id, customer_ids=person)
        since = service.clock.now() - timedelta(days=programme.settings.tier_days)
        counted = await points.qualifying(db, programme_id=programme_id, customer_ids=person, since=since)
    tiers = sorted((Tier(**tier.model_dump()) for tier in programme.settings.tiers), key=lambda tier: tier.from_points)
    held = tier_of(tiers, counted)
    above = next((tier for tier in tiers if tier.from_points > counted), None)
    return Standing(
        member._replace(tier=held.name if held else None), balance, owed, counted, above.name if above else None,
        above.from_points - counted if above else None,
    )


async def get_statement(
    service: CampaignService, *, programme_id: UUID, customer_id: UUID, after: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """The person's points transactions, newest first. Raises Unknown."""
    await get_programme(service, programme_id=programme_id)
    async with service.read() as db:
        person = await recipients.same_person(db, customer_id)
        return await points.statement(db, programme_id=programme_id, customer_ids=person, after=after, limit=limit)


async def audit_points(service: CampaignService, *, programme_id: UUID) -> dict[str, int]:
    """Sums by account; they come to zero. Raises Unknown."""
    await get_programme(service, programme_id=programme_id)
    async with service.read() as db:
        return await points.audit(db, programme_id=programme_id)


async def list_rewards(service: CampaignService, *, programme_id: UUID, after: UUID | None, limit: int) -> list[Reward]:
    """Raises Unknown."""
    await get_programme(service, programme_id=programme_id)
    async with service.read() as db:
        return await rewards.page(db, programme_id=programme_id, after=after, limit=limit)


async def get_redemption(service: CampaignService, *, redemption_id: UUID) -> Redemption:
    """Raises Unknown."""
    async with service.read() as db:
        found = await rewards.find_redemption(db, redemption_id)
    if found is None:
        raise errors.unknown_redemption()
    return found


async def list_redemptions(service: CampaignService, *, programme_id: UUID, customer_id: UUID, limit: int) -> list[dict[str, Any]]:
    """Raises Unknown."""
    await get_programme(service, programme_id=programme_id)
    async with service.read() as db:
        person = await recipients.same_person(db, customer_id)
        return await rewards.redemptions_of(db, programme_id=programme_id, customer_ids=person, limit=limit)


async def list_groups(service: CampaignService, *, programme_id: UUID) -> Sequence[dict[str, Any]]:
    """Raises Unknown."""
    await get_programme(service, programme_id=programme_id)
    async with service.read() as db:
        return await communities.list_groups(db, programme_id=programme_id)


async def list_group_members(service: CampaignService, *, group_id: UUID, after: UUID | None, limit: int) -> list[dict[str, Any]]:
    """Raises Unknown."""
    async with service.read() as db:
        if await communities.find_group(db, group_id) is None:
            raise errors.unknown_group()
        return await communities.list_members(db, group_id=group_id, after=after, limit=limit)


async def get_group_sales(service: CampaignService, *, group_id: UUID, currency: str, days: int) -> list[dict[str, Any]]:
    """Sales before and after joining, beside those of people who were invited and did not come. Raises Unknown."""
    async with service.read() as db:
        if await communities.find_group(db, group_id) is None:
            raise errors.unknown_group()
        return await communities.sales(db, group_id=group_id, currency=currency, days=days, at=service.clock.now())

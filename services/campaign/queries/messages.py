"""Reads: messages of campaigns and customers, and addresses that get none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.campaign import errors
from services.campaign.domain.ledger import address_key
from services.campaign.queries import campaigns
from services.campaign.settings import CampaignService
from services.campaign.store import recipients, results, shelf, suppressions

Rows = list[dict[str, Any]]


async def list_campaign_messages(service: CampaignService, *, campaign_id: UUID, state: str | None, after: UUID | None, limit: int) -> Rows:
    """Raises Unknown."""
    await campaigns.get_campaign(service, campaign_id=campaign_id)
    async with service.read() as db:
        return await results.list_of_campaign(db, campaign_id=campaign_id, state=state, after=after, limit=limit)


async def list_customer_messages(
    service: CampaignService, *, customer_ids: Sequence[UUID], since: datetime | None, until: datetime | None, after: UUID | None, limit: int
) -> Rows:
    """Newest first; those of everybody merged into the customers too. A customer nobody has heard of has none."""
    async with service.read() as db:
        people = {person for customer in customer_ids for person in await recipients.same_person(db, customer)}
        return await results.list_of_customer(db, customer_ids=list(people), since=since, until=until, after=after, limit=limit)


async def get_message(service: CampaignService, *, message_id: UUID) -> dict[str, Any]:
    """Raises Unknown."""
    async with service.read() as db:
        found = await results.find_message(db, message_id)
    if found is None:
        raise errors.unknown_message()
    return found


async def list_waiting(service: CampaignService, *, customer_id: UUID, channel: str, limit: int) -> Rows:
    """What waits for a person in the app or on the site; those that are listed count as shown."""
    async with service.transaction() as tx:
        people = await recipients.same_person(tx.db, customer_id)
        found = await shelf.waiting(tx.db, customer_ids=people, channel=channel, limit=limit)
        await shelf.note_shown(tx.db, keys=[each["key"] for each in found], customer_ids=people)
    return found


async def get_suppression(service: CampaignService, *, address: str) -> dict[str, Any]:
    """Why nothing is sent to an address. Raises Unknown when something may be."""
    async with service.read() as db:
        found = await suppressions.find(db, service.hash_identity(address_key(address)))
    if found is None:
        raise errors.not_suppressed()
    return found


async def list_handed_off(service: CampaignService, *, after: UUID | None, limit: int) -> list[dict[str, Any]]:
    """For an audit: every message that was handed off, with its permit, in the order of their ids."""
    async with service.read() as db:
        return await results.list_handed_off(db, after=after, limit=limit)

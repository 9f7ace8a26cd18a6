"""The policy of contact pressure, and signs that it is too much."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from chassis.unit_of_work import Transaction
from services.campaign import errors
from services.campaign.domain.pressure import Policy
from services.campaign.settings import CampaignService
from services.campaign.store import annoyance, pressure


async def put_policy(service: CampaignService, *, policy: Policy, changed_by: str, versions: Collection[int] | None = None) -> int:
    """The next version, from now on; returns its number. `versions`: only if the present one is among them. Raises Conflict."""
    async with service.transaction() as tx:
        found = await pressure.policy(tx.db)
        present = found[0] if found else 0
        if versions is not None and present not in versions:
            raise errors.policy_moved(present)
        if not await pressure.put_policy(tx.db, version=present + 1, policy=policy.model_dump(mode="json"), changed_by=changed_by):
            raise errors.policy_moved(present + 1)
    return present + 1


async def set_programme(service: CampaignService, *, origin_id: UUID, programme: str | None) -> None:
    """Count a campaign or journey under a programme from now on; its messages of the past too."""
    async with service.transaction() as tx:
        await pressure.set_programme(tx.db, origin_id=origin_id, programme=programme)


async def note_unsubscribe(tx: Transaction, *, customer_id: UUID, channel: str, at: datetime) -> None:
    await annoyance.note(tx.db, kind="unsubscribe", channel=channel, customer_id=customer_id, message_id=None, at=at)


async def note_annoyed(tx: Transaction, *, channel: str, message_id: UUID | None, customer_id: UUID | None, at: datetime) -> None:
    """A complaint."""
    await annoyance.note(tx.db, kind="complaint", channel=channel, customer_id=customer_id, message_id=message_id, at=at)

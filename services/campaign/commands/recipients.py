"""The replica of profiles."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from chassis.unit_of_work import Transaction
from contracts.customer import ProfileState
from services.campaign.commands.journeys.moving import merge_people
from services.campaign.domain.entities import Recipient
from services.campaign.settings import CampaignService
from services.campaign.store import recipients


async def replicate_profiles(service: CampaignService, tx: Transaction, *, profiles: Mapping[str, ProfileState | None]) -> None:
    """Take over the newest state of each customer; None: the customer is gone. Applying a state twice changes nothing."""
    gone = [UUID(customer_id) for customer_id, state in profiles.items() if state is None]
    if gone:
        await recipients.delete(tx.db, gone)
    known = [
        Recipient(
            customer_id=UUID(state.customer_id), email=state.personal.email, phone=state.personal.phone, name=state.personal.name,
            language=state.personal.language, traits=state.personal.traits,
            merged_into=UUID(state.merged_into) if state.merged_into else None, version=state.version,
            channels=state.channels, time_zone=state.time_zone,
        )
        for state in profiles.values() if state is not None
    ]
    if known:
        await recipients.upsert(tx.db, known)
        await merge_people(tx, merged={each.customer_id: each.merged_into for each in known if each.merged_into is not None})

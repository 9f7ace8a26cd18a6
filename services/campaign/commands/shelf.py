"""What people do with messages in the app and on the site."""

from __future__ import annotations

from uuid import UUID

from chassis.errors import Unknown
from services.campaign.settings import CampaignService
from services.campaign.store import recipients, shelf


async def dismiss_message(service: CampaignService, *, key: str, customer_id: UUID) -> None:
    """The person does not want to see it again; again it changes nothing. Raises Unknown."""
    async with service.transaction() as tx:
        if not await shelf.dismiss(tx.db, key=key, customer_ids=await recipients.same_person(tx.db, customer_id)):
            raise Unknown("message.unknown", "There is no such message for this customer.")

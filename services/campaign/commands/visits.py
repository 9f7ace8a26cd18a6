"""Opens and clicks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from contracts.campaign import MessageClicked, MessageOpened
from services.campaign.commands.journeys import listening
from services.campaign.domain import tracking
from services.campaign.settings import CampaignService
from services.campaign.store import outcomes, results

OPEN_LINK = -1


async def note_open(service: CampaignService, *, message_id: UUID, method: str, headers: Mapping[str, str]) -> None:
    """The open picture was fetched."""
    await _note(service, message_id, kind="open", link=OPEN_LINK, url=None, method=method, headers=headers)


async def note_click(service: CampaignService, *, message_id: UUID, link: int, url: str, method: str, headers: Mapping[str, str]) -> None:
    """A link was followed, by a person or by a machine."""
    await _note(service, message_id, kind="click", link=link, url=url, method=method, headers=headers)


async def _note(
    service: CampaignService, message_id: UUID, *, kind: str, link: int, url: str | None, method: str, headers: Mapping[str, str]
) -> None:
    at = service.clock.now()
    async with service.transaction() as tx:
        message = await results.find_message(tx.db, message_id)
        if message is None:
            return
        if link == tracking.TRAP:
            # A person cannot see this link: what visited the message about now was a machine, whatever it called itself.
            await outcomes.unmask(tx.db, message_id=message_id, since=at - tracking.TRAPPED)
            await results.note_visit(tx.db, message_id=message_id, kind="trap", link=link, automated=True, at=at)
            return
        trapped = await outcomes.trap_time(tx.db, message_id)
        automated = tracking.automated(method=method, headers=headers, at=at, handed_off_at=message["handed_off_at"]) or (
            trapped is not None and at - trapped < tracking.TRAPPED
        )
        if not await results.note_visit(tx.db, message_id=message_id, kind=kind, link=link, automated=automated, at=at):
            return
        same: dict[str, Any] = {
            "message_id": str(message_id), "campaign_id": str(message["origin_id"]), "customer_id": str(message["customer_id"]),
            "channel": message["channel"], "at": at, "automated": automated, "origin": message["origin"], "step": message["step"],
            "arm": message["arm"],
        }
        told = MessageOpened(**same) if url is None else MessageClicked(**same, url=tracking.without_query(url))
        tx.tell(told)
        if isinstance(told, MessageClicked) and not automated and message["customer_id"] is not None:
            await listening.note_fact(tx, told, fact_id=f"click:{message_id}:{link}", told_at=at)

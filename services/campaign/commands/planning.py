"""Planning: the frozen audience of a campaign becomes rows of the send ledger, page by page; a killed planner goes on where it stood."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from chassis import telemetry
from chassis.errors import Unavailable
from chassis.ids import new_id
from chassis.unit_of_work import Transaction
from contracts.campaign import CampaignLaunched
from services.campaign.commands.facts import tell_planned
from services.campaign.domain import ledger as rules
from services.campaign.domain.entities import Campaign
from services.campaign.settings import CampaignService
from services.campaign.store import campaigns, ledger, recipients, suppressions
from services.campaign.store.ledger import Planned

STEP = "broadcast"
#: The person chose another channel for the purpose.
NOT_CHOSEN = "channel_not_chosen"

_log = telemetry.logger(__name__)


async def plan_audiences(service: CampaignService) -> bool:
    """Start what is due and plan one page of every campaign that is being planned. True: there is more."""
    async with service.transaction() as tx:
        started, missed = await campaigns.start_due(tx.db)
    for campaign_id in started:
        _log.info("campaign_started", campaign_id=str(campaign_id))
    for campaign_id in missed:
        _log.warning("campaign_missed", campaign_id=str(campaign_id))
    async with service.read() as db:
        planning = await campaigns.with_status(db, "planning")
    more = False
    for campaign in planning:
        more = not await _plan_page(service, campaign) or more
    return more


async def _plan_page(service: CampaignService, campaign: Campaign) -> bool:
    """Plan the next page; True when the audience is complete. Raises Unavailable."""
    page = await _audience_page(service, campaign)
    async with service.transaction() as tx:
        current = await campaigns.lock(tx.db, campaign.id)
        if current is None or current.status != "planning" or current.audience_token != campaign.audience_token:
            return True
        if isinstance(page, str):
            await campaigns.set_status(tx.db, campaign.id, "failed", reason=page, finished=True)
            return True
        await _plan_customers(service, tx, campaign, [UUID(str(member["customer_id"])) for member in page["data"]])
        token = page.get("next_page_token")
        await campaigns.advance_audience(tx.db, campaign.id, token=token, complete=token is None)
        if token is None:
            tx.tell(
                CampaignLaunched(
                    campaign_id=str(campaign.id), name=campaign.name, channel=campaign.channel, purpose=campaign.purpose,
                    segment_id=campaign.segment_id, planned=await ledger.count(tx.db, campaign.id), launched_at=service.clock.now(),
                )
            )
    return token is None


async def _audience_page(service: CampaignService, campaign: Campaign) -> dict[str, Any] | str:
    """The next page, or why there will never be one. Raises Unavailable."""
    query = {"snapshot": "true", "limit": str(service.settings.plan_chunk)}
    if campaign.audience_token is not None:
        query["page_token"] = campaign.audience_token
    answer = await service.peers["analytics"].call(
        "GET", f"/api/v1/segments/{quote(campaign.segment_id, safe='')}/members?{urlencode(query)}", scopes=["analytics:read"], timeout=30
    )
    if answer.status in (404, 410):
        return "segment_unknown" if answer.status == 404 else "audience_expired"
    if answer.status != 200:
        raise Unavailable("campaign.audience_unavailable", "The audience cannot be read at the moment.", detail=str(answer.status))
    page: dict[str, Any] = answer.json()
    return page


async def _plan_customers(service: CampaignService, tx: Transaction, campaign: Campaign, customer_ids: list[UUID]) -> None:
    """One row for each person: merged customers count once, whoever cannot be reached is planned and suppressed at once, with the reason."""
    if not customer_ids:
        return
    survivors = await recipients.survivors(tx.db, customer_ids)
    people = list(dict.fromkeys(survivors[customer_id] for customer_id in customer_ids))
    known = await recipients.fetch(tx.db, people)
    hashes = {
        person: service.hash_identity(rules.address_key(recipient.email)) for person, recipient in known.items() if recipient.email
    }
    dead = await suppressions.reasons(tx.db, list(hashes.values()))
    planned = []
    for person in people:
        recipient = known.get(person)
        email = recipient.email if recipient else None
        address = rules.mail_address(email) if email else None
        reason = None if address else "no_profile" if recipient is None else "address_invalid" if email else "no_address"
        if recipient is not None and not rules.is_chosen(recipient.channels, purpose=campaign.purpose, channel=campaign.channel):
            reason = NOT_CHOSEN
        if reason is None:
            reason = dead.get(hashes[person])
        planned.append(
            Planned(
                id=new_id(), customer_id=person, state="suppressed" if reason else "planned", reason=reason,
                address_hash=hashes[person] if reason is None else None,
            )
        )
    written = await ledger.plan(tx.db, campaign_id=campaign.id, step=STEP, channel=campaign.channel, messages=planned)
    tell_planned(tx, written, at=service.clock.now())

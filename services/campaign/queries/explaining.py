"""Why somebody gets a message of a campaign, or does not, and what would have changed it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.campaign.domain import audiences
from services.campaign.domain.entities import Campaign
from services.campaign.domain.explaining import Finding, would_change
from services.campaign.domain.pressure import Contact
from services.campaign.queries import campaigns, findings, recalling
from services.campaign.settings import CampaignService
from services.campaign.store import recipients, results


class Decision(NamedTuple):
    """The conditions of one message, the message if there is one, and what would turn the decision."""

    receives: bool | None
    message: dict[str, Any] | None
    findings: list[Finding]
    would_change: list[dict[str, Any]]


async def explain(service: CampaignService, *, campaign_id: UUID, customer_id: UUID, as_of: datetime | None = None) -> Decision:
    """Why a customer gets a campaign's message or not: rule, order, control group, reservation, address, channel, consent, pressure, ledger.

    `as_of`: as it stood then, down to the clauses of the rule.
    Raises Unknown (campaign).
    """
    campaign = await campaigns.get_campaign(service, campaign_id=campaign_id)
    async with service.read() as db:
        person = await recipients.same_person(db, customer_id)
        recipient = (await recipients.fetch(db, [customer_id])).get(customer_id)
        message = await results.find_in_campaign(db, campaign_id=campaign_id, customer_ids=person)
    if as_of is not None and message is not None:
        message = findings.as_it_was(message, as_of)
    past = await recalling.recall(service, customer_id, recipient, at=as_of) if as_of is not None else None
    recipient = past.recipient if past is not None else recipient
    contact = Contact(campaign.id, customer_id, campaign.channel, campaign.purpose, str(campaign.id))
    found = [
        await findings.in_segment(service, campaign.segment_id, customer_id) if as_of is None
        else await recalling.was_in_segment(service, campaign.segment_id, customer_id, at=as_of),
        await findings.in_order(service, campaign, customer_id, planned=message is not None, past=past), _arm(service, campaign, customer_id, message),
        await findings.is_reserved(service, customer_id, campaign.reserved_for, past=past), findings.has_address(recipient, campaign.channel),
        findings.chose(recipient, purpose=campaign.purpose, channel=campaign.channel),
        await findings.has_consent(service, customer_id, purpose=campaign.purpose, channel=campaign.channel, at=as_of),
        await findings.within_caps(service, recipient, customer_id, message=message, contact=contact, at=as_of),
    ]
    if message is not None:
        found.append(findings.ledger(message))
        receives: bool | None = message["state"] not in ("failed", "suppressed")
    elif campaign.audience_complete and (as_of is None or (campaign.launched_at is not None and campaign.launched_at <= as_of)):
        found.append(Finding("ledger", False, "was not in the audience when it was frozen", {}, ["another campaign: the audience of this one is frozen"]))
        receives = False
    else:
        holds = [finding.holds for finding in found]
        receives = False if False in holds else None if None in holds else True
    return Decision(receives, message, found, would_change(found, receives=receives))


def _arm(service: CampaignService, campaign: Campaign, customer_id: UUID, message: Mapping[str, Any] | None) -> Finding:
    """Whether a control group keeps them out, and which arm of a test they fell into."""
    audience = audiences.read_audience(campaign.segment_id, campaign.audience)
    why = audiences.withheld(campaign.id, customer_id, audience, control_percent=service.settings.control_percent)
    if message is not None and message["reason"] in (audiences.CONTROL_GROUP, audiences.HOLDOUT):
        why = message["reason"]
    arm = message["arm"] if message else None
    if why is not None:
        return Finding("arm", False, f"belongs to the {why.replace('_', ' ')}", {"arm": arm, "withheld": why}, ["nothing: the draw is for ever"])
    return Finding("arm", True, f"arm {arm}" if arm else "belongs to no control group", {"arm": arm})

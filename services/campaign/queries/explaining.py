"""Why somebody gets a message of a campaign, or does not."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import UUID

from chassis.errors import Unavailable
from services.campaign.domain.entities import Campaign, Recipient
from services.campaign.domain.ledger import is_chosen, mail_address
from services.campaign.queries import campaigns
from services.campaign.settings import CampaignService
from services.campaign.store import recipients, results


class Finding(NamedTuple):
    """One condition and whether it holds; None: it could not be found out."""

    check: str
    holds: bool | None
    detail: str


class Decision(NamedTuple):
    """The conditions of one message, and the message if there is one."""

    receives: bool | None
    message: dict[str, Any] | None
    findings: list[Finding]


async def explain(service: CampaignService, *, campaign_id: UUID, customer_id: UUID) -> Decision:
    """Why a customer gets a campaign's message or not: audience, address, chosen channel, consent, ledger. Raises Unknown (campaign)."""
    campaign = await campaigns.get_campaign(service, campaign_id=campaign_id)
    async with service.read() as db:
        person = await recipients.same_person(db, customer_id)
        recipient = (await recipients.fetch(db, [customer_id])).get(customer_id)
        message = await results.find_in_campaign(db, campaign_id=campaign_id, customer_ids=person)
    findings = [
        await _in_segment(service, campaign, customer_id), _has_address(recipient), _chose(campaign, recipient),
        await _has_consent(service, campaign, customer_id),
    ]
    if message is not None:
        stopped = message["state"] in ("failed", "suppressed")
        words = message["state"] + (f": {message['reason']}" if message["reason"] else "")
        findings.append(Finding("ledger", not stopped, words))
        return Decision(not stopped, message, findings)
    if campaign.audience_complete:
        findings.append(Finding("ledger", False, "was not in the audience when it was frozen"))
        return Decision(False, None, findings)
    holds = [finding.holds for finding in findings]
    return Decision(False if False in holds else None if None in holds else True, None, findings)


async def _in_segment(service: CampaignService, campaign: Campaign, customer_id: UUID) -> Finding:
    path = f"/api/v1/segments/{quote(campaign.segment_id, safe='')}/why/{customer_id}"
    try:
        answer = await service.peers["analytics"].call("GET", path, scopes=["analytics:read"])
    except Unavailable:
        return Finding("segment", None, "the analytics service does not answer")
    if answer.status != 200:
        return Finding("segment", False if answer.status == 404 else None, "unknown to the segment")
    member = answer.json().get("holds")
    return Finding("segment", member if isinstance(member, bool) else None, "member of the segment now" if member else "not a member now")


def _has_address(recipient: Recipient | None) -> Finding:
    if recipient is None or not recipient.email:
        return Finding("address", False, "no e-mail address is known")
    fits = mail_address(recipient.email) is not None
    return Finding("address", fits, "an e-mail address is known" if fits else "the e-mail address cannot be written to")


def _chose(campaign: Campaign, recipient: Recipient | None) -> Finding:
    if recipient is None or is_chosen(recipient.channels, purpose=campaign.purpose, channel=campaign.channel):
        return Finding("channel", True, "no other channel was chosen for this purpose")
    return Finding("channel", False, "another channel was chosen for this purpose")


async def _has_consent(service: CampaignService, campaign: Campaign, customer_id: UUID) -> Finding:
    try:
        answer = await service.peers["consent"].call("GET", f"/api/v1/customers/{customer_id}/consent", scopes=["consent:read"])
    except Unavailable:
        return Finding("consent", None, "the consent service does not answer")
    if answer.status != 200:
        return Finding("consent", None, "nothing is known")
    for purpose in answer.json().get("purposes", []):
        if purpose.get("purpose") == campaign.purpose:
            standing = purpose.get("channels", {}).get(campaign.channel, {})
            return Finding("consent", bool(standing.get("allowed")), standing.get("reason") or str(standing.get("state", "unspoken")))
    return Finding("consent", False, "there is no such purpose")

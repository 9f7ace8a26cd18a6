"""Reads: templates and their previews, campaigns, reports, messages, and why somebody gets something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import UUID

from chassis.errors import Unavailable
from services.campaign import errors
from services.campaign.domain import content, locales
from services.campaign.domain.entities import Campaign, Recipient, Template
from services.campaign.domain.ledger import address_key, is_chosen, mail_address
from services.campaign.domain.rendering import Rendered
from services.campaign.settings import CampaignService
from services.campaign.store import campaigns, recipients, results, suppressions, templates

Rows = list[dict[str, Any]]


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


async def get_template(service: CampaignService, *, template_id: UUID, version: int | None = None) -> Template:
    """Raises Unknown."""
    async with service.read() as db:
        found = await templates.find(db, template_id, version)
    if found is None:
        raise errors.unknown_template()
    return found


async def list_templates(service: CampaignService, *, after: UUID | None, limit: int) -> list[Template]:
    async with service.read() as db:
        return await templates.page(db, after=after, limit=limit)


async def preview(
    service: CampaignService, *, template_id: UUID, version: int | None, customer_id: UUID | None, data: Mapping[str, Any] | None,
    locale: str | None,
) -> tuple[Template, str, Rendered]:
    """A filled-in template and its locale. An undefined name is a fault here, unlike in sending. Raises Unknown, Invalid."""
    template = await get_template(service, template_id=template_id, version=version)
    recipient = Recipient(UUID(int=0))
    if customer_id is not None:
        async with service.read() as db:
            found = (await recipients.fetch(db, [customer_id])).get(customer_id)
        if found is None:
            raise errors.unknown_customer()
        recipient = found
    elif data is not None:
        given = {key: data.get(key) for key in ("name", "email", "language")}
        texts = {key: value if isinstance(value, str) else None for key, value in given.items()}
        traits = {key: value for key, value in data.items() if key not in given}
        recipient = Recipient(UUID(int=0), name=texts["name"], email=texts["email"], language=texts["language"], traits=traits)
    chosen = locales.choose_locale(template.compiled, language=locale or recipient.language, fallback=template.fallback)
    public = service.platform.public_url.rstrip("/")
    values = content.template_data(
        customer_id=str(recipient.customer_id), name=recipient.name, email=recipient.email, language=recipient.language,
        traits=recipient.traits, campaign_id="preview", campaign_name="Preview", locale=chosen, unsubscribe_url=f"{public}/u/preview",
        preferences_url=f"{public}/p/preview",
    )
    rendered = (await service.resources.renderers.render([template.compiled[chosen]], [(0, values)], strict=True))[0]
    if rendered.problem is not None:
        raise errors.cannot_render(rendered.problem, rendered.detail)
    return template, chosen, rendered


async def get_campaign(service: CampaignService, *, campaign_id: UUID) -> Campaign:
    """Raises Unknown."""
    async with service.read() as db:
        found = await campaigns.find(db, campaign_id)
    if found is None:
        raise errors.unknown_campaign()
    return found


async def list_campaigns(service: CampaignService, *, after: UUID | None, limit: int) -> list[Campaign]:
    async with service.read() as db:
        return await campaigns.page(db, after=after, limit=limit)


async def get_report(service: CampaignService, *, campaign_id: UUID) -> tuple[Campaign, dict[str, Any]]:
    """The campaign and its counts, as of one moment. Raises Unknown."""
    campaign = await get_campaign(service, campaign_id=campaign_id)
    async with service.read() as db:
        return campaign, await results.report(db, campaign_id)


async def list_campaign_messages(service: CampaignService, *, campaign_id: UUID, state: str | None, after: UUID | None, limit: int) -> Rows:
    """Raises Unknown."""
    await get_campaign(service, campaign_id=campaign_id)
    async with service.read() as db:
        return await results.list_of_campaign(db, campaign_id=campaign_id, state=state, after=after, limit=limit)


async def list_customer_messages(
    service: CampaignService, *, customer_ids: Sequence[UUID], since: datetime | None, until: datetime | None, after: UUID | None, limit: int
) -> Rows:
    """Newest first; those of everybody merged into the customers too. A customer nobody has heard of has none."""
    async with service.read() as db:
        people = {person for customer in customer_ids for person in await recipients.same_person(db, customer)}
        return await results.list_of_customer(db, customer_ids=list(people), since=since, until=until, after=after, limit=limit)


async def explain(service: CampaignService, *, campaign_id: UUID, customer_id: UUID) -> Decision:
    """Why a customer gets a campaign's message or not: audience, address, chosen channel, consent, ledger. Raises Unknown (campaign)."""
    campaign = await get_campaign(service, campaign_id=campaign_id)
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

"""From a claimed message to bytes: recipient, language, template, links. Everything that can be done before a permit is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from email.utils import format_datetime
from typing import NamedTuple
from uuid import UUID

from chassis.database import Connection
from contracts import links
from services.campaign.commands.planning import NOT_CHOSEN
from services.campaign.domain import content, ledger, locales, mail, tracking
from services.campaign.domain.compiling import Compiled
from services.campaign.domain.entities import Campaign, Recipient, Template
from services.campaign.domain.mail import Mail, UnsafeHeader
from services.campaign.domain.rendering import Rendered
from services.campaign.settings import CampaignService
from services.campaign.store import campaigns, recipients, suppressions, templates
from services.campaign.store import ledger as rows
from services.campaign.store.ledger import Claimed

#: Kinds of sealed links that this service opens itself. Fields of a click: message id, number of the link, address; of an open: message id.
CLICK = "click"
OPEN = "open"
#: For how long after a message was planned its link to the preference centre opens.
PREFERENCES_SECONDS = 60 * 86_400


class Ready(NamedTuple):
    """A message that needs nothing but a permit."""

    message: Claimed
    purpose: str
    address_hash: bytes
    locale: str
    sender: str
    recipient: str
    mail: bytes


class Ending(NamedTuple):
    """A message that cannot go out, and why. `state`: suppressed or failed."""

    message_id: UUID
    state: str
    reason: str


class _Draft(NamedTuple):
    message: Claimed
    campaign: Campaign
    recipient: Recipient
    address: str
    address_hash: bytes
    locale: str
    compiled: Compiled
    unsubscribe_url: str
    preferences_url: str


async def prepare(service: CampaignService, *, owner: UUID, claimed: Sequence[Claimed]) -> tuple[list[Ready], list[Ending]]:
    """Make the mails of claimed messages. A template's or a recipient's fault ends its own message only."""
    drafts, endings = await _drafts(service, owner, claimed)
    sources = list(dict.fromkeys(draft.compiled for draft in drafts))
    numbers = {compiled: index for index, compiled in enumerate(sources)}
    rendered = await service.resources.renderers.render(sources, [(numbers[draft.compiled], _data(draft)) for draft in drafts])
    ready = []
    for done, (draft, text) in enumerate(zip(drafts, rendered, strict=True)):
        if text.problem is not None:
            endings.append(Ending(draft.message.id, "failed", text.problem))
            continue
        try:
            ready.append(_ready(service, draft, text))
        except UnsafeHeader:
            endings.append(Ending(draft.message.id, "failed", "header_unsafe"))
        if done % 20 == 19:
            await asyncio.sleep(0)  # let others have the loop: a mail costs about a third of a millisecond
    return ready, endings


async def _drafts(service: CampaignService, owner: UUID, claimed: Sequence[Claimed]) -> tuple[list[_Draft], list[Ending]]:
    drafts, endings = [], []
    async with service.transaction() as tx:
        campaign = await campaigns.find_many(tx.db, list({message.campaign_id for message in claimed}))
        template = await _templates(tx.db, campaign)
        people = await recipients.fetch(tx.db, list({message.customer_id for message in claimed}))
        dead = await suppressions.reasons(
            tx.db, [service.hash_identity(ledger.address_key(person.email)) for person in people.values() if person.email]
        )
        for message in claimed:
            found = people.get(message.customer_id)
            purpose = campaign[message.campaign_id].purpose
            if found is not None and not ledger.is_chosen(found.channels, purpose=purpose, channel=message.channel):
                endings.append(Ending(message.id, "suppressed", NOT_CHOSEN))
                continue
            address = ledger.mail_address(found.email) if found and found.email else None
            if found is None or found.email is None or address is None:
                endings.append(Ending(message.id, "suppressed", "address_invalid" if found and found.email else "no_address"))
                continue
            hashed = service.hash_identity(ledger.address_key(found.email))
            if hashed in dead:
                endings.append(Ending(message.id, "suppressed", dead[hashed]))
                continue
            if hashed != message.address_hash and not await rows.change_address(
                tx.db, owner=owner, message_id=message.id, address_hash=hashed
            ):
                endings.append(Ending(message.id, "suppressed", "duplicate_address"))
                continue
            drafts.append(
                _draft(
                    service, message, campaign=campaign[message.campaign_id], template=template[message.campaign_id], recipient=found,
                    address=address, hashed=hashed,
                )
            )
    return drafts, endings


async def _templates(db: Connection, found: Mapping[UUID, Campaign]) -> dict[UUID, Template]:
    by_campaign = {}
    for campaign in found.values():
        template = await templates.find(db, campaign.template_id, campaign.template_version)
        assert template is not None, "a campaign's template is never deleted"
        by_campaign[campaign.id] = template
    return by_campaign


def _draft(
    service: CampaignService, message: Claimed, *, campaign: Campaign, template: Template, recipient: Recipient, address: str, hashed: bytes
) -> _Draft:
    locale = locales.choose_locale(template.compiled, language=recipient.language, fallback=template.fallback)
    token = links.seal(
        service.link_secret, links.UNSUBSCRIBE, [str(message.customer_id), message.channel, campaign.purpose, str(message.id)]
    )
    # The link to the preference centre shows personal data, so it ends; counted from the message's own id, a repeated rendering repeats it.
    ends = str((message.id.int >> 80) // 1000 + PREFERENCES_SECONDS)
    centre = links.seal(service.link_secret, links.PREFERENCES, [str(message.customer_id), message.channel, str(message.id), ends])
    public = service.platform.public_url.rstrip("/")
    return _Draft(
        message, campaign, recipient, address, hashed, locale, template.compiled[locale], f"{public}/u/{token}", f"{public}/p/{centre}"
    )


def _data(draft: _Draft) -> dict[str, object]:
    recipient, campaign = draft.recipient, draft.campaign
    return content.template_data(
        customer_id=str(recipient.customer_id), name=recipient.name, email=recipient.email, language=recipient.language,
        traits=recipient.traits, campaign_id=str(campaign.id), campaign_name=campaign.name, locale=draft.locale,
        unsubscribe_url=draft.unsubscribe_url, preferences_url=draft.preferences_url,
    )


def _ready(service: CampaignService, draft: _Draft, rendered: Rendered) -> Ready:
    message, campaign = draft.message, draft.campaign
    message_id, secret = str(message.id), service.link_secret
    public = service.platform.public_url.rstrip("/")
    html = tracking.rewrite(
        rendered.html, utm=campaign.utm, keep=frozenset({draft.unsubscribe_url, draft.preferences_url}),
        click=lambda link, url: f"{public}/t/c/{links.seal(secret, CLICK, [message_id, str(link), url])}",
        pixel=f"{public}/t/o/{links.seal(secret, OPEN, [message_id])}",
    )
    domain = service.platform.mail_domain
    answers = f"{links.ANSWERS}-{links.name_message(secret, links.ANSWERS, message.id)}@{domain}" if domain else ""
    built = mail.build(
        Mail(
            sender=campaign.from_address, sender_name=campaign.from_name, recipient=draft.address, reply_to=campaign.reply_to or answers,
            subject=rendered.subject, html=html, text=rendered.text, date=format_datetime(service.clock.now()),
            message_id=f"{links.name_message(secret, links.MESSAGE_ID, message.id)}@{campaign.from_address.rpartition('@')[2]}",
            unsubscribe_url=draft.unsubscribe_url, campaign=str(campaign.id),
        )
    )
    # The return path names the message, so that a bounce does, whatever the bouncing server writes into it.
    sender = f"{links.BOUNCES}-{links.name_message(secret, links.BOUNCES, message.id)}@{domain}" if domain else campaign.from_address
    return Ready(message, campaign.purpose, draft.address_hash, draft.locale, sender, draft.address, built)

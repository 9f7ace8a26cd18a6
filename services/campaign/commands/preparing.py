"""From a claimed message to bytes: recipient, language, template, links. Everything that can be done before a permit is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from email.utils import format_datetime
from typing import Any, NamedTuple
from uuid import UUID

from chassis.database import Connection
from contracts import links
from services.campaign.commands import reserving
from services.campaign.commands.planning import NOT_CHOSEN
from services.campaign.domain import blocks, channels, content, ledger, locales, mail, tracking
from services.campaign.domain.channels import Place
from services.campaign.domain.compiling import Compiled
from services.campaign.domain.entities import Recipient, Template
from services.campaign.domain.mail import Mail, UnsafeHeader
from services.campaign.domain.parcels import Parcel
from services.campaign.domain.rendering import Rendered
from services.campaign.settings import CampaignService
from services.campaign.store import blocks as stored
from services.campaign.store import campaigns, recipients, suppressions, templates
from services.campaign.store import ledger as rows
from services.campaign.store.claiming import TRANSACTIONAL, Claimed

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
    parcel: Parcel


class Sender(NamedTuple):
    """Who a message comes from, and what it belongs to. `name`: of the campaign, where it is one."""

    from_address: str
    from_name: str
    reply_to: str
    name: str
    utm: Mapping[str, str]
    postal_address: str = ""


class Ending(NamedTuple):
    """A message that cannot go out, and why. `state`: suppressed or failed."""

    message_id: UUID
    state: str
    reason: str


class _Draft(NamedTuple):
    message: Claimed
    sent_by: Sender
    recipient: Recipient
    address: str
    address_hash: bytes
    locale: str
    compiled: Compiled
    unsubscribe_url: str
    preferences_url: str
    feeds: Mapping[str, Any]


async def prepare(service: CampaignService, *, owner: UUID, claimed: Sequence[Claimed]) -> tuple[list[Ready], list[Ending]]:
    """Make the mails of claimed messages. A template's or a recipient's fault ends its own message only."""
    drafts, endings = await _drafts(service, owner, claimed)
    sources = list(dict.fromkeys(draft.compiled for draft in drafts))
    numbers = {compiled: index for index, compiled in enumerate(sources)}
    renderers = service.resources.quick_renderers if claimed[0].queue == TRANSACTIONAL else service.resources.renderers
    rendered = await renderers.render(sources, [(numbers[draft.compiled], _data(draft)) for draft in drafts])
    drafts = await _name_senders(service, drafts)
    ready = []
    for done, (draft, text) in enumerate(zip(drafts, rendered, strict=True)):
        if text.problem is not None:
            endings.append(Ending(draft.message.id, "failed", text.problem))
            continue
        try:
            ready.append(_ready(service, draft, text))
        except UnsafeHeader:
            endings.append(Ending(draft.message.id, "failed", "header_unsafe"))
        if done % 8 == 7:
            await asyncio.sleep(0)  # let others have the loop, hand-offs above all: a mail costs about a quarter of a millisecond
    return ready, endings


async def _name_senders(service: CampaignService, drafts: list[_Draft]) -> list[_Draft]:
    """Where a sender's name is written in Liquid, each recipient sees their own: the person who looks after them, say."""
    personal = [place for place, draft in enumerate(drafts) if "{{" in draft.sent_by.from_name]
    if not personal:
        return drafts
    names = list(dict.fromkeys(drafts[place].sent_by.from_name for place in personal))
    rendered = await service.resources.renderers.render(
        [Compiled(subject=name, html="", text="") for name in names],
        [(names.index(drafts[place].sent_by.from_name), _data(drafts[place])) for place in personal],
    )
    named = list(drafts)
    for place, text in zip(personal, rendered, strict=True):
        named[place] = named[place]._replace(sent_by=named[place].sent_by._replace(from_name=text.subject.strip()))
    return named


async def _drafts(service: CampaignService, owner: UUID, claimed: Sequence[Claimed]) -> tuple[list[_Draft], list[Ending]]:
    drafts, endings = [], []
    async with service.transaction() as tx:
        senders = await _senders(service, tx.db, claimed)
        template = await templates.find_versions(tx.db, {(message.template_id, message.template_version) for message in claimed})
        shown = {key: blocks.feeds([source for one in found.compiled.values() for source in (one.subject, one.html, one.text)])
                 for key, found in template.items()}
        feeds = await stored.feed_items(tx.db, sorted({name for names in shown.values() for name in names}))
        people = await recipients.fetch(tx.db, list({message.customer_id for message in claimed}))
        places = [_place(people.get(message.customer_id), message) for message in claimed]
        hashes = [service.hash_identity(place.key) if isinstance(place, Place) else b"" for place in places]
        dead = await suppressions.reasons(tx.db, [hashed for hashed in hashes if hashed])
        reserved = await reserving.not_for_them(tx.db, claimed, at=service.clock.now())
        for message, place, hashed in zip(claimed, places, hashes, strict=True):
            if message.id in reserved:
                endings.append(Ending(message.id, "suppressed", reserved[message.id]))
                continue
            if isinstance(place, str):
                endings.append(Ending(message.id, "suppressed", place))
                continue
            if hashed in dead:
                endings.append(Ending(message.id, "suppressed", dead[hashed]))
                continue
            if hashed != message.address_hash and not await rows.change_address(
                tx.db, owner=owner, message_id=message.id, address_hash=hashed
            ):
                endings.append(Ending(message.id, "suppressed", "duplicate_address"))
                continue
            version = message.template_id, message.template_version
            drafts.append(
                _draft(
                    service, message, sent_by=senders[message.id], template=template[version], recipient=people[message.customer_id],
                    address=place.address, hashed=hashed, feeds={name: feeds[name] for name in shown[version] if name in feeds},
                )
            )
    return drafts, endings


def _place(recipient: Recipient | None, message: Claimed) -> Place | str:
    """Where the recipient is reached now, or why not."""
    if recipient is None:
        return "no_address"
    if not ledger.is_chosen(recipient.channels, purpose=message.purpose, channel=message.channel):
        return NOT_CHOSEN
    place, reason = channels.place_of(recipient, message.channel)
    return place if place is not None else reason or "no_address"


async def _senders(service: CampaignService, db: Connection, claimed: Sequence[Claimed]) -> dict[UUID, Sender]:
    """Who each message comes from: its own sender, else its campaign's, else the deployment's."""
    found = await campaigns.find_many(db, list({message.origin_id for message in claimed if message.origin == "campaign"}))
    settings = service.settings
    by_message = {}
    for message in claimed:
        campaign, own = found.get(message.origin_id), message.sender or {}
        by_message[message.id] = Sender(
            from_address=own.get("from_address") or (campaign.from_address if campaign else settings.from_address),
            from_name=own.get("from_name") or (campaign.from_name if campaign else settings.from_name),
            reply_to=own.get("reply_to") or (campaign.reply_to if campaign else ""),
            name=campaign.name if campaign else "", utm=campaign.utm if campaign else {},
            postal_address=(campaign.postal_address if campaign else "") or settings.postal_address,
        )
    return by_message


def _draft(
    service: CampaignService, message: Claimed, *, sent_by: Sender, template: Template, recipient: Recipient, address: str, hashed: bytes,
    feeds: Mapping[str, Any],
) -> _Draft:
    locale = locales.choose_locale(template.compiled, language=recipient.language, fallback=template.fallback, orders=service.resources.languages)
    token = links.seal(
        service.link_secret, links.UNSUBSCRIBE, [str(message.customer_id), message.channel, message.purpose, str(message.id)]
    )
    # The link to the preference centre shows personal data, so it ends; counted from the message's own id, a repeated rendering repeats it.
    ends = str((message.id.int >> 80) // 1000 + PREFERENCES_SECONDS)
    centre = links.seal(service.link_secret, links.PREFERENCES, [str(message.customer_id), message.channel, str(message.id), ends])
    public = service.platform.public_url.rstrip("/")
    return _Draft(
        message, sent_by, recipient, address, hashed, locale, template.compiled[locale], f"{public}/u/{token}", f"{public}/p/{centre}",
        feeds,
    )


def _data(draft: _Draft) -> dict[str, object]:
    recipient, message = draft.recipient, draft.message
    return content.template_data(
        customer_id=str(recipient.customer_id), name=recipient.name, email=recipient.email, language=recipient.language,
        traits=recipient.traits, campaign_id=str(message.origin_id), campaign_name=draft.sent_by.name, locale=draft.locale,
        unsubscribe_url=draft.unsubscribe_url, preferences_url=draft.preferences_url, data=message.data, feeds=draft.feeds,
        postal_address=draft.sent_by.postal_address,
    )


def _ready(service: CampaignService, draft: _Draft, rendered: Rendered) -> Ready:
    """Raises UnsafeHeader."""
    message = draft.message
    parcel = Parcel(
        channel=message.channel, to=draft.address, key=f"msg_{service.hash_identity(f'message:{message.id}').hex()}",
        customer_id=str(draft.recipient.customer_id), title=rendered.subject, text=rendered.text, locale=draft.locale, data=message.data,
        unsubscribe_url=draft.unsubscribe_url, origin_id=str(message.origin_id), provider=message.provider, again=message.attempts > 0,
        purpose=message.purpose,
    )
    if message.channel == channels.EMAIL:
        parcel = parcel._replace(sender=_return_path(service, draft), mail=_letter(service, draft, rendered))
    return Ready(message, message.purpose, draft.address_hash, draft.locale, parcel)


def _letter(service: CampaignService, draft: _Draft, rendered: Rendered) -> bytes:
    message, sent_by = draft.message, draft.sent_by
    message_id, secret = str(message.id), service.link_secret
    public = service.platform.public_url.rstrip("/")
    html = tracking.rewrite(
        rendered.html or mail.plain_html(rendered.text), utm=sent_by.utm, keep=frozenset({draft.unsubscribe_url, draft.preferences_url}),
        click=lambda link, url: f"{public}/t/c/{links.seal(secret, CLICK, [message_id, str(link), url])}",
        pixel=f"{public}/t/o/{links.seal(secret, OPEN, [message_id])}",
        trap=f"{public}/t/c/{links.seal(secret, CLICK, [message_id, str(tracking.TRAP), public or 'https://localhost'])}",
    )
    domain = service.platform.mail_domain
    answers = f"{links.ANSWERS}-{links.name_message(secret, links.ANSWERS, message.id)}@{domain}" if domain else ""
    built = mail.build(
        Mail(
            sender=sent_by.from_address, sender_name=sent_by.from_name, recipient=draft.address, reply_to=sent_by.reply_to or answers,
            subject=rendered.subject, html=html, text=rendered.text, date=format_datetime(service.clock.now()),
            message_id=f"{links.name_message(secret, links.MESSAGE_ID, message.id)}@{sent_by.from_address.rpartition('@')[2]}",
            unsubscribe_url=draft.unsubscribe_url, campaign=str(message.origin_id),
        )
    )
    signer = service.resources.signer
    return signer.sign(built, at=int(service.clock.now().timestamp())) if signer is not None else built


def _return_path(service: CampaignService, draft: _Draft) -> str:
    """It names the message, so that a bounce does, whatever the bouncing server writes into it."""
    domain = service.platform.mail_domain
    named = links.name_message(service.link_secret, links.BOUNCES, draft.message.id)
    return f"{links.BOUNCES}-{named}@{domain}" if domain else draft.sent_by.from_address

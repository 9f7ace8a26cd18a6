"""Checks before anything goes out: of templates, of campaigns, of a sender's domain."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from typing import NamedTuple
from uuid import UUID

from chassis.calling_out import NoAnswer, NotAllowed
from services.campaign import errors
from services.campaign.domain import content, locales
from services.campaign.domain.channels import EMAIL
from services.campaign.domain.entities import Campaign, Template
from services.campaign.outbound import domains
from services.campaign.queries import campaigns, templates
from services.campaign.settings import CampaignService
from services.campaign.store import recipients

ERROR, WARNING, GOOD, UNKNOWN = "error", "warning", "ok", "not_looked_up"
#: Mailboxes show only so much of a mail.
LARGEST_HTML = 102 * 1024
LONGEST_SUBJECT = 78
PEOPLE_LOOKED_AT = 200
MOST_LINKS = 50
LINK_SECONDS = 5.0

_HREF = re.compile(r"<a\b[^>]*?\bhref\s*=\s*[\"']([^\"']+)[\"']", re.IGNORECASE)
_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


class Finding(NamedTuple):
    """One thing looked at. `level`: error, warning, ok, or not_looked_up; `where`: a locale, or nothing."""

    check: str
    level: str
    detail: str
    where: str = ""


async def check_template(service: CampaignService, *, template_id: UUID, version: int | None, follow_links: bool) -> list[Finding]:
    """What is missing or broken in a template, locale by locale, with the profiles there are. Raises Unknown."""
    template = await templates.get_template(service, template_id=template_id, version=version)
    findings = [finding for locale in sorted(template.compiled) for finding in _of_text(template, locale)]
    findings += await _variables(service, template)
    findings += await _languages(service, template)
    if follow_links:
        findings += await _links(service, template)
    return findings


def _of_text(template: Template, locale: str) -> list[Finding]:
    compiled = template.compiled[locale]
    own = template.locales[locale]["body"]
    findings = []
    if "unsubscribe_url" in compiled.names:
        findings.append(Finding("unsubscribe", GOOD, "the author's own link to unsubscribe", locale))
    elif template.form == "mjml":
        findings.append(Finding("unsubscribe", WARNING, "the body has no unsubscribe_url; a footer with the link is added", locale))
    else:
        findings.append(Finding("unsubscribe", ERROR, "the text has no unsubscribe_url: say how to stop these messages", locale))
    text = _LIQUID.sub("", compiled.text).strip()
    shown = text or ("{{" in compiled.text and compiled.text.strip())
    findings.append(Finding("plain_text", GOOD if shown else ERROR, "there is a plain-text part" if shown else "the plain-text part is empty", locale))
    if len(compiled.html) > LARGEST_HTML:
        findings.append(Finding("size", WARNING, f"{len(compiled.html) // 1024} KiB: mailboxes cut mails above 102 KiB", locale))
    if len(_LIQUID.sub("", compiled.subject)) > LONGEST_SUBJECT:
        findings.append(Finding("subject", WARNING, f"longer than {LONGEST_SUBJECT} characters", locale))
    if "<mj-image" in own and not re.search(r"<mj-image[^>]*\balt\s*=", own):
        findings.append(Finding("images", WARNING, "an image without alt says nothing where images are not shown", locale))
    return findings


async def _variables(service: CampaignService, template: Template) -> list[Finding]:
    """Unknown names, and for how many of some people each known one is empty."""
    async with service.read() as db:
        people = await recipients.fetch(db, await recipients.some(db, limit=PEOPLE_LOOKED_AT))
    findings = []
    for locale, compiled in sorted(template.compiled.items()):
        unknown = [name for name in compiled.names if name.partition(".")[0] not in content.ROOTS]
        findings += [Finding("variable", ERROR, f"{name} is never filled in", locale) for name in unknown]
        missing: Counter[str] = Counter()
        for person in people.values():
            chosen = locales.choose_locale(template.compiled, language=person.language, fallback=template.fallback, orders=service.resources.languages)
            values = await templates.sample_values(service, template, person, chosen) if chosen == locale else None
            missing.update(name for name in compiled.names if values is not None and name.startswith("customer.") and content.lacks(name, values))
        findings += [
            Finding("variable", WARNING, f"{name} is empty for {count} of {len(people)} people looked at: give it a default", locale)
            for name, count in sorted(missing.items())
        ]
    if not any(finding.check == "variable" for finding in findings):
        findings.append(Finding("variable", GOOD, f"all variables are filled in for the {len(people)} people looked at"))
    return findings


async def _languages(service: CampaignService, template: Template) -> list[Finding]:
    async with service.read() as db:
        people = await recipients.fetch(db, await recipients.some(db, limit=PEOPLE_LOOKED_AT))
    there = {locale.lower() for locale in template.compiled}
    missing = Counter(
        person.language for person in people.values()
        if person.language and not {person.language.lower(), person.language.lower().partition("-")[0]} & there
    )
    return [
        Finding("language", WARNING, f"{count} of {len(people)} people looked at speak {language}; they get the fallback")
        for language, count in sorted(missing.items())
    ]


async def _links(service: CampaignService, template: Template) -> list[Finding]:
    found = {url for compiled in template.compiled.values() for url in _HREF.findall(compiled.html) if url.lower().startswith(("http://", "https://"))}
    fixed = sorted(url for url in found if "{{" not in url and "{%" not in url)[:MOST_LINKS]
    return list(await asyncio.gather(*(_link(service, url) for url in fixed)))


async def _link(service: CampaignService, url: str) -> Finding:
    try:
        reply = await service.resources.outside.request("GET", url, timeout=LINK_SECONDS)
    except NotAllowed:
        return Finding("link", UNKNOWN, f"{url}: not a public https address")
    except NoAnswer as silence:
        return Finding("link", ERROR, f"{url}: no answer ({silence.reason})")
    if reply.status >= 400:
        return Finding("link", ERROR, f"{url}: answers {reply.status}")
    return Finding("link", GOOD, f"{url}: answers {reply.status}")


async def check_campaign(service: CampaignService, *, campaign_id: UUID, follow_links: bool) -> list[Finding]:
    """Everything that should hold before a campaign is launched. Raises Unknown."""
    campaign = await campaigns.get_campaign(service, campaign_id=campaign_id)
    findings = await check_template(service, template_id=campaign.template_id, version=campaign.template_version, follow_links=follow_links)
    findings.append(_channel(service, campaign))
    findings.append(_approval(service, campaign))
    if campaign.channel != EMAIL:
        return findings
    address = campaign.postal_address or service.settings.postal_address
    findings.append(
        Finding("postal_address", GOOD, "the sender's postal address is shown") if address
        else Finding("postal_address", ERROR, "no postal address: set it for the campaign, or ECRM_CAMPAIGN_POSTAL_ADDRESS")
    )
    return findings + await check_domain(service, domain=campaign.from_address.rpartition("@")[2])


def _channel(service: CampaignService, campaign: Campaign) -> Finding:
    there = ("marketing", campaign.channel) in service.resources.carriers
    return Finding("channel", GOOD if there else ERROR, "somebody takes messages of this channel" if there else "nobody takes messages of this channel")


def _approval(service: CampaignService, campaign: Campaign) -> Finding:
    if not (campaign.needs_approval or service.settings.approval):
        return Finding("approval", GOOD, "not asked for")
    return Finding("approval", GOOD, "approved") if campaign.approved_by else Finding("approval", ERROR, "a second person has to approve it")


async def check_domain(service: CampaignService, *, domain: str) -> list[Finding]:
    """SPF, DKIM and DMARC of a sender's domain, as far as the DNS answers."""
    if not domain:
        raise errors.bad_address("from_address")
    settings = service.settings
    signer = service.resources.signer
    spf, dmarc, key = await asyncio.gather(
        domains.texts(domain, server=settings.dns_server), domains.texts(f"_dmarc.{domain}", server=settings.dns_server),
        domains.texts(f"{settings.dkim_selector}._domainkey.{signer.domain}", server=settings.dns_server) if signer else _nothing(),
    )
    findings = [_record("spf", spf, "v=spf1", domain), _record("dmarc", dmarc, "v=DMARC1", domain)]
    if signer is None:
        findings.append(Finding("dkim", ERROR, "mails are not signed: set ECRM_CAMPAIGN_DKIM_KEY"))
    elif key is None:
        findings.append(Finding("dkim", UNKNOWN, "the DNS does not answer"))
    elif not any(signer.public in text.replace(" ", "") for text in key):
        findings.append(Finding("dkim", ERROR, f"the DNS of {signer.domain} does not hold the public key under the selector"))
    elif signer.domain != domain and not domain.endswith("." + signer.domain):
        findings.append(Finding("dkim", WARNING, f"signed for {signer.domain}, sent from {domain}: DMARC does not count that"))
    else:
        findings.append(Finding("dkim", GOOD, "the public key stands in the DNS"))
    return findings


async def _nothing() -> list[str]:
    return []


def _record(check: str, texts: list[str] | None, begins: str, domain: str) -> Finding:
    if texts is None:
        return Finding(check, UNKNOWN, "the DNS does not answer")
    found = [text for text in texts if text.lower().startswith(begins.lower())]
    if len(found) == 1:
        return Finding(check, GOOD, found[0][:200])
    return Finding(check, ERROR, f"{domain} has {'no' if not found else 'more than one'} record that begins with {begins}")

"""Ways out, as the settings name them."""

from __future__ import annotations

import re

from chassis.calling_out import Outside
from chassis.settings import SettingsError
from services.campaign.commands.shelving import Shelf
from services.campaign.domain import channels
from services.campaign.domain.dkim import BadKey, Signer
from services.campaign.outbound.carrying import Carrier
from services.campaign.outbound.providers import Providers, read_providers
from services.campaign.outbound.smtp import MailServers
from services.campaign.outbound.work import Work
from services.campaign.settings import CampaignService, CampaignSettings
from services.campaign.store.claiming import MARKETING, TRANSACTIONAL

_LANGUAGE = r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*"


def carriers(service: CampaignService, outside: Outside) -> dict[tuple[str, str], Carrier]:
    """By queue and channel; both queues have connections of their own. Raises SettingsError."""
    settings = service.settings
    providers = read_providers(settings.providers.get_secret_value(), private_networks=service.platform.private_networks)
    found: dict[tuple[str, str], Carrier] = {}
    for queue, connections in ((MARKETING, settings.smtp_connections), (TRANSACTIONAL, settings.transactional_connections)):
        urls = settings.smtp_url.get_secret_value()
        if urls.strip():
            found[queue, channels.EMAIL] = MailServers(
                urls, connections=connections, timeout=settings.smtp_timeout, verify=settings.smtp_verify
            )
        for channel in channels.PROVIDED:
            own = [provider for provider in providers if provider.channel == channel]
            if own:
                found[queue, channel] = Providers(
                    own, outside, connections=connections, timeout=settings.provider_timeout, clock=service.clock
                )
        for channel in channels.BY_HAND:
            found[queue, channel] = Work(lambda: service.peers, team_id=settings.work_team)
        for channel in channels.ON_SITE:
            found[queue, channel] = Shelf(service)
    return found


def signer(settings: CampaignSettings) -> Signer | None:
    """Raises SettingsError for a key that mail cannot be signed with."""
    key = settings.dkim_key.get_secret_value()
    if not key.strip():
        return None
    try:
        return Signer(private_key=key, selector=settings.dkim_selector, domain=settings.dkim_domain.lower())
    except BadKey as error:
        raise SettingsError(f"ECRM_CAMPAIGN_DKIM_KEY, _SELECTOR and _DOMAIN: {error}") from None


def languages(text: str) -> dict[str, list[str]]:
    """Languages that stand in for one, in order, by its lower-case name. Raises SettingsError."""
    found = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        match = re.fullmatch(rf"({_LANGUAGE})\s*=\s*({_LANGUAGE}(?:\s+{_LANGUAGE})*)", part)
        if match is None:
            raise SettingsError("ECRM_CAMPAIGN_LANGUAGES: write ckb=fa ar, az=tr: a language, then those that stand in for it")
        found[match.group(1).lower()] = match.group(2).split()
    return found


def rates(text: str) -> dict[str, int]:
    """Mails a minute by domain. Raises SettingsError."""
    found = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        match = re.fullmatch(r"([a-z0-9.-]+)\s*=\s*([1-9][0-9]{0,6})", part.lower())
        if match is None:
            raise SettingsError("ECRM_CAMPAIGN_DOMAIN_RATES: write example.com=600, example.org=60")
        found[match.group(1)] = int(match.group(2))
    return found

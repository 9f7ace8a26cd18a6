"""Knobs of the campaign service: `ECRM_CAMPAIGN_…`; and what a running one has at hand."""

from __future__ import annotations

from asyncio import Lock
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import Field, SecretStr

from chassis.service import Service
from chassis.settings import ServiceSettings

if TYPE_CHECKING:
    from chassis.calling_out import Outside
    from services.campaign.domain.dkim import Signer
    from services.campaign.outbound.carrying import Carrier
    from services.campaign.outbound.rendering import Renderers


class CampaignSettings(ServiceSettings):
    """`smtp_url` is a secret, as it may hold a password."""

    smtp_url: SecretStr = Field(SecretStr(""), description="Mail servers in the order of fail-over, with blanks between: smtp://[user:password@]host[:port] or smtps://…; none: no mail is sent.")
    from_address: str = Field("", description="Sender of mails that name none: those of journeys, programmes and single requests.")
    from_name: str = Field("", max_length=200, description="Name of that sender.")
    postal_address: str = Field("", max_length=300, description="Postal address of the sender, shown in mails of campaigns that name no other.")
    approval: bool = Field(False, description="Whether a second person must approve every campaign before it is launched.")
    dns_server: str = Field("", description="DNS server (address or address:port) for checks of senders' domains; empty: the system's.")
    smtp_connections: int = Field(10, ge=1, le=100, description="Connections kept to the mail server.")
    hand_offs_per_commit: int = Field(4, ge=1, le=50, description="Messages a connection takes up with one commit of the send ledger: more are faster; after a kill so many for each connection are listed as unknown.")
    smtp_timeout: float = Field(30.0, gt=0, le=120, description="Seconds to wait for one reply of the mail server.")
    smtp_verify: bool = Field(True, description="Whether the mail server's certificate must be valid.")
    transactional_connections: int = Field(4, ge=1, le=50, description="Connections of its own to the mail server for transactional messages.")
    transactional_purposes: str = Field("service", description="Purposes under which `POST /api/v1/messages` sends, with blanks between.")
    dkim_key: SecretStr = Field(SecretStr(""), description="Private key (PEM; RSA of 2,048 bits or more, or Ed25519) that signs mails; none: not signed.")
    dkim_selector: str = Field("", max_length=63, description="Selector under which the public key stands in the DNS.")
    dkim_domain: str = Field("", max_length=253, description="Domain that signs.")
    domain_rates: str = Field("", description="Most mails a minute to addresses of a domain: `example.com=600, example.org=60`.")
    languages: str = Field("", description="Which languages stand in for one that a template lacks, in order, before the template's own: `ckb=fa ar, az=tr`.")
    providers: SecretStr = Field(SecretStr("[]"), description="HTTP providers of sms, push and webhook, a JSON list in the order of fail-over.")
    provider_timeout: float = Field(10.0, gt=0, le=60, description="Seconds to wait for a provider's answer.")
    work_team: str = Field("", description="Id of the team that gets calls and letters as tasks.")
    render_workers: int = Field(1, ge=1, le=16, description="Processes that render templates.")
    control_percent: float = Field(0, ge=0, le=50, description="Percent of all people that no marketing goes to: the control group of everything.")
    send_batch: int = Field(200, ge=1, le=1000, description="Messages claimed, rendered and permitted together.")
    plan_chunk: int = Field(1000, ge=1, le=1000, description="Customers of the audience planned in one transaction.")


@dataclass
class CampaignResources:
    """What the service opens for itself. `quick_renderers`: for what must not wait for a broadcast; `carriers`: by queue and channel; a channel without one keeps its messages planned.

    `turns`: by queue; one batch at a time asks for permits and is handed over, others are made ready meanwhile.
    """

    renderers: Renderers
    quick_renderers: Renderers
    carriers: dict[tuple[str, str], Carrier]
    outside: Outside
    signer: Signer | None = None
    domain_rates: dict[str, int] = field(default_factory=dict)
    languages: dict[str, list[str]] = field(default_factory=dict)
    turns: defaultdict[str, Lock] = field(default_factory=lambda: defaultdict(Lock))


CampaignService = Service[CampaignSettings, CampaignResources]

"""Knobs of the campaign service: `ECRM_CAMPAIGN_…`; and what a running one has at hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field, SecretStr

from chassis.service import Service
from chassis.settings import ServiceSettings

if TYPE_CHECKING:
    from services.campaign.outbound.rendering import Renderers
    from services.campaign.outbound.smtp import MailServer


class CampaignSettings(ServiceSettings):
    """`smtp_url` is a secret, as it may hold a password."""

    smtp_url: SecretStr = Field(SecretStr(""), description="Mail server: smtp://[user:password@]host[:port] or smtps://…; none: nothing is sent.")
    from_address: str = Field("", description="Sender of mails that name none: those of journeys, programmes and single requests.")
    from_name: str = Field("", max_length=200, description="Name of that sender.")
    smtp_connections: int = Field(10, ge=1, le=100, description="Connections kept to the mail server.")
    smtp_timeout: float = Field(30.0, gt=0, le=120, description="Seconds to wait for one reply of the mail server.")
    smtp_verify: bool = Field(True, description="Whether the mail server's certificate must be valid.")
    render_workers: int = Field(1, ge=1, le=16, description="Processes that render templates.")
    control_percent: float = Field(0, ge=0, le=50, description="Percent of all people that no marketing goes to: the control group of everything.")
    send_batch: int = Field(200, ge=1, le=1000, description="Messages claimed, rendered and permitted together.")
    plan_chunk: int = Field(1000, ge=1, le=1000, description="Customers of the audience planned in one transaction.")


@dataclass
class CampaignResources:
    """What the service opens for itself. `mail` is None when no mail server is set."""

    renderers: Renderers
    mail: MailServer | None


CampaignService = Service[CampaignSettings, CampaignResources]

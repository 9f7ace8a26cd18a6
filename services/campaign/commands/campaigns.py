"""Campaigns: create, launch, pause, resume, cancel."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

from chassis.database import Connection
from chassis.errors import Invalid, Unavailable
from chassis.ids import new_id
from chassis.liquid import TemplateLimit, fault_of
from services.campaign import errors
from services.campaign.domain import audiences, mail
from services.campaign.domain.channels import EMAIL
from services.campaign.domain.entities import Campaign
from services.campaign.domain.ledger import mail_address
from services.campaign.domain.mail import UnsafeHeader
from services.campaign.settings import CampaignService
from services.campaign.store import campaigns, templates


async def create_campaign(
    service: CampaignService, *, name: str, template_id: UUID, segment_id: str, channel: str, purpose: str, from_name: str,
    from_address: str, reply_to: str, utm: Mapping[str, str], launch_at: datetime | None, max_lateness: timedelta, audience: Mapping[str, Any],
    selection: Mapping[str, Any], per_minute: int | None, created_by: str,
    needs_approval: bool = False, postal_address: str = "", send: str = "now", reserved_for: Mapping[str, Any] | None = None,
) -> Campaign:
    """A draft; with `launch_at` it is scheduled at once. Raises Invalid (campaign.bad_address, …), Unknown (template)."""
    sender = _checked_address("from_address", from_address) if from_address or channel == EMAIL else ""
    answer_to = _checked_address("reply_to", reply_to) if reply_to else ""
    try:
        if "{{" in from_name and fault_of(from_name) is not None:
            raise errors.bad_value("from_name")
        mail.check_value("From", from_name)
    except (UnsafeHeader, TemplateLimit):
        raise errors.bad_value("from_name") from None
    at = service.clock.now()
    campaign = Campaign(
        id=new_id(), name=name, template_id=template_id, template_version=None, segment_id=segment_id, channel=channel, purpose=purpose,
        from_name=from_name, from_address=sender, reply_to=answer_to, utm=dict(utm), status="draft", status_reason=None, launch_at=None,
        max_lateness=max_lateness, audience_token=None, audience_complete=False, launched_at=None, finished_at=None, created_at=at,
        updated_at=at, audience=dict(audience), selection=dict(selection), per_minute=per_minute, created_by=created_by,
        needs_approval=needs_approval, postal_address=postal_address, send=send, reserved_for=dict(reserved_for or {}),
    )
    if audiences.read_selection(campaign.selection).lacks_profitability:
        raise errors.profitability_missing()
    async with service.transaction() as tx:
        if await templates.find(tx.db, template_id) is None:
            raise errors.unknown_template()
        await campaigns.insert(tx.db, campaign)
    if launch_at is not None:
        return await launch_campaign(service, campaign_id=campaign.id, launch_at=launch_at)
    return campaign


def _checked_address(field: str, address: str) -> str:
    ascii_address = mail_address(address)
    try:
        return mail.check_address(field, ascii_address or "")
    except UnsafeHeader:
        raise errors.bad_address(field) from None


async def launch_campaign(service: CampaignService, *, campaign_id: UUID, launch_at: datetime | None = None) -> Campaign:
    """Launch now, or at `launch_at`; the template's newest version is kept for it. Raises Unknown, Conflict, Invalid (segment), Unavailable."""
    async with service.read() as db:
        found = await campaigns.find(db, campaign_id)
    if found is None:
        raise errors.unknown_campaign()
    await _check_segment(service, found.segment_id)
    async with service.transaction() as tx:
        campaign = await campaigns.lock(tx.db, campaign_id)
        if campaign is None:
            raise errors.unknown_campaign()
        if campaign.status not in ("draft", "scheduled", "missed"):
            raise errors.wrong_status(campaign.status, "launched")
        if (campaign.needs_approval or service.settings.approval) and campaign.approved_by is None:
            raise errors.not_approved()
        # What was approved is what is sent, though the template was changed meanwhile.
        approved = campaign.template_version if campaign.approved_by else None
        template = await templates.find(tx.db, campaign.template_id, approved)
        if template is None:
            raise errors.unknown_template()
        when = launch_at or service.clock.now()
        await campaigns.schedule(tx.db, campaign_id, launch_at=when, template_version=template.version)
        return await _again(tx.db, campaign_id)


async def _check_segment(service: CampaignService, segment_id: str) -> None:
    answer = await service.peers["analytics"].call("GET", f"/api/v1/segments/{quote(segment_id, safe='')}", scopes=["analytics:read"])
    if answer.status in (404, 422):
        raise Invalid("campaign.segment_unknown", "There is no such segment.")
    if answer.status != 200:
        raise Unavailable("campaign.segments_unavailable", "Segments cannot be read at the moment.", detail=str(answer.status))


async def approve_campaign(service: CampaignService, *, campaign_id: UUID, by: str) -> Campaign:
    """A second person approves a draft, with the template as it is now. Raises Unknown, Conflict (its author, wrong status)."""
    async with service.transaction() as tx:
        campaign = await campaigns.lock(tx.db, campaign_id)
        if campaign is None:
            raise errors.unknown_campaign()
        if campaign.status not in ("draft", "missed"):
            raise errors.wrong_status(campaign.status, "approved")
        if by == campaign.created_by:
            raise errors.same_person()
        template = await templates.find(tx.db, campaign.template_id)
        if template is None:
            raise errors.unknown_template()
        await campaigns.approve(tx.db, campaign_id, by=by, template_version=template.version)
        return await _again(tx.db, campaign_id)


async def pause_campaign(service: CampaignService, *, campaign_id: UUID) -> Campaign:
    """Nothing more is handed off; what is being handed off at this moment ends. Raises Unknown, Conflict."""
    return await _change(service, campaign_id, allowed=("scheduled", "planning", "sending"), action="paused", status="paused")


async def resume_campaign(service: CampaignService, *, campaign_id: UUID) -> Campaign:
    """Go on where it was paused. Raises Unknown, Conflict."""
    return await _change(service, campaign_id, allowed=("paused",), action="resumed", status=None)


async def cancel_campaign(service: CampaignService, *, campaign_id: UUID) -> Campaign:
    """For good: what is still open becomes suppressed. Raises Unknown, Conflict."""
    return await _change(
        service, campaign_id, allowed=("draft", "scheduled", "planning", "sending", "paused", "missed"), action="cancelled", status="cancelled"
    )


async def _change(service: CampaignService, campaign_id: UUID, *, allowed: tuple[str, ...], action: str, status: str | None) -> Campaign:
    async with service.transaction() as tx:
        campaign = await campaigns.lock(tx.db, campaign_id)
        if campaign is None:
            raise errors.unknown_campaign()
        if campaign.status not in allowed:
            raise errors.wrong_status(campaign.status, action)
        if status is None:
            status = "scheduled" if campaign.launched_at is None else "sending" if campaign.audience_complete else "planning"
        await campaigns.set_status(tx.db, campaign_id, status, finished=status == "cancelled")
        return await _again(tx.db, campaign_id)


async def _again(db: Connection, campaign_id: UUID) -> Campaign:
    campaign = await campaigns.find(db, campaign_id)
    if campaign is None:
        raise errors.unknown_campaign()
    return campaign

"""`/api/v1/campaigns`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime

from chassis import web
from chassis.errors import Forbidden
from chassis.web import Page
from services.campaign import commands, queries
from services.campaign.api.experiments import outcome_view
from services.campaign.api.templates import check_view
from services.campaign.domain.entities import Campaign
from services.campaign.schemas.audiences import EstimateView
from services.campaign.schemas.campaigns import (
    CampaignView,
    Change,
    Check,
    CheckCampaign,
    CreateCampaign,
    DecisionView,
    Delivery,
    Launch,
    OpenCounts,
    ReasonCount,
    ReportView,
    Responses,
)
from services.campaign.schemas.experiments import OutcomeView
from services.campaign.schemas.messages import MessageView
from services.campaign.schemas.templates import CheckView
from services.campaign.settings import CampaignService

router = APIRouter(prefix="/api/v1/campaigns", tags=["campaigns"])

Running = Annotated[CampaignService, Depends(web.service)]
Limit = Annotated[int, Query(ge=1, le=1000)]
State = Literal["planned", "permitted", "handing_off", "accepted", "failed", "suppressed", "unknown"]
READ = web.allow("campaigns:read")
WRITE = web.allow("campaigns:write")
SEND = web.allow("campaigns:send")


@router.post("", status_code=201)
async def create_campaign(service: Running, body: CreateCampaign, caller: Annotated[Any, WRITE]) -> CampaignView:
    """A draft; with `launch_at` (which needs the scope campaigns:send) it is scheduled."""
    if body.launch_at is not None and not caller.may("campaigns:send"):
        raise Forbidden("auth.scope_missing", "Scheduling a campaign needs a key with the scope campaigns:send.")
    return _view(
        await commands.create_campaign(
            service, name=body.name, template_id=body.template_id, segment_id=body.segment_id, channel=body.channel, purpose=body.purpose,
            from_name=body.from_name, from_address=body.from_address, reply_to=body.reply_to, utm=dict(body.utm), launch_at=body.launch_at,
            max_lateness=timedelta(seconds=body.max_lateness_seconds),
            audience=body.audience.model_dump(mode="json", exclude_defaults=True),
            selection=body.selection.model_dump(mode="json", exclude_defaults=True), per_minute=body.per_minute, created_by=caller.subject,
            needs_approval=body.needs_approval, postal_address=body.postal_address, send=body.send,
            reserved_for=body.reserved_for.model_dump(exclude_defaults=True),
        )
    )


@router.get("", dependencies=[READ])
async def list_campaigns(service: Running, page_token: str | None = None, limit: Limit = 50) -> Page[CampaignView]:
    """All campaigns, newest first."""
    after = UUID(str(web.read_page_token(page_token, 1)[0])) if page_token else None
    found = await queries.list_campaigns(service, after=after, limit=limit + 1)
    views = [_view(campaign) for campaign in found[:limit]]
    return Page(data=views, next_page_token=web.page_token(views[-1].id) if len(found) > limit else None)


@router.get("/{campaign_id}", dependencies=[READ])
async def get_campaign(service: Running, campaign_id: UUID) -> CampaignView:
    return _view(await queries.get_campaign(service, campaign_id=campaign_id))


@router.post("/{campaign_id}/launch", status_code=202, dependencies=[SEND])
async def launch(service: Running, campaign_id: UUID, response: Response, body: Launch | None = None) -> CampaignView:
    """Freeze the audience and send, now or at a time."""
    response.headers["location"] = f"/api/v1/campaigns/{campaign_id}"
    return _view(await commands.launch_campaign(service, campaign_id=campaign_id, launch_at=body.launch_at if body else None))


@router.post("/{campaign_id}/check", dependencies=[READ])
async def check(service: Running, campaign_id: UUID, body: CheckCampaign | None = None) -> CheckView:
    """Everything that should hold before the launch: template, unsubscribe link, postal address, the sender's domain, approval. Nothing is sent."""
    asked = body or CheckCampaign()
    findings = await queries.check_campaign(service, campaign_id=campaign_id, follow_links=asked.follow_links)
    return check_view(findings)


@router.post("/{campaign_id}/approve")
async def approve(service: Running, campaign_id: UUID, caller: Annotated[Any, SEND]) -> CampaignView:
    """By another person than the one who wrote it; the template is kept as it is now."""
    return _view(await commands.approve_campaign(service, campaign_id=campaign_id, by=caller.subject))


@router.post("/{campaign_id}/pause", dependencies=[SEND])
async def pause(service: Running, campaign_id: UUID) -> CampaignView:
    return _view(await commands.pause_campaign(service, campaign_id=campaign_id))


@router.post("/{campaign_id}/resume", dependencies=[SEND])
async def resume(service: Running, campaign_id: UUID) -> CampaignView:
    return _view(await commands.resume_campaign(service, campaign_id=campaign_id))


@router.post("/{campaign_id}/cancel", dependencies=[SEND])
async def cancel(service: Running, campaign_id: UUID) -> CampaignView:
    """For good; open messages become suppressed with the reason `cancelled`."""
    return _view(await commands.cancel_campaign(service, campaign_id=campaign_id))


@router.post("/{campaign_id}/estimate", dependencies=[READ])
async def estimate(service: Running, campaign_id: UUID) -> EstimateView:
    """How many people the campaign would reach as things stand, and why others not."""
    return EstimateView(**await queries.estimate(service, campaign_id=campaign_id))


@router.get("/{campaign_id}/report", dependencies=[READ])
async def report(service: Running, campaign_id: UUID, response: str = "order") -> ReportView:
    """What became of every planned message, who responded, and what it brought; `response` (open, click, reply, order) is the one that counts."""
    campaign, counts = await queries.get_report(service, campaign_id=campaign_id)
    outcome = outcome_view(await queries.get_outcome(service, origin_id=campaign_id), response=response)
    return _report(campaign, counts, outcome, configured=("marketing", campaign.channel) in service.resources.carriers)


@router.get("/{campaign_id}/messages", dependencies=[READ])
async def list_messages(
    service: Running, campaign_id: UUID, state: State | None = None, page_token: str | None = None, limit: Limit = 100
) -> Page[MessageView]:
    """The campaign's rows of the send ledger."""
    after = UUID(str(web.read_page_token(page_token, 1)[0])) if page_token else None
    found = await queries.list_campaign_messages(service, campaign_id=campaign_id, state=state, after=after, limit=limit + 1)
    views = [MessageView.model_validate(row) for row in found[:limit]]
    return Page(data=views, next_page_token=web.page_token(views[-1].id) if len(found) > limit else None)


@router.get("/{campaign_id}/decisions/{customer_id}", dependencies=[READ])
async def decision(service: Running, campaign_id: UUID, customer_id: UUID, as_of: AwareDatetime | None = None) -> DecisionView:
    """Why this customer gets the message, or not; with `as_of` as it stood then, as far as that is kept."""
    made = await queries.explain(service, campaign_id=campaign_id, customer_id=customer_id, as_of=as_of)
    return DecisionView(
        campaign_id=campaign_id, customer_id=customer_id, receives=made.receives,
        message=MessageView.model_validate(made.message) if made.message else None,
        checks=[Check(check=each.check, holds=each.holds, detail=each.detail, evidence=dict(each.evidence)) for each in made.findings],
        would_change=[Change(**each) for each in made.would_change],
    )


def _view(campaign: Campaign) -> CampaignView:
    values = campaign._asdict()
    values["max_lateness_seconds"] = int(values.pop("max_lateness").total_seconds())
    return CampaignView.model_validate(values)


def _report(campaign: Campaign, counts: dict[str, Any], outcome: OutcomeView, *, configured: bool) -> ReportView:
    states: dict[str, int] = counts["states"]
    accepted = states.get("accepted", 0)
    opens, clicks = _responses(counts, "open"), _responses(counts, "click")
    return ReportView(
        campaign_id=campaign.id, status=campaign.status, status_reason=campaign.status_reason, planned=counts["planned"], accepted=accepted,
        failed=states.get("failed", 0), suppressed=states.get("suppressed", 0), unknown=states.get("unknown", 0),
        open=OpenCounts(**{state: states.get(state, 0) for state in ("planned", "permitted", "handing_off")}),
        reasons=[ReasonCount(**entry) for entry in counts["reasons"]], waiting_until=counts["waiting_until"], opens=opens, clicks=clicks,
        responded=counts["responded"], responded_automated_only=counts["responded_automated_only"],
        open_rate=opens.messages / accepted if accepted else None, click_through_rate=clicks.messages / accepted if accepted else None,
        outcome=outcome,
        delivery=Delivery(code="delivery.configured", message="Messages are handed over.") if configured
        else Delivery(code="delivery.not_configured", message="Nobody takes messages of this channel: they stay planned until ECRM_CAMPAIGN_SMTP_URL names a mail server, ECRM_CAMPAIGN_PROVIDERS a provider."),
    )


def _responses(counts: dict[str, Any], kind: str) -> Responses:
    by = {entry["automated"]: entry for entry in counts["responses"] if entry["kind"] == kind}
    people, machines = by.get(False, {}), by.get(True, {})
    return Responses(
        messages=people.get("messages", 0), visits=people.get("visits", 0), automated_messages=machines.get("messages", 0),
        automated_visits=machines.get("visits", 0),
    )

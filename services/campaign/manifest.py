"""The campaign service: what it hears, runs and owns."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chassis.calling_out import Outside
from chassis.manifest import Manifest
from chassis.reacting import Subscription
from chassis.scheduling import Job
from contracts.analytics import CostBooked, ScoreChanged, SegmentEntered, SegmentLeft, SpendStated
from contracts.campaign import MessageClicked
from contracts.consent import ConsentWithdrawn
from contracts.interaction import (
    BounceReceived,
    CaseResolved,
    ComplaintReceived,
    OrderPlaced,
    OrderRefunded,
    OrderUpdated,
    ReplyReceived,
    SurveyAnswered,
)
from services.campaign import api, jobs, reactions
from services.campaign.commands import opening
from services.campaign.domain.journeys.heard import HEARD
from services.campaign.outbound.rendering import Renderers
from services.campaign.queries.holding import HOLDINGS, KEPT
from services.campaign.queries.rebuilding import REBUILT
from services.campaign.settings import CampaignResources, CampaignService, CampaignSettings
from services.campaign.tables import CampaignTable


@asynccontextmanager
async def open_resources(service: CampaignService) -> AsyncIterator[CampaignResources]:
    """Rendering processes, and a way out for every channel that has one."""
    settings = service.settings
    signer = opening.signer(settings)
    rates, languages = opening.rates(settings.domain_rates), opening.languages(settings.languages)
    async with (
        Renderers(workers=settings.render_workers) as renderers, Renderers(workers=1) as quick,
        Outside(private_networks=service.platform.private_networks) as outside,
    ):
        carriers = opening.carriers(service, outside)
        try:
            yield CampaignResources(
                renderers=renderers, quick_renderers=quick, carriers=carriers, outside=outside, signer=signer, domain_rates=rates, languages=languages,
            )
        finally:
            for carrier in carriers.values():
                await carrier.close()


MANIFEST = Manifest(
    name="campaign",
    settings=CampaignSettings,
    migrations="services.campaign.migrations",
    tables=CampaignTable.metadata,
    routers=api.ROUTERS,
    subscriptions=(
        Subscription("recipients", ("ecrm.state.profile",), batch=reactions.on_profiles, linger=0.25),
        Subscription("erasures", ("ecrm.state.erasure",), batch=reactions.on_erasures),
        Subscription("consent", ("ecrm.consent",), linger=0.1, facts={ConsentWithdrawn: reactions.on_consent_withdrawn}),
        Subscription(
            "bounces", ("ecrm.interaction.facts",), linger=0.1,
            facts={
                BounceReceived: reactions.on_bounce_received, ComplaintReceived: reactions.on_complaint_received,
                ReplyReceived: reactions.on_reply_received,
            },
        ),
        Subscription("identities", ("ecrm.state.identity",), batch=reactions.on_identities, linger=0.25),
        Subscription(
            "orders", ("ecrm.interaction.facts",), linger=0.1,
            facts={
                OrderPlaced: reactions.on_order, OrderUpdated: reactions.on_order, OrderRefunded: reactions.on_order,
                CaseResolved: reactions.on_case_resolved, SurveyAnswered: reactions.on_survey_answered,
            },
        ),
        Subscription("scores", ("ecrm.analytics",), linger=0.25, facts={ScoreChanged: reactions.on_score_changed, CostBooked: reactions.on_cost_booked, SpendStated: reactions.on_spend_stated}),
        Subscription("said_consent", ("ecrm.state.consent",), batch=reactions.on_said_consent, linger=0.25),
        Subscription("triggers", ("ecrm.interaction",), batch=reactions.on_events, wanted=reactions.wants_events, linger=0.25),
        Subscription(
            "facts", ("ecrm.interaction.facts",), wanted=reactions.wants_facts, linger=0.25,
            facts=dict.fromkeys((fact for fact in HEARD if fact is not MessageClicked), reactions.on_heard),
        ),
        Subscription(
            "memberships", ("ecrm.analytics",), linger=0.25,
            facts={SegmentEntered: reactions.on_segment_entered, SegmentLeft: reactions.on_segment_left},
        ),
    ),
    jobs=(
        Job("plan_audiences", 1.0, jobs.plan_audiences),
        Job("send_messages", 1.0, jobs.send_messages, exclusive=False),
        Job("send_next", 1.0, jobs.send_messages, exclusive=False),  # makes a batch ready while the other one hands its own over
        Job("send_transactional", 0.1, jobs.send_transactional, exclusive=False),
        Job("sweep", 1.0, jobs.sweep),
        Job("fetch_feeds", 15.0, jobs.fetch_feeds),
        Job("look_at_orders", 0.5, jobs.look_at_orders),
        Job("sweep_programmes", 5.0, jobs.sweep_programmes),
        Job("run_programmes", 1.0, jobs.run_programmes, exclusive=False),
        Job("escalate_bad_answers", 5.0, jobs.escalate_bad_answers),
        Job("tell_interactions", 1.0, jobs.tell_interactions),
        Job("judge_experiments", 15.0, jobs.judge_experiments),
        Job("expire_points", 30.0, jobs.expire_points),
        Job("book_reward_costs", 5.0, jobs.book_reward_costs),
        Job("bring_events", 0.5, jobs.bring_events),
        Job("run_journeys", 1.0, jobs.run_journeys, exclusive=False),
        Job("run_errands", 1.0, jobs.run_errands),
        Job("run_backtests", 2.0, jobs.run_backtests),
        Job("look_for_occasions", 60.0, jobs.look_for_occasions),
    ),
    holdings=HOLDINGS,
    kept=KEPT,
    rebuilt=REBUILT,
    open=open_resources,
)

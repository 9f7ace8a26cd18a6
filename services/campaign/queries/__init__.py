"""One function per read."""

from __future__ import annotations

from services.campaign.queries.audiences import estimate, get_list, list_list_members, list_lists
from services.campaign.queries.backtests import get_backtest, list_backtest_messages, list_backtests
from services.campaign.queries.blocks import get_block, get_feed, list_blocks
from services.campaign.queries.campaigns import get_campaign, get_report, list_campaigns
from services.campaign.queries.checking import Finding as CheckFinding
from services.campaign.queries.checking import check_campaign, check_domain, check_template
from services.campaign.queries.customising import get_configurable, get_customised, list_configurables, list_customised
from services.campaign.queries.deciding import get_site_figures, get_site_message, list_site_messages
from services.campaign.queries.experiments import (
    Outcome,
    Watched,
    get_experiment,
    get_outcome,
    list_experiments,
    reckon_effect,
    size_test,
)
from services.campaign.queries.explaining import Decision, explain
from services.campaign.queries.explaining_journeys import JourneyDecision, explain_journey
from services.campaign.queries.journeys import (
    get_journey,
    get_journey_figures,
    get_journey_person,
    list_journey_people,
    list_journey_versions,
    list_journeys,
)
from services.campaign.queries.messages import (
    get_message,
    get_suppression,
    list_campaign_messages,
    list_customer_messages,
    list_handed_off,
    list_waiting,
)
from services.campaign.queries.playbooks import (
    Chosen,
    Listed,
    choose_playbooks,
    get_playbook,
    list_playbooks,
    list_runs,
)
from services.campaign.queries.pressure import SETTLED, count_capped, get_annoyance, get_person, get_policy
from services.campaign.queries.programme_reports import get_programme_report, spread_budget, suggest
from services.campaign.queries.programmes import (
    audit_points,
    get_group_sales,
    get_programme,
    get_redemption,
    get_standing,
    get_statement,
    list_group_members,
    list_groups,
    list_members,
    list_programmes,
    list_redemptions,
    list_rewards,
)
from services.campaign.queries.templates import get_template, list_templates, preview

__all__ = [
    "SETTLED",
    "CheckFinding",
    "Chosen",
    "Decision",
    "Finding",
    "JourneyDecision",
    "Listed",
    "Outcome",
    "Watched",
    "audit_points",
    "check_campaign",
    "check_domain",
    "check_template",
    "choose_playbooks",
    "count_capped",
    "estimate",
    "explain",
    "explain_journey",
    "get_annoyance",
    "get_backtest",
    "get_block",
    "get_campaign",
    "get_configurable",
    "get_customised",
    "get_experiment",
    "get_feed",
    "get_group_sales",
    "get_journey",
    "get_journey_figures",
    "get_journey_person",
    "get_list",
    "get_message",
    "get_outcome",
    "get_person",
    "get_playbook",
    "get_policy",
    "get_programme",
    "get_programme_report",
    "get_redemption",
    "get_report",
    "get_site_figures",
    "get_site_message",
    "get_standing",
    "get_statement",
    "get_suppression",
    "get_template",
    "list_backtest_messages",
    "list_backtests",
    "list_blocks",
    "list_campaign_messages",
    "list_campaigns",
    "list_configurables",
    "list_customer_messages",
    "list_customised",
    "list_experiments",
    "list_group_members",
    "list_groups",
    "list_handed_off",
    "list_journey_people",
    "list_journey_versions",
    "list_journeys",
    "list_list_members",
    "list_lists",
    "list_members",
    "list_playbooks",
    "list_programmes",
    "list_redemptions",
    "list_rewards",
    "list_runs",
    "list_site_messages",
    "list_templates",
    "list_waiting",
    "preview",
    "reckon_effect",
    "size_test",
    "spread_budget",
    "suggest",
]

"""One function per read."""

from __future__ import annotations

from services.campaign.queries.campaigns import get_campaign, get_report, list_campaigns
from services.campaign.queries.explaining import Decision, Finding, explain
from services.campaign.queries.messages import (
    get_suppression,
    list_campaign_messages,
    list_customer_messages,
    list_handed_off,
)
from services.campaign.queries.templates import get_template, list_templates, preview

__all__ = [
    "Decision",
    "Finding",
    "explain",
    "get_campaign",
    "get_report",
    "get_suppression",
    "get_template",
    "list_campaign_messages",
    "list_campaigns",
    "list_customer_messages",
    "list_handed_off",
    "list_templates",
    "preview",
]

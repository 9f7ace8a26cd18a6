"""Door 1: HTTP."""

from __future__ import annotations

from services.campaign.api import campaigns, communities, messages, programmes, rewards, suppressions, templates, visits

ROUTERS = (templates.router, campaigns.router, messages.router, suppressions.router, visits.router, rewards.router, communities.router, programmes.router)

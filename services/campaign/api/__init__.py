"""Door 1: HTTP."""

from __future__ import annotations

from services.campaign.api import campaigns, messages, templates, visits

ROUTERS = (templates.router, campaigns.router, messages.router, visits.router)

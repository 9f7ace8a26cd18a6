"""Door 1: HTTP."""

from __future__ import annotations

from services.campaign.api import (
    actions,
    blocks,
    campaigns,
    communities,
    deciding,
    experiments,
    journeys,
    lists,
    messages,
    pressure,
    programmes,
    rewards,
    suppressions,
    templates,
    visits,
)

ROUTERS = (
    templates.router, campaigns.router, lists.router, messages.router, suppressions.router, visits.router,
    rewards.router, communities.router, programmes.router, actions.router, experiments.router, deciding.router,
    blocks.router,
    pressure.router, journeys.grammar, journeys.router,
)

"""Door 1: HTTP."""

from __future__ import annotations

from services.campaign.api import (
    actions,
    backtests,
    blocks,
    campaigns,
    communities,
    customising,
    deciding,
    experiments,
    journeys,
    lists,
    messages,
    playbooks,
    pressure,
    programme_reports,
    programmes,
    rewards,
    suppressions,
    templates,
    visits,
)

ROUTERS = (
    templates.router, campaigns.router, lists.router, messages.router, suppressions.router, visits.router,
    rewards.router, communities.router, programme_reports.router, programmes.router, actions.router, experiments.router, deciding.router,
    blocks.router, playbooks.router, customising.router,
    pressure.router, journeys.grammar, journeys.router, backtests.router,
)

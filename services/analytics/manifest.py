"""What the analytics service is made of."""

from __future__ import annotations

from chassis.manifest import Manifest
from chassis.reacting import Subscription
from chassis.scheduling import Job
from services.analytics import jobs, reactions
from services.analytics.api import (
    backtests,
    baskets,
    clicks,
    comparing,
    computed,
    costs,
    economics,
    figures,
    freshness,
    models,
    publishing,
    reports,
    segments,
    selections,
    strategy,
)
from services.analytics.commands import loading
from services.analytics.queries.holding import HOLDINGS, KEPT
from services.analytics.settings import AnalyticsSettings
from services.analytics.tables import AnalyticsTable

MANIFEST = Manifest(
    name="analytics",
    settings=AnalyticsSettings,
    migrations="services.analytics.migrations",
    tables=AnalyticsTable.metadata,
    routers=(
        backtests.router, baskets.router, economics.router, segments.router, figures.router, costs.router, computed.router, clicks.router, publishing.router, strategy.router, models.router, selections.router,
        reports.router, comparing.router, freshness.router,
    ),
    subscriptions=(Subscription(reader=reactions.READER, topics=reactions.TOPICS, keeper=reactions.on_facts, max_records=4000, linger=0.5),),
    jobs=(
        Job("evaluate_segments", 1.0, jobs.evaluate_segments),
        Job("recompute_scores", 10.0, jobs.recompute_scores),
        Job("compute_traits", 3.0, jobs.compute_traits),
        Job("acknowledge_erasures", 2.0, jobs.acknowledge_erasures),
        Job("fit_models", 1.0, jobs.fit_models),
        Job("drop_withdrawn", 2.0, jobs.drop_withdrawn),
        Job("make_reports", 5.0, jobs.make_reports),
        Job("mail_reports", 1.0, jobs.mail_reports),
        Job("watch_ages", 30.0, jobs.watch_ages),
        Job("watch_profiles", 900.0, jobs.watch_profiles),
        Job("tidy", 5.0, jobs.tidy),
    ),
    holdings=HOLDINGS,
    kept=KEPT,
    open=loading.open_warehouse,
)

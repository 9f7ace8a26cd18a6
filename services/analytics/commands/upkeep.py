"""What keeps the stores small and fast."""

from __future__ import annotations

from datetime import timedelta

from services.analytics.settings import AnalyticsService
from services.analytics.store import memberships, reports


async def tidy(service: AnalyticsService) -> None:
    """Fold the warehouse's log into its file when nothing is being loaded; drop frozen audiences and runs of reports that have expired."""
    await service.resources.checkpoint_when_idle()
    async with service.transaction() as tx:
        await memberships.drop_expired_snapshots(tx.db, now=service.clock.now())
        await reports.drop_runs(tx.db, before=service.clock.now() - timedelta(days=service.settings.report_days))

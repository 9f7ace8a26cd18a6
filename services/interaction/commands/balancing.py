"""Comparing what collectors accepted with what became of it, once the last stragglers should be through."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from chassis import telemetry
from services.interaction.domain import balancing
from services.interaction.settings import InteractionService
from services.interaction.store import intake

#: When a minute is compared for the first and for the last time.
AFTER: Final = timedelta(minutes=5)
UNTIL: Final = timedelta(hours=2)
KEPT: Final = timedelta(days=90)

MISSING: Final = telemetry.gauge("ecrm_intake_missing_events", "Events accepted 5 minutes to 2 hours ago that have not become anything")

_log = telemetry.logger(__name__)


async def balance_intake(service: InteractionService) -> None:
    """Raise the alarm, a metric and a line of the log, for minutes of which something is missing; forget old counters."""
    now = service.clock.now()
    async with service.transaction() as tx:
        minutes = [balancing.minute(dict(row)) for row in await intake.list_minutes(tx.db, since=now - UNTIL, until=now - AFTER)]
        await intake.delete_older(tx.db, now - KEPT)
    missing = [each for each in minutes if each["state"] == balancing.MISSING]
    MISSING.set(sum(max(each["told"] - each["accepted"], 1) for each in missing))
    for each in missing:
        _log.error("intake_missing", source_id=each["source"], minute=each["minute"].isoformat(), told=each["told"], accepted=each["accepted"])

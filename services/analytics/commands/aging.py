"""Tell what has become too old, and what is in time again."""

from __future__ import annotations

from collections.abc import Sequence

from chassis import telemetry
from contracts.analytics import KnowledgeAged
from services.analytics.domain.ages import Age
from services.analytics.settings import AnalyticsService
from services.analytics.store import ages

OLDEST = telemetry.gauge("ecrm_knowledge_age_seconds", "Age of the oldest of what is known, by kind", ("kind",))
OVER = telemetry.gauge("ecrm_knowledge_over_limit", "How many of what is known are older than their limit, by kind", ("kind",))
_log = telemetry.logger(__name__)


async def note_ages(service: AnalyticsService, *, found: Sequence[Age]) -> int:
    """Once when a limit is passed and once when it is kept again; what is gone is forgotten. Returns how many were told."""
    now, told = service.clock.now(), 0
    for kind in {one.kind for one in found}:
        OLDEST.labels(kind).set(max((one.age_s or 0.0 for one in found if one.kind == kind), default=0.0))
        OVER.labels(kind).set(sum(one.over for one in found if one.kind == kind))
    looked_at = {one.kind for one in found}
    async with service.transaction() as tx:
        names = {(one.kind, one.name) for one in found}
        for kind, name in await ages.told(tx.db):
            if kind in looked_at and (kind, name) not in names:
                await ages.note(tx.db, kind=kind, name=name, over=False, now=now)
        for one in found:
            if not await ages.note(tx.db, kind=one.kind, name=one.name, over=one.over, now=now):
                continue
            told += 1
            _log.warning("knowledge_aged", service=service.name, kind=one.kind, state="over" if one.over else "in_time")
            tx.tell(
                KnowledgeAged(
                    subject=f"{one.kind}/{one.name}", kind=one.kind, name=one.name, age_s=round(one.age_s or 0.0, 1), limit_s=one.limit_s, over=one.over, noted_at=now,
                )
            )
    return told

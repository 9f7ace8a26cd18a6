"""Recompute scores; changes are told."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from contracts.analytics import ScoreChanged
from services.analytics.commands import frames
from services.analytics.domain.models import ruling
from services.analytics.settings import AnalyticsService
from services.analytics.store import evaluating, models, score_sql, scores
from services.analytics.store.score_sql import Scored, Thresholds

CHUNK: Final = 5_000
HOUR: Final = 3600


async def keep_scores_current(service: AnalyticsService) -> int:
    """Recompute when something came in that could change them, and once an hour because time goes on."""
    newest = await service.resources.read(score_sql.newest)
    seq, at = service.resources.scored
    rules = service.resources.rules_set
    if newest == seq and service.clock.monotonic() - at < HOUR:
        return 0
    changed = await recompute_scores(service)
    # Rules that were set meanwhile may not have been read: then all is computed once more.
    service.resources.scored = (newest if service.resources.rules_set == rules else -1, service.clock.monotonic())
    return changed


async def recompute_scores(service: AnalyticsService) -> int:
    """Compare every buyer's scores with the stored ones; returns how many customers changed.

    PostgreSQL is written and told first, the warehouse after: a crash between leads to the same comparison again, and values that
    are stored already are not told twice.
    """
    now = service.clock.now()
    currency, zone = await evaluating.reporting_currency(service.resources, service.settings.reporting_currency), service.settings.time_zone
    by_days = service.settings.frequency == "days"
    year = (await frames.setting(service)).year
    async with service.read() as db:
        cuts, stage = await models.rules(db, "rfm"), await models.rules(db, "stage")
    thresholds = Thresholds(**{**ruling.DEFAULTS["rfm"], **ruling.DEFAULTS["stage"], **(cuts["rules"] if cuts else {}), **(stage["rules"] if stage else {})})
    rows, gone = await service.resources.read(
        lambda connection: score_sql.changed(
            connection, as_of=now, currency=currency, zone=zone, by_days=by_days, thresholds=thresholds, year=year
        )
    )
    for start in range(0, len(rows), CHUNK):
        await _write(service, rows[start : start + CHUNK], currency=currency, now=now)
    for start in range(0, len(gone), CHUNK):
        await _remove(service, gone[start : start + CHUNK], now=now)
    if rows or gone:
        await service.resources.write(lambda connection: score_sql.keep(connection, rows, gone))
    return len(rows) + len(gone)


async def _write(service: AnalyticsService, rows: list[Scored], *, currency: str, now: datetime) -> None:
    customers = [UUID(row.customer_id) for row in rows]
    figures = [
        {
            "r": row.r, "f": row.f, "m": row.m, "recency_days": row.recency_days, "purchase_days": row.purchase_days, "orders": row.orders,
            "monetary_minor": row.monetary_minor, "currency": currency,
        }
        for row in rows
    ]
    async with service.transaction() as tx:
        for score, values in (("rfm", [f"{row.r}{row.f}{row.m}" for row in rows]), ("stage", [row.stage for row in rows])):
            parts = figures if score == "rfm" else [_stage_parts(row) for row in rows]
            for change in await scores.put_scores(tx.db, score=score, customers=customers, values=values, parts=parts, at=now):
                tx.tell(
                    ScoreChanged(customer_id=str(change.customer_id), score=score, value=change.value, previous=change.previous, changed_at=now)
                )


def _stage_parts(row: Scored) -> dict[str, object]:
    reason = "enough orders and enough profit within 365 days" if row.stage == "retain" else "has ordered, but too few orders or too little profit within 365 days"
    return {"orders": row.orders, "reasons": [f"{reason} (rules: /api/v1/models/stage/rules)"]}


async def _remove(service: AnalyticsService, gone: list[UUID], *, now: datetime) -> None:
    async with service.transaction() as tx:
        for customer, score, value in await scores.remove_scores(tx.db, gone, at=now):
            after = "acquire" if score == "stage" else ""
            tx.tell(ScoreChanged(customer_id=str(customer), score=score, value=after, previous=value, changed_at=now))

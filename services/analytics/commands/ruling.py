"""Thresholds of RFM, stage and tier: set by people, kept as versions, followed at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from services.analytics import errors
from services.analytics.commands import fitting
from services.analytics.domain.models import ruling
from services.analytics.settings import AnalyticsService
from services.analytics.store import models, selections


async def set_rules(service: AnalyticsService, *, kind: str, rules: dict[str, Any], by: str) -> int:
    """A new version of a kind's rules; customers are judged by it within seconds. Raises Invalid."""
    if kind == "rfm":
        try:
            ruling.check_cuts(rules)
        except ruling.BadRules as error:
            raise errors.bad_rules(error.pointer, error.message) from None
    async with service.transaction() as tx:
        version = await models.put_rules(tx.db, kind=kind, given=rules, at=service.clock.now(), by=by)
    if kind == "tier":
        await recompute_tiers(service)
    else:
        # The next round computes all scores anew.
        service.resources.rules_set += 1
        service.resources.scored = (-1, 0.0)
    return version


async def recompute_tiers(service: AnalyticsService) -> int:
    """The investment tier of everybody with a future value; returns how many have one."""
    async with service.read() as db:
        futures = await selections.futures(db)
        found = await models.rules(db, "tier")
    rules, version = (found["rules"], found["version"]) if found else (ruling.DEFAULTS["tier"], 0)
    cut = ruling.high_from([future for _, future in futures], rules["high_share"])

    def rows() -> Iterator[tuple[str, dict[str, Any]]]:
        for customer, future in futures:
            verdict = ruling.tier(future, cut=cut, rules=rules)
            parts = {
                "future_minor": round(future), "high_from_minor": round(cut), "touch_cost_minor": rules["touch_cost_minor"],
                "high_share": rules["high_share"], "rules_version": version, "reasons": [verdict.reason],
            }
            yield str(customer), {"value": verdict.word, "number": round(future), "parts": parts}

    return await fitting.write_scores(service, score="tier", rows=rows())

"""Models, their versions and fits, rankings and histories of scores."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from services.analytics import errors
from services.analytics.domain.models import asking, equity_scenario, ruling
from services.analytics.settings import AnalyticsService
from services.analytics.store import evaluating, models, selections


async def list_models(service: AnalyticsService) -> list[dict[str, Any]]:
    """Every kind with what it answers, its methods, and the versions in use."""
    async with service.read() as db:
        used = await models.models_in_use(db)
    return [
        {
            "kind": kind.name, "question": kind.question, "methods": kind.methods, "needs": kind.needs, "takes": kind.takes, "score": kind.score,
            "in_use": [one for one in used if one["kind"] == kind.name],
        }
        for kind in asking.KINDS.values()
    ]


async def get_fit(service: AnalyticsService, *, kind: str, fit_id: UUID) -> dict[str, Any]:
    """How far a fit is, or what came out. Raises Unknown."""
    _kind(kind)
    async with service.read() as db:
        found = await models.find_fit(db, fit_id)
    if found is None or found["kind"] != kind:
        raise errors.unknown_fit()
    return found


async def list_versions(service: AnalyticsService, *, kind: str, name: str) -> list[dict[str, Any]]:
    """The newest first, each with quality, explanation and how it compared. Raises Unknown."""
    _kind(kind)
    async with service.read() as db:
        return await models.versions(db, kind=kind, name=name)


async def get_version(service: AnalyticsService, *, kind: str, name: str, version: int) -> dict[str, Any]:
    """Raises Unknown."""
    for one in await list_versions(service, kind=kind, name=name):
        if one["version"] == version:
            return one
    raise errors.unknown_version()


async def rank(
    service: AnalyticsService, *, score: str, value: str | None, ascending: bool, start: int, limit: int
) -> list[dict[str, Any]]:
    """Customers by a score, with rank and share of the total."""
    async with service.read() as db:
        return await models.ranked(db, score=score, value=value, start=start, limit=limit, ascending=ascending)


async def count_scores(service: AnalyticsService, *, score: str, days: int) -> dict[str, Any]:
    """Customers by the score's value, and the transitions of the last days."""
    now = service.clock.now()
    async with service.read() as db:
        groups, moves = await models.counted(db, score=score, since=now - timedelta(days=days))
    return {"score": score, "groups": groups, "transitions": moves, "since": now - timedelta(days=days), "as_of": now}


async def get_history(service: AnalyticsService, *, customer_id: UUID, score: str | None, limit: int) -> list[dict[str, Any]]:
    """Dated transitions of a customer's scores, the newest first."""
    answering = await service.resources.read(lambda connection: evaluating.survivor(connection, customer_id)) or customer_id
    async with service.read() as db:
        return await models.history(db, answering, score=score, limit=limit)


def score_of(kind: str, name: str) -> str:
    """The name of a model's score. Raises Unknown."""
    if kind in ruling.DEFAULTS:
        return kind
    _kind(kind)
    return asking.score_name(kind, name)


async def get_rules(service: AnalyticsService, *, kind: str) -> dict[str, Any]:
    """The thresholds of rfm, stage or tier and what they mean. Raises Unknown."""
    if kind not in ruling.DEFAULTS:
        raise errors.no_rules(sorted(ruling.DEFAULTS))
    async with service.read() as db:
        found = await models.rules(db, kind)
    if found is None:
        found = {"version": 0, "rules": ruling.DEFAULTS[kind], "set_at": None, "set_by": "default"}
    return {"kind": kind, "meaning": ruling.READABLE[kind], **found}


async def value_of_base(
    service: AnalyticsService, *, retention_points: float, margin_percent: float, acquisition_percent: float
) -> dict[str, Any]:
    """The sum of all future values, its index against the first version, and what would follow from a change."""
    async with service.read() as db:
        versions = await models.versions(db, kind="lifetime", name="default", limit=200)
        equity = await selections.total(db, "lifetime")
    used = next((one for one in versions if one["in_use"]), None)
    if used is None:
        return {"value_minor": None, "reason": "not enough data: fit the model lifetime first", "as_of": service.clock.now()}
    first = versions[-1]["explanation"].get("customer_equity")
    explanation = used["explanation"]
    return {
        "value_minor": round(equity), "index": equity / first if first else None, "model_version": used["version"], "fitted_at": used["ended_at"],
        "months": explanation["months"], "discount": explanation["discount"], "margin": explanation["margin"], "as_of": service.clock.now(), "reason": None,
        "what_if": equity_scenario.scenario(
            equity, months=explanation["months"], discount=explanation["discount"], retention_points=retention_points, margin_percent=margin_percent,
            acquisition_percent=acquisition_percent,
        ),
    }


def _kind(kind: str) -> None:
    if kind not in asking.KINDS:
        raise errors.unknown_model(sorted(asking.KINDS))



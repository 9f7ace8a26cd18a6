"""How old what is known is: profiles, segments and scores against their limits."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from services.analytics.domain.ages import Age
from services.analytics.queries import measuring
from services.analytics.settings import AnalyticsService
from services.analytics.store import ages, computing, definitions, models


async def get_freshness(service: AnalyticsService) -> dict[str, Any]:
    """Every age with its limit, and how old the profiles are."""
    found = await list_ages(service)
    limit = timedelta(days=service.settings.age_profile_days)
    profiles = await service.resources.read(lambda connection: ages.profiles(connection, now=service.clock.now(), limit=limit))
    found.append(_of_profiles(profiles, limit))
    async with service.read() as db:
        alarms = await ages.told(db)
    return {
        "as_of": service.clock.now(), "data_age_s": measuring.data_age(service), "profiles": profiles | {"limit_s": limit.total_seconds()},
        "data": [one._asdict() | {"over": one.over, "told_since": alarms.get((one.kind, one.name))} for one in found],
    }


async def list_ages(service: AnalyticsService, *, profiles: bool = False) -> list[Age]:
    """Segments by when everybody was last evaluated, scores by when they were last worked out; `profiles` reads every fact."""
    settings, now, warehouse = service.settings, service.clock.now(), service.resources
    async with service.read() as db:
        known, traits, used = await definitions.active_segments(db), await computing.active_traits(db), await models.models_in_use(db)
    segment, score, model = settings.age_segment_minutes * 60.0, settings.age_score_hours * 3600.0, settings.age_model_days * 86400.0
    found = [
        Age("segment", one["name"], _since(now, one["evaluated_at"] or one["created_at"]), segment) for one in known if one["kind"] != "list"
    ]
    scored = _idle(service, warehouse.scored[1])
    found += [Age("score", name, scored, score) for name in ("rfm", "stage")]
    computed = _idle(service, warehouse.computed[1])
    found += [Age("score", f"computed:{one['name']}", computed, score) for one in traits]
    found += [Age("score", f"{one['kind']}/{one['name']}", _since(now, one["ended_at"]), model) for one in used]
    if profiles:
        limit = timedelta(days=settings.age_profile_days)
        found.append(_of_profiles(await warehouse.read(lambda connection: ages.profiles(connection, now=now, limit=limit)), limit))
    return found


async def get_profile_age(service: AnalyticsService, *, customer: Any) -> dict[str, Any]:
    """When the last fact of one customer happened, how long ago, and whether that is above the limit."""
    now, limit = service.clock.now(), service.settings.age_profile_days * 86400.0
    last = await service.resources.read(lambda connection: ages.last_fact(connection, customer))
    age = None if last is None else _since(now, last)
    return {"last_fact_at": last, "age_s": age, "limit_s": limit, "over": age is not None and age > limit}


def _of_profiles(found: dict[str, Any], limit: timedelta) -> Age:
    """The age that half of the profiles are below of: over the limit when more than half are."""
    return Age("profiles", "all", found["median_s"], limit.total_seconds())


def _since(now: datetime, moment: datetime | None) -> float | None:
    return None if moment is None else max(0.0, (now - moment).total_seconds())


def _idle(service: AnalyticsService, moment: float) -> float | None:
    return max(0.0, service.clock.monotonic() - moment) if moment else None

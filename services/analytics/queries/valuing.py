"""Lifetime value in sum: by segment, cohort and channel, with the customers behind each figure."""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from uuid import UUID

from services.analytics import errors
from services.analytics.domain import calendars
from services.analytics.domain.models import asking
from services.analytics.settings import AnalyticsService
from services.analytics.store import models, values

FORMULA: Final = (
    "sum of what customers carry: lcv = past + future, past = profit up to the fit, future = sum over months k of X_k V margin / (1 + discount)^((k - 0.5)/12); "
    "net = lcv less traced acquisition cost. By segment: its members (somebody may be in several). By cohort: the month of the first order. By channel: who won "
    "the customer, as for cac"
)
_SUMS: Final = ("customers", "lcv_minor", "past_minor", "future_minor", "net_minor")


async def get_values(service: AnalyticsService, *, by: str | None, calendar: str, name: str) -> dict[str, Any]:
    """The sums and means of everybody and of each group; null with a reason without a model."""
    score = asking.score_name("lifetime", name)
    async with service.read() as db:
        used = next((one for one in await models.models_in_use(db) if one["kind"] == "lifetime" and one["name"] == name), None)
        whole = await values.total(db, score)
        groups = await _groups(db, score, by, calendar)
    return {
        "by": by, "calendar": calendar, "formula": FORMULA, "as_of": service.clock.now(), "reason": None if used else "not enough data: fit the model lifetime first",
        "model_version": used["version"] if used else None, "fitted_at": used["ended_at"] if used else None, **_figures(whole),
        "groups": [{"key": one["key"], "label": one["label"], **_figures(one)} for one in groups],
    }


async def _groups(db: Any, score: str, by: str | None, calendar: str) -> list[dict[str, Any]]:
    if by == "segment":
        return await values.by_segment(db, score)
    if by == "channel":
        return await values.by_channel(db, score)
    return _months(await values.by_first_day(db, score), calendar) if by == "cohort" else []


def _months(days: list[dict[str, Any]], calendar: str) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for one in days:
        label = label_of(date.fromisoformat(one["key"]), calendar)
        group = found.setdefault(label, {"key": label, "label": label} | dict.fromkeys(_SUMS, 0))
        for name in _SUMS:
            group[name] += one[name]
    return [found[label] for label in sorted(found)]


def label_of(day: date, calendar: str) -> str:
    """The month of a day."""
    start = calendars.month_start(day, calendar)
    return calendars.months(start, calendars.month_start(start, calendar, shift=1), calendar)[0].label


def _figures(one: dict[str, Any]) -> dict[str, Any]:
    count = one["customers"]
    return {name: one[name] for name in _SUMS} | {
        "mean_lcv_minor": one["lcv_minor"] / count if count else None, "mean_future_minor": one["future_minor"] / count if count else None,
    }


async def page_rows(
    service: AnalyticsService, *, by: str | None, group: str | None, calendar: str, name: str, after: UUID, limit: int
) -> list[dict[str, Any]]:
    """The customers behind a figure, or behind one group of it. Raises Invalid for a group that is none."""
    segment, days, channel = None, None, None
    try:
        if group is not None and by == "segment":
            segment = UUID(group)
        elif group is not None and by == "cohort":
            first = calendars.read_day(f"{group}-01", calendar)
            days = (str(first), str(calendars.month_start(first, calendar, shift=1)))
        elif group is not None and by == "channel":
            channel = group
        elif group is not None:
            raise ValueError
    except ValueError:
        raise errors.bad_grouping(["segment", "cohort", "channel"]) from None
    async with service.read() as db:
        return await values.rows(
            db, asking.score_name("lifetime", name), after=after, limit=limit, segment_id=segment, days=days, won_by=channel
        )

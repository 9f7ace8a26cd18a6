"""What a report finds now, and what was found before."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.errors import Refusal, Unavailable
from services.analytics import errors
from services.analytics.domain import calendars
from services.analytics.queries import measuring, publishing
from services.analytics.settings import AnalyticsService
from services.analytics.store import definitions, memberships, reports


async def list_reports(service: AnalyticsService) -> list[dict[str, Any]]:
    async with service.read() as db:
        return await reports.list_reports(db)


async def get_report(service: AnalyticsService, *, report_id: UUID) -> dict[str, Any]:
    """Raises Unknown."""
    async with service.read() as db:
        found = await reports.find_report(db, report_id)
    if found is None:
        raise errors.unknown_report()
    return found


async def list_runs(service: AnalyticsService, *, report_id: UUID, limit: int) -> list[dict[str, Any]]:
    """The newest first. Raises Unknown."""
    await get_report(service, report_id=report_id)
    async with service.read() as db:
        return await reports.list_runs(db, report_id=report_id, limit=limit)


async def get_run(service: AnalyticsService, *, report_id: UUID, run_id: UUID) -> dict[str, Any]:
    """One run with its answers and mails. Raises Unknown."""
    async with service.read() as db:
        found = await reports.find_run(db, report_id=report_id, run_id=run_id)
    if found is None:
        raise errors.unknown_run()
    return found


async def check(service: AnalyticsService, *, questions: list[dict[str, Any]]) -> None:
    """Ask every question once, so that none fails in the night. Raises Invalid with the number of the figure, Unavailable."""
    for number, question in enumerate(questions):
        try:
            await ask(service, question, service.clock.now())
        except Unavailable:
            raise
        except Refusal as refusal:
            raise errors.bad_figure(number, refusal) from None


async def answer(service: AnalyticsService, questions: list[dict[str, Any]], at: datetime) -> tuple[dict[str, float | None], list[dict[str, Any]]]:
    """(numbers by key, whole answers). A question that cannot be answered now says why in its place; the others are answered."""
    figures: dict[str, float | None] = {}
    answers: list[dict[str, Any]] = []
    for question in questions:
        try:
            value, found = await ask(service, question, at)
        except Refusal as refusal:
            value, found = None, {"refused": refusal.code, "detail": refusal.message}
        figures[question["key"]] = value
        answers.append({"key": question["key"], **found})
    return figures, answers


async def ask(service: AnalyticsService, question: dict[str, Any], at: datetime) -> tuple[float | None, dict[str, Any]]:
    """(the number, the whole answer) of one question. Raises what its endpoint refuses."""
    if question["sql"] is not None:
        found = await publishing.ask(service, sql=question["sql"], parameters=[], limit=question["limit"])
        first = found["rows"][0][0] if found["rows"] and found["rows"][0] else None
        return (float(first) if isinstance(first, int | float) and not isinstance(first, bool) else None), found
    if question["metric"] is not None:
        first_day, last_day = _window(service, question["days"], at)
        wish = measuring.Wish(
            first=first_day, last=last_day, by=question["by"], market=question["market"], segment_id=question["segment"], trend=question["trend"],
        )
        whole = await measuring.get_metric(service, name=question["metric"], wish=wish)
        value = whole["value"]
        return (None if value is None else float(value)), json.loads(json.dumps(whole, default=_plain))
    async with service.read() as db:
        segment = await definitions.find_segment(db, UUID(question["segment"]))
        if segment is None:
            raise errors.unknown_segment()
        size = len(await memberships.members_of(db, UUID(question["segment"])))
    return float(size), {"segment": question["segment"], "name": segment["name"], "members": size}


def _window(service: AnalyticsService, days: int | None, at: datetime) -> tuple[str | None, str | None]:
    if days is None:
        return None, None
    last = calendars.today(at, service.settings.time_zone)
    return str(last - timedelta(days=days)), str(last)


def _plain(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)

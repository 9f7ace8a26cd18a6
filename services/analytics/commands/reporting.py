"""Reports: defined once, made when due, told and mailed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias
from uuid import UUID

import asyncpg

from chassis import telemetry
from chassis.errors import Unavailable
from chassis.ids import new_id
from contracts.analytics import ReportMade
from services.analytics import errors
from services.analytics.domain import reporting
from services.analytics.settings import AnalyticsService
from services.analytics.store import reports

#: A report that came due while nobody could make it is made once, for the last moment it was due.
MAILS: Final = telemetry.counter("ecrm_report_mails_total", "Mails of reports by what became of handing them over", ("state",))
MOST_REPORTS: Final = 200
#: The service, the questions and the moment they are asked for -> numbers by key, whole answers.
Answering: TypeAlias = Callable[[AnalyticsService, list[dict[str, Any]], datetime], Awaitable[tuple[dict[str, float | None], list[dict[str, Any]]]]]


async def define_report(
    service: AnalyticsService, *, name: str, figures: list[dict[str, Any]], every: str, at: str, weekday: int, calendar: str,
    recipients: list[dict[str, Any]], from_address: str, by: str,
) -> dict[str, Any]:
    """A new report; its questions were asked once before. Raises Conflict."""
    now, report_id = service.clock.now(), new_id()
    schedule = {"every": every, "at": at, "weekday": weekday, "calendar": calendar, "from_address": from_address}
    due = reporting.due_after(reporting.read_schedule(schedule), now, service.settings.time_zone)
    async with service.transaction() as tx:
        if len(await reports.list_reports(tx.db)) >= MOST_REPORTS:
            raise errors.too_many_reports(MOST_REPORTS)
        try:
            await reports.insert_report(tx.db, report_id=report_id, name=name, questions=figures, schedule=schedule, next_at=due, by=by, now=now)
        except asyncpg.UniqueViolationError:
            raise errors.report_taken() from None
        await reports.put_recipients(tx.db, report_id=report_id, recipients=[(one["customer_id"], one["template_id"]) for one in recipients])
        found = await reports.find_report(tx.db, report_id)
    assert found is not None
    return found


async def archive_report(service: AnalyticsService, *, report_id: UUID) -> None:
    """It is made no more; its runs stay for their time. Raises Unknown."""
    async with service.transaction() as tx:
        if not await reports.archive_report(tx.db, report_id=report_id, now=service.clock.now()):
            raise errors.unknown_report()


async def run_now(service: AnalyticsService, *, report_id: UUID, answer: Answering) -> UUID:
    """Make it now, tell and mail it; returns the run. Raises Unknown."""
    async with service.read() as db:
        found = await reports.find_report(db, report_id)
    if found is None:
        raise errors.unknown_report()
    run_id = await make(service, found, due_at=service.clock.now(), next_at=found["next_at"], answer=answer)
    assert run_id is not None
    return run_id


async def make_due(service: AnalyticsService, *, answer: Answering) -> bool:
    """The report that waits longest. Returns whether there was one."""
    now = service.clock.now()
    async with service.read() as db:
        found = await reports.due_report(db, now=now)
    if found is None:
        return False
    schedule, zone = reporting.read_schedule(found["schedule"]), service.settings.time_zone
    due: datetime = found["next_at"]
    following = reporting.due_after(schedule, due, zone)
    while following is not None and following <= now:  # missed ones are made once
        due, following = following, reporting.due_after(schedule, following, zone)
    await make(service, found, due_at=due, next_at=following, answer=answer)
    return True


async def make(service: AnalyticsService, report: dict[str, Any], *, due_at: datetime, next_at: datetime | None, answer: Answering) -> UUID | None:
    """Once for each due moment, however often this is tried: the run, its fact and its mails are one transaction."""
    figures, answers = await answer(service, report["questions"], due_at)
    run_id, now, report_id = new_id(), service.clock.now(), report["report_id"]
    async with service.transaction() as tx:
        await reports.note_next(tx.db, report_id=report_id, next_at=next_at)
        if not await reports.insert_run(tx.db, run_id=run_id, report_id=report_id, due_at=due_at, made_at=now, figures=figures, answers=answers):
            return None
        tx.tell(
            ReportMade(
                report_id=str(report_id), run_id=str(run_id), name=report["name"], due_at=due_at, made_at=now, figures=figures,
                path=f"/api/v1/reports/{report_id}/runs/{run_id}",
            )
        )
    return run_id


async def mail_one(service: AnalyticsService) -> bool:
    """Hand one waiting mail over, under a key of its own. Returns whether there was one."""
    now = service.clock.now()
    async with service.read() as db:
        found = await reports.waiting_mail(db, now=now)
    if found is None:
        return False
    state, reason, message_id = await _hand_over(service, found)
    pause = reporting.pause_after(found["tries"] + 1) if state == "waiting" else timedelta()
    if pause is None:
        state, pause = "failed", timedelta()
    MAILS.labels(state).inc()
    async with service.transaction() as tx:
        await reports.note_mail(
            tx.db, run_id=found["run_id"], customer_id=found["customer_id"], state=state, reason=reason, next_at=now + pause, message_id=message_id,
        )
    return True


async def _hand_over(service: AnalyticsService, mail: dict[str, Any]) -> tuple[str, str | None, UUID | None]:
    """(state, reason, message). What may yet go well stays `waiting`."""
    told = {
        "name": mail["name"], "due_at": mail["due_at"].isoformat(), "made_at": mail["made_at"].isoformat(), "figures": mail["figures"],
        "path": f"/api/v1/reports/{mail['report_id']}/runs/{mail['run_id']}",
    }
    body = {"template_id": str(mail["template_id"]), "customer_id": str(mail["customer_id"]), "data": {"report": told}, "from_address": mail["schedule"].get("from_address", "")}
    key = f"report-{mail['run_id']}-{mail['customer_id']}"
    try:
        answer = await service.peers["campaign"].call(
            "POST", "/api/v1/messages", json=body, headers={"idempotency-key": key}, scopes=["campaigns:send"], timeout=10
        )
    except Unavailable:
        return "waiting", "campaign_unavailable", None
    if answer.status in (200, 202):
        return "accepted", None, UUID(answer.json()["id"])
    code = str((answer.json() or {}).get("code", answer.status)) if "json" in answer.headers.get("content-type", "") else str(answer.status)
    return ("waiting" if answer.status >= 500 or answer.status in (404, 409, 429) else "failed"), code, None

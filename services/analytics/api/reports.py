"""Reports and dashboards over HTTP."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from chassis import web
from chassis.identity import Caller
from services.analytics.commands import reporting as commands
from services.analytics.queries import measuring, reporting
from services.analytics.schemas.reports import DashboardView, DefineReport, ReportView, RunView, WholeRunView
from services.analytics.settings import AnalyticsService

router = APIRouter(tags=["reports"])

Running = Annotated[AnalyticsService, Depends(web.service)]
Reading = Annotated[Caller, web.allow("analytics:read")]
Writing = Annotated[Caller, web.allow("analytics:write")]


def _view(found: dict[str, Any]) -> ReportView:
    return ReportView(
        id=found["report_id"], name=found["name"], figures=found["questions"], schedule=found["schedule"], recipients=found["recipients"],
        next_at=found["next_at"], created_at=found["created_at"],
    )


def _run(found: dict[str, Any]) -> dict[str, Any]:
    return {**found, "id": found["run_id"]}


@router.post("/api/v1/reports", status_code=201)
async def define_report(body: DefineReport, service: Running, caller: Writing) -> ReportView:
    """Figures that are asked again and again: now as a dashboard, on a schedule told (`report_made`) and mailed."""
    given = body.model_dump() | {"figures": [one.model_dump(mode="json") for one in body.figures]}
    await reporting.check(service, questions=given["figures"])
    return _view(await commands.define_report(service, **given, by=caller.subject))


@router.get("/api/v1/reports")
async def list_reports(service: Running, caller: Reading) -> web.Page[ReportView]:
    return web.Page(data=[_view(one) for one in await reporting.list_reports(service)])


@router.get("/api/v1/reports/{report_id}")
async def get_report(report_id: UUID, service: Running, caller: Reading) -> ReportView:
    return _view(await reporting.get_report(service, report_id=report_id))


@router.delete("/api/v1/reports/{report_id}", status_code=204)
async def archive_report(report_id: UUID, service: Running, caller: Writing) -> Response:
    await commands.archive_report(service, report_id=report_id)
    return Response(status_code=204)


@router.get("/api/v1/reports/{report_id}/figures")
async def get_figures(report_id: UUID, service: Running, caller: Reading) -> DashboardView:
    """The dashboard: every figure as it is now, series ready for charts; nothing is kept or told."""
    found, now = await reporting.get_report(service, report_id=report_id), service.clock.now()
    figures, answers = await reporting.answer(service, found["questions"], now)
    return DashboardView(id=report_id, name=found["name"], as_of=now, data_age_s=measuring.data_age(service), figures=figures, answers=answers)


@router.post("/api/v1/reports/{report_id}/runs", status_code=201)
async def run_now(report_id: UUID, service: Running, caller: Writing) -> WholeRunView:
    """Make it now, besides its schedule."""
    run_id = await commands.run_now(service, report_id=report_id, answer=reporting.answer)
    return WholeRunView(**_run(await reporting.get_run(service, report_id=report_id, run_id=run_id)))


@router.get("/api/v1/reports/{report_id}/runs")
async def list_runs(report_id: UUID, service: Running, caller: Reading, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> web.Page[RunView]:
    """The newest first."""
    return web.Page(data=[RunView(**_run(one)) for one in await reporting.list_runs(service, report_id=report_id, limit=limit)])


@router.get("/api/v1/reports/{report_id}/runs/{run_id}")
async def get_run(report_id: UUID, run_id: UUID, service: Running, caller: Reading) -> WholeRunView:
    """What was found then, and what became of the mails."""
    return WholeRunView(**_run(await reporting.get_run(service, report_id=report_id, run_id=run_id)))

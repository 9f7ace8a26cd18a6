"""Tracking plans of sources, and what came of them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from chassis import web
from chassis.conditions import IfMatch, IfNoneMatch, etag, unchanged, versions
from chassis.identity import Caller
from services.interaction import commands, queries
from services.interaction.api.timeline import Here, Limit, Reader
from services.interaction.schemas import sources

router = APIRouter(prefix="/api/v1/sources/{source_id}", tags=["sources"])

Administrator = Annotated[Caller, web.allow("admin")]
SourceId = Annotated[str, Path(max_length=64)]


@router.get("/plan", response_model=sources.PlanView, response_model_exclude_unset=True)
async def get_plan(
    here: Here, caller: Reader, response: Response, source_id: SourceId, version: Annotated[int | None, Query(ge=1)] = None,
    if_none_match: IfNoneMatch = None,
) -> Any:
    """The plan in force, or an earlier version of it."""
    found = await queries.sources.get_plan(here, source=source_id, version=version)
    if unchanged(if_none_match, found["version"]):
        return Response(status_code=304, headers={"etag": etag(found["version"])})
    response.headers["etag"] = etag(found["version"])
    return found


@router.put("/plan", response_model=sources.PlanView, response_model_exclude_unset=True)
async def put_plan(
    here: Here, caller: Administrator, response: Response, source_id: SourceId, body: sources.PutPlan, if_match: IfMatch = None
) -> Any:
    """Put a new version of the plan in force, everywhere within a second; earlier ones are kept."""
    version = await commands.plans.put_plan(
        here, source=source_id, plan=_document(body), expected=versions(if_match), actor=f"{caller.kind}:{caller.subject}"
    )
    response.headers["etag"] = etag(version)
    return await queries.sources.get_plan(here, source=source_id, version=version)


@router.get("/plan/versions", response_model=web.Page[sources.PlanVersion])
async def list_plan_versions(here: Here, caller: Reader, source_id: SourceId) -> dict[str, Any]:
    """All versions, newest first; `GET …/plan?version=` shows one."""
    return {"data": await queries.sources.list_plan_versions(here, source=source_id)}


@router.post("/plan/trials", response_model=sources.TriedPlan)
async def try_plan(
    here: Here, caller: Reader, source_id: SourceId, body: sources.PutPlan, last: Annotated[int, Query(ge=1, le=10_000)] = 1000
) -> Any:
    """Hold the last stored events of the source against a plan; nothing is changed."""
    return await queries.sources.try_plan(here, source=source_id, plan=_document(body), last=last)


@router.get("/events", response_model=web.Page[sources.EventNameView])
async def list_event_names(here: Here, caller: Reader, source_id: SourceId) -> dict[str, Any]:
    """The names this source sent, the most frequent first."""
    return {"data": await queries.sources.list_event_names(here, source=source_id)}


@router.get("/violations", response_model=web.Page[sources.ViolationView])
async def list_violations(here: Here, caller: Reader, source_id: SourceId, limit: Limit = 100) -> dict[str, Any]:
    """What did not keep to the plan, by place and keyword; the events themselves: `GET /api/v1/quarantine?source=…`."""
    return {"data": await queries.sources.list_violations(here, source=source_id, limit=limit)}


@router.get("/drops", response_model=web.Page[sources.DropView])
async def list_drops(
    here: Here, caller: Reader, source_id: SourceId, since: Annotated[date | None, Query()] = None, until: Annotated[date | None, Query()] = None
) -> dict[str, Any]:
    """How much the source's rules kept from being collected, by day and reason: the only thing that is kept of it."""
    return {"data": await queries.sources.list_drops(here, source=source_id, since=since, until=until)}


def _document(body: sources.PutPlan) -> dict[str, Any]:
    return body.model_dump(by_alias=True, exclude_unset=True) | {"mode": body.mode, "events": {
        name: given.model_dump(by_alias=True, exclude_unset=True) for name, given in body.events.items()
    }, "types": dict(body.types)}

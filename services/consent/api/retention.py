"""How long data are kept, over all services: rules as data, counted before they act."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from chassis import web
from chassis.identity import Caller
from services.consent import commands, queries
from services.consent.api.asking import Here, actor, before
from services.consent.schemas.retention import AskRun, PutRules, RuleView, RunView

router = APIRouter(prefix="/api/v1/privacy/retention", tags=["privacy"])

Officer = Annotated[Caller, web.allow("privacy:manage")]


@router.get("")
async def list_rules(here: Here, _asking: Officer) -> web.Page[RuleView]:
    """Every category, where it lies, and how long it is kept."""
    rules = {rule.category: rule for rule in await queries.list_retention_rules(here)}
    views = []
    for category, places in sorted((await queries.list_kept(here)).items()):
        rule = rules.get(category)
        known = rule._asdict() if rule else {"category": category, "days": None, "reason": None, "changed_at": None, "changed_by": None}
        views.append(RuleView(places=places, **known))
    return web.Page(data=views)


@router.put("")
async def put_rules(here: Here, asking: Officer, body: PutRules) -> web.Page[RuleView]:
    """All rules from now on; they act from the next day's run, after a dry run has shown what they end."""
    await commands.put_retention_rules(here, rules=[(one.category, one.days, one.reason) for one in body.rules], actor=actor(asking))
    return await list_rules(here, asking)


@router.post("/runs", status_code=202)
async def ask_run(here: Here, asking: Officer, body: AskRun, response: Response) -> RunView:
    """Count (`dry_run`, the default) or end what the rules say; follow the location."""
    run = await commands.ask_retention_run(here, dry_run=body.dry_run, actor=actor(asking))
    response.headers["location"] = f"/api/v1/privacy/retention/runs/{run.id}"
    return RunView(**run._asdict())


@router.get("/runs")
async def list_runs(
    here: Here, _asking: Officer, page_token: str | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> web.Page[RunView]:
    """What was counted and ended, by whom, the newest first."""
    found = await queries.list_retention_runs(here, before=before(page_token), limit=limit)
    return web.Page(data=[RunView(**run._asdict()) for run in found], next_page_token=web.page_token(str(found[-1].id)) if len(found) == limit else None)


@router.get("/runs/{run_id}")
async def get_run(here: Here, _asking: Officer, run_id: UUID) -> RunView:
    """One run."""
    return RunView(**(await queries.get_retention_run(here, run_id=run_id))._asdict())

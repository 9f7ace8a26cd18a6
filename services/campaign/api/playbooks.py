"""`/api/v1/playbooks`: what to do in each stage, ready to be changed and started."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends

from chassis import web
from chassis.web import Page
from services.campaign import commands, errors, queries
from services.campaign.domain.playbooks import Playbook
from services.campaign.queries import Listed
from services.campaign.schemas.playbooks import ChosenView, PlaybookView, RunView, StartPlaybook
from services.campaign.settings import CampaignService

router = APIRouter(prefix="/api/v1/playbooks", tags=["playbooks"])

Running = Annotated[CampaignService, Depends(web.service)]
Stage = Literal["acquire", "enhance", "retain"]
READ = web.allow("campaigns:read")


@router.get("", dependencies=[READ])
async def list_playbooks(
    service: Running, stage: Stage | None = None, family: Literal["stage", "practice", "own"] | None = None
) -> Page[PlaybookView]:
    """Playbooks by stage and practice."""
    return Page(data=[_view(one) for one in await queries.list_playbooks(service, stage=stage, family=family)], next_page_token=None)


@router.get("/runs", dependencies=[READ])
async def list_runs(service: Running, key: str | None = None) -> Page[RunView]:
    """What was started, the newest first."""
    return Page(data=[RunView.model_validate(run) for run in await queries.list_runs(service, key=key)], next_page_token=None)


@router.get("/choices/{customer_id}", dependencies=[READ])
async def choose(service: Running, customer_id: UUID) -> ChosenView:
    """Which playbooks this customer's stage calls for, and in which of their programmes they are."""
    found = await queries.choose_playbooks(service, customer_id=customer_id)
    return ChosenView(
        customer_id=customer_id, stage=found.stage, runs=[RunView.model_validate(run) for run in found.runs],
        member_of={UUID(programme_id): within for programme_id, within in found.programmes.items()},
    )


@router.get("/{key}", dependencies=[READ])
async def get_playbook(service: Running, key: str) -> PlaybookView:
    """Whole, as it can be written back."""
    return _view(await queries.get_playbook(service, key=key))


@router.put("/{key}", dependencies=[web.allow("campaigns:write")])
async def write_playbook(service: Running, key: str, body: Playbook) -> PlaybookView:
    """Change one, or write one's own; runs that were started keep theirs."""
    if body.key != key:
        raise errors.playbook_invalid("its key is not the one in the address")
    await commands.write_playbook(service, playbook=body)
    return _view(await queries.get_playbook(service, key=key))


@router.post("/{key}/start", status_code=201, dependencies=[web.allow("campaigns:send")])
async def start_playbook(service: Running, key: str, body: StartPlaybook) -> RunView:
    """Make its templates, programmes, rewards and messages of the site, and start them."""
    made: dict[str, Any] = await commands.start_playbook(
        service, key=key, sender={"from_address": body.from_address, "from_name": body.from_name}, currency=body.currency, launch=body.launch
    )
    return RunView.model_validate(made)


@router.post("/runs/{run_id}/stop", dependencies=[web.allow("campaigns:send")])
async def stop_run(service: Running, run_id: UUID) -> RunView:
    """End what it started."""
    return RunView.model_validate(await commands.stop_run(service, run_id=run_id))


def _view(one: Listed) -> PlaybookView:
    return PlaybookView(**one.playbook.model_dump(), version=one.version)

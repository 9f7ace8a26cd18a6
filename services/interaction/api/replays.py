"""Sending again what a source sent."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter

from chassis import web
from chassis.identity import Caller
from services.interaction import commands, queries
from services.interaction.api.timeline import Here, Limit
from services.interaction.schemas import replays

router = APIRouter(prefix="/api/v1/replays", tags=["quarantine"])

Administrator = Annotated[Caller, web.allow("admin")]


@router.post("", status_code=202, response_model=replays.ReplayView)
async def begin_replay(here: Here, caller: Administrator, body: replays.BeginReplay) -> dict[str, Any]:
    """Send again what a source sent within a time; nothing is stored twice. Worked off in the background: `GET …/{id}` shows how far."""
    replay_id = await commands.replays.begin(here, **body.model_dump(), actor=f"{caller.kind}:{caller.subject}")
    return await queries.replays.get_replay(here, replay_id=replay_id)


@router.get("", response_model=web.Page[replays.ReplayView])
async def list_replays(here: Here, caller: Administrator, limit: Limit = 100) -> dict[str, Any]:
    """Newest first."""
    return {"data": await queries.replays.list_replays(here, limit=limit)}


@router.get("/{replay_id}", response_model=replays.ReplayView)
async def get_replay(here: Here, caller: Administrator, replay_id: UUID) -> dict[str, Any]:
    return await queries.replays.get_replay(here, replay_id=replay_id)

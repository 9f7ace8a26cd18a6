"""What an operator asks when something is wrong: the state of every part in one answer."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from chassis import measuring, web
from chassis.identity import Caller
from gateway.queries import deployment
from gateway.settings import GatewayService

router = APIRouter(prefix="/api/v1", tags=["platform"])

Here = Annotated[GatewayService, Depends(web.service)]


class DeploymentView(BaseModel):
    """`parts` by service: version, schema, readers with how far they are behind, outbox, dead letters, clock. `silent`: who does not answer, and why."""

    parts: dict[str, dict[str, Any]]
    silent: dict[str, str]


@router.get("/deployment")
async def get_deployment(request: Request, here: Here, asking: Annotated[Caller, web.allow("admin")]) -> DeploymentView:
    """The state of every part of this deployment; `ecrm doctor` reads it and says what to do."""
    running = request.app.state.running
    own = await measuring.state(here, running.manifest, running.loops)
    parts, silent = await deployment.get_parts(here, asking=asking)
    return DeploymentView(parts={**parts, "gateway": own}, silent=silent)

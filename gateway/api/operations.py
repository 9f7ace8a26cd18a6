"""Long work: one place to ask how far it is, whichever service does it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from chassis import web
from chassis.identity import Caller
from gateway import queries, schemas
from gateway.api.keys import after_id
from gateway.domain import operations
from gateway.domain.operations import Operation
from gateway.settings import GatewayService

router = APIRouter(prefix="/api/v1", tags=["platform"])

Here = Annotated[GatewayService, Depends(web.service)]
Anyone = Annotated[Caller, Depends(web.caller)]
Limit = Annotated[int, Query(ge=1, le=500)]


@router.get("/operations")
async def list_operations(here: Here, asking: Anyone, page_token: str | None = None, limit: Limit = 50) -> web.Page[schemas.OperationView]:
    """What this key has begun, the newest first; an administrator sees what all have. Remembered for 30 days."""
    found = await queries.list_operations(here, asking=asking, before=after_id(page_token), limit=limit + 1)
    return web.Page(
        data=[schemas.OperationView(**_view(each)) for each in found[:limit]],
        next_page_token=web.page_token(str(found[limit - 1].id)) if len(found) > limit else None,
    )


@router.get("/operations/{operation_id}")
async def get_operation(here: Here, asking: Anyone, operation_id: UUID) -> schemas.OperationProgress:
    """How far it is. The address is in the header `Operation-Location` of the answer 202 that began it."""
    found = await queries.get_operation(here, operation_id=operation_id, asking=asking)
    resource = found.resource
    return schemas.OperationProgress(
        **_view(found.operation), state=operations.state_of(resource) if resource else None,
        progress=operations.progress_of(resource) if resource else None, result=resource, missing=found.missing or None,
    )


def _view(operation: Operation) -> dict[str, object]:
    return {name: value for name, value in operation._asdict().items() if name != "service"}

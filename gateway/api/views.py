"""Views composed of several services."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from chassis import web
from chassis.identity import Caller
from gateway import queries, schemas
from gateway.settings import GatewayService

router = APIRouter(prefix="/api/v1", tags=["customers"])

Here = Annotated[GatewayService, Depends(web.service)]


@router.get("/customers/{customer_id}/360")
async def get_customer_view(
    here: Here, asking: Annotated[Caller, web.allow("customers:read")], customer_id: UUID
) -> schemas.CustomerView360:
    """Profile, history, scores, consent and messages of one customer in one call; a part that is down is named in `missing`."""
    found = await queries.get_view(here, customer_id=customer_id, asking=asking)
    missing = [schemas.MissingPart(part=name, reason=reason) for name, reason in found.missing.items()]
    return schemas.CustomerView360.model_validate({"customer_id": customer_id, **found.parts, "missing": missing})

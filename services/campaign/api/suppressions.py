"""`/api/v1/suppressions/{address}`: whether mail may go to an address, and letting it go there again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel

from chassis import web
from services.campaign import commands, queries
from services.campaign.settings import CampaignService

router = APIRouter(prefix="/api/v1/suppressions", tags=["campaigns"])

Running = Annotated[CampaignService, Depends(web.service)]
Address = Annotated[str, Path(min_length=3, max_length=254)]


class Suppression(BaseModel):
    """Why and since when nothing is sent to an address. `reason`: bounced or complained."""

    reason: str
    status: str | None
    message_id: UUID | None
    since: datetime


@router.get("/{address}", dependencies=[web.allow("campaigns:read")])
async def get_suppression(service: Running, address: Address) -> Suppression:
    return Suppression.model_validate(await queries.get_suppression(service, address=address))


@router.delete("/{address}", status_code=204, dependencies=[web.allow("campaigns:send")])
async def lift_suppression(service: Running, address: Address) -> None:
    """The address works again, or the person asked for it: the next bounce or complaint ends it anew."""
    await commands.lift_suppression(service, address=address)

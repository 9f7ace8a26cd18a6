"""Responses of customers to what we did."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query

from chassis import web
from services.interaction import queries
from services.interaction.api.timeline import From, Here, Limit, Reader, To, aware
from services.interaction.schemas import responses

router = APIRouter(prefix="/api/v1", tags=["responses"])

Days = Annotated[int | None, Query(ge=1, le=365, description="The window; default: ECRM_INTERACTION_RESPONSE_DAYS.")]


@router.get("/customers/{customer_id}/responses", response_model=web.Page[responses.ActView])
async def list_responses(
    here: Here, caller: Reader, customer_id: UUID, *, since: From = None, until: To = None, days: Days = None, limit: Limit = 100
) -> dict[str, Any]:
    """What we did to reach a customer, the newest first (of the last year unless `from` is given), and whether, when and how they responded."""
    found = await queries.responses.list_responses(
        here, customer_id=customer_id, since=aware(since), until=aware(until), days=days, limit=limit
    )
    return {"data": found, "next_page_token": None}


@router.get("/responses", response_model=web.Page[responses.CampaignResponses])
async def list_figures(
    here: Here, caller: Reader, *, campaign_id: str | None = None, since: From = None, until: To = None, days: Days = None
) -> dict[str, Any]:
    """Messages and their responses by campaign."""
    found = await queries.responses.list_figures(here, campaign_id=campaign_id, since=aware(since), until=aware(until), days=days)
    return {"data": found, "next_page_token": None}

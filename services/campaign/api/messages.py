"""`/api/v1/customers/{id}/messages`."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from chassis import web
from chassis.web import Page
from services.campaign import queries
from services.campaign.schemas import CustomerMessageView
from services.campaign.settings import CampaignService

router = APIRouter(tags=["messages"])


@router.get("/api/v1/customers/{customer_id}/messages", dependencies=[web.allow("campaigns:read")])
async def list_messages(
    service: Annotated[CampaignService, Depends(web.service)], customer_id: UUID, page_token: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> Page[CustomerMessageView]:
    """What was sent to a customer, or was to be, newest first."""
    after = UUID(str(web.read_page_token(page_token, 1)[0])) if page_token else None
    found = await queries.list_customer_messages(service, customer_id=customer_id, after=after, limit=limit + 1)
    views = [CustomerMessageView.model_validate(row) for row in found[:limit]]
    return Page(data=views, next_page_token=web.page_token(views[-1].id) if len(found) > limit else None)

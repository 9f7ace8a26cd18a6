"""`/api/v1/messages` and `/api/v1/customers/{id}/messages`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime

from chassis import web
from chassis.web import Page
from services.campaign import queries
from services.campaign.schemas.messages import CustomerMessageView, HandedOffView
from services.campaign.settings import CampaignService

router = APIRouter(tags=["messages"])


Here = Annotated[CampaignService, Depends(web.service)]
Limit = Annotated[int, Query(ge=1, le=1000)]
Since = Annotated[AwareDatetime | None, Query(description="Only what was handed to its channel at this time or later.")]
Until = Annotated[AwareDatetime | None, Query(description="Only what was handed to its channel before this time.")]


@router.get("/api/v1/messages", dependencies=[web.allow("campaigns:read")])
async def list_messages_of(
    service: Here, customer_id: Annotated[list[UUID], Query(min_length=1, max_length=20)], since: Since = None, until: Until = None,
    page_token: str | None = None, limit: Limit = 50,
) -> Page[CustomerMessageView]:
    """What was sent to some customers and everybody merged into them, or was to be, newest first; with times only what was sent between them."""
    return await _page(service, customer_id, since, until, page_token, limit)


@router.get("/api/v1/messages/handed-off", dependencies=[web.allow("admin")])
async def list_handed_off(service: Here, page_token: str | None = None, limit: Limit = 1000) -> Page[HandedOffView]:
    """For an audit: every message that was handed off, with its permit, oldest first. `address_hash` is null once the recipient was erased."""
    after = UUID(str(web.read_page_token(page_token, 1)[0])) if page_token else None
    rows = await queries.list_handed_off(service, after=after, limit=limit)
    views = [
        HandedOffView(**{**row, "message_id": row["id"], "campaign_id": row["origin_id"], "address_hash": row["address_hash"].hex() if row["address_hash"] else None}) for row in rows
    ]
    return Page(data=views, next_page_token=web.page_token(views[-1].message_id) if len(rows) == limit else None)


@router.get("/api/v1/customers/{customer_id}/messages", dependencies=[web.allow("campaigns:read")])
async def list_messages(
    service: Here, customer_id: UUID, since: Since = None, until: Until = None, page_token: str | None = None, limit: Limit = 50
) -> Page[CustomerMessageView]:
    """What was sent to a customer, or was to be, newest first; with times only what was sent between them."""
    return await _page(service, [customer_id], since, until, page_token, limit)


async def _page(
    service: CampaignService, customers: list[UUID], since: datetime | None, until: datetime | None, page_token: str | None, limit: int
) -> Page[CustomerMessageView]:
    after = UUID(str(web.read_page_token(page_token, 1)[0])) if page_token else None
    found = await queries.list_customer_messages(service, customer_ids=customers, since=since, until=until, after=after, limit=limit + 1)
    views = [CustomerMessageView.model_validate(row) for row in found[:limit]]
    return Page(data=views, next_page_token=web.page_token(views[-1].id) if len(found) > limit else None)

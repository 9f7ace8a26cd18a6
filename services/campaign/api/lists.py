"""`/api/v1/lists`: people somebody put together by hand, for audiences."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from chassis import web
from chassis.web import Page
from services.campaign import commands, queries
from services.campaign.schemas.audiences import ChangeList, ListView, WriteList
from services.campaign.settings import CampaignService

router = APIRouter(prefix="/api/v1/lists", tags=["lists"])

Running = Annotated[CampaignService, Depends(web.service)]
Limit = Annotated[int, Query(ge=1, le=1000)]
READ = web.allow("campaigns:read")
WRITE = web.allow("campaigns:write")


@router.post("", status_code=201)
async def create_list(service: Running, body: WriteList, caller: Annotated[Any, WRITE]) -> ListView:
    """A list of customers, with up to 10,000 at once."""
    return ListView(**await commands.create_list(service, name=body.name, customer_ids=body.customer_ids, created_by=caller.subject))


@router.get("", dependencies=[READ])
async def list_lists(service: Running, page_token: str | None = None, limit: Limit = 50) -> Page[ListView]:
    """All lists, newest first."""
    after = UUID(str(web.read_page_token(page_token, 1)[0])) if page_token else None
    found = await queries.list_lists(service, after=after, limit=limit + 1)
    views = [ListView(**one) for one in found[:limit]]
    return Page(data=views, next_page_token=web.page_token(views[-1].id) if len(found) > limit else None)


@router.get("/{list_id}", dependencies=[READ])
async def get_list(service: Running, list_id: UUID) -> ListView:
    return ListView(**await queries.get_list(service, list_id=list_id))


@router.get("/{list_id}/members", dependencies=[READ])
async def list_members(service: Running, list_id: UUID, page_token: str | None = None, limit: Limit = 1000) -> Page[UUID]:
    """Ids of the customers on the list."""
    after = UUID(str(web.read_page_token(page_token, 1)[0])) if page_token else None
    found = await queries.list_list_members(service, list_id=list_id, after=after, limit=limit)
    return Page(data=found, next_page_token=web.page_token(found[-1]) if len(found) == limit else None)


@router.post("/{list_id}/members", dependencies=[WRITE])
async def change_list(service: Running, list_id: UUID, body: ChangeList) -> ListView:
    """Put people on the list and take others off; again it changes nothing."""
    return ListView(**await commands.change_list(service, list_id=list_id, add=body.add, remove=body.remove))


@router.delete("/{list_id}", status_code=204, dependencies=[WRITE])
async def delete_list(service: Running, list_id: UUID) -> Response:
    await commands.delete_list(service, list_id=list_id)
    return Response(status_code=204)

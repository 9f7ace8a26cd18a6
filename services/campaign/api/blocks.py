"""`/api/v1/content-blocks` and `/api/v1/feeds`: what several templates show."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

from chassis import web
from chassis.web import Page
from services.campaign import commands, queries
from services.campaign.schemas.templates import BlockView, FeedView, WriteBlock, WriteFeed
from services.campaign.settings import CampaignService

router = APIRouter(prefix="/api/v1", tags=["templates"])

Running = Annotated[CampaignService, Depends(web.service)]
Block = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
Feed = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
READ = web.allow("campaigns:read")
WRITE = web.allow("campaigns:write")


@router.put("/content-blocks/{name}")
async def put_block(service: Running, name: Block, body: WriteBlock, caller: Annotated[Any, WRITE]) -> BlockView:
    """Write a block; templates that hold it get a new version, unless one would break by it: then nothing is changed."""
    return BlockView(**await commands.put_block(service, name=name, locales=body.locales, by=caller.subject))


@router.get("/content-blocks", dependencies=[READ])
async def list_blocks(service: Running, page_token: str | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> Page[BlockView]:
    """All blocks by name."""
    after = str(web.read_page_token(page_token, 1)[0]) if page_token else None
    found = await queries.list_blocks(service, after=after, limit=limit + 1)
    views = [BlockView(**one) for one in found[:limit]]
    return Page(data=views, next_page_token=web.page_token(views[-1].name) if len(found) > limit else None)


@router.get("/content-blocks/{name}", dependencies=[READ])
async def get_block(service: Running, name: Block) -> BlockView:
    return BlockView(**await queries.get_block(service, name=name))


@router.put("/feeds/{name}", dependencies=[WRITE])
async def put_feed(service: Running, name: Feed, body: WriteFeed) -> FeedView:
    """Items that templates show as `feeds.<name>`."""
    done = await commands.put_feed(service, name=name, url=body.url, refresh_seconds=body.refresh_seconds, items=body.items)
    return FeedView(**{field: done[field] for field in FeedView.model_fields})


@router.get("/feeds/{name}", dependencies=[READ])
async def get_feed(service: Running, name: Feed) -> FeedView:
    found = await queries.get_feed(service, name=name)
    return FeedView(**{field: found[field] for field in FeedView.model_fields})

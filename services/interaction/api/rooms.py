"""Chat rooms, boards, and contacts between customers."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path

from chassis import web
from chassis.errors import Invalid
from services.interaction import commands, queries
from services.interaction.api.timeline import Here, Limit, Reader, Writer
from services.interaction.schemas import channels

router = APIRouter(prefix="/api/v1", tags=["channels"])

Slug = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]


@router.get("/rooms", response_model=web.Page[channels.RoomView])
async def list_rooms(here: Here, caller: Reader) -> dict[str, Any]:
    return {"data": await queries.channels.list_rooms(here)}


@router.put("/rooms/{slug}", response_model=channels.RoomView)
async def open_room(here: Here, caller: Writer, slug: Slug, body: channels.OpenRoom) -> dict[str, Any]:
    """A chat room or a bulletin board."""
    return await commands.rooms.open_room(here, slug=slug, **body.model_dump())


@router.post("/rooms/{slug}/close", response_model=channels.RoomView)
async def close_room(here: Here, caller: Writer, slug: Slug) -> dict[str, Any]:
    return await commands.rooms.close_room(here, slug=slug)


@router.post("/rooms/{slug}/posts", status_code=201, response_model=channels.PostView)
async def post(here: Here, caller: Writer, slug: Slug, body: channels.Post) -> dict[str, Any]:
    """A customer's post; it stands on the customer's timeline, too."""
    return await commands.rooms.post(here, slug=slug, **body.model_dump(), source_id=caller.source_id)


@router.get("/rooms/{slug}/posts", response_model=web.Page[channels.PostView])
async def list_posts(
    here: Here, caller: Reader, *, slug: Slug, thread: UUID | None = None, page_token: str | None = None, limit: Limit = 50
) -> dict[str, Any]:
    after = None
    if page_token:
        try:
            after = UUID(str(web.read_page_token(page_token, 1)[0]))
        except ValueError:
            raise Invalid("page.bad_token", "The page token is not one of ours: begin again without it.") from None
    found, following = await queries.channels.list_posts(here, slug=slug, thread=thread, after=after, limit=limit)
    return {"data": found, "next_page_token": web.page_token(following) if following else None}


@router.post("/rooms/{slug}/posts/{post_id}/hide", response_model=channels.PostView)
async def hide_post(here: Here, caller: Writer, slug: Slug, post_id: UUID) -> dict[str, Any]:
    return await commands.rooms.hide_post(here, slug=slug, post_id=post_id)


@router.post("/exchanges", status_code=202, response_model=channels.ExchangeView)
async def exchange(here: Here, caller: Writer, body: channels.Exchange) -> dict[str, Any]:
    """A question, an answer or a recommendation from one customer to another, on the timeline of both."""
    given = body.model_dump()
    given_id = given.pop("id")
    name, author, recipient = await commands.between.exchange(here, **given, given_id=given_id, source_id=caller.source_id)
    return {"exchange": name, "author_interaction_id": author, "recipient_interaction_id": recipient}

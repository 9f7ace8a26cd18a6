"""Doors for other providers: web chat, WhatsApp, SMS, social networks."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import PlainTextResponse
from starlette.exceptions import HTTPException

from chassis import web
from services.interaction import commands, queries
from services.interaction.api.timeline import Here, Reader
from services.interaction.schemas import channels

router = APIRouter(tags=["inboxes"])

LARGEST: Final = 1024 * 1024
Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Admin = web.allow("admin")


@router.get("/api/v1/inboxes", response_model=web.Page[channels.InboxView])
async def list_inboxes(here: Here, caller: Reader) -> dict[str, Any]:
    return {"data": await queries.channels.list_inboxes(here)}


@router.put("/api/v1/inboxes/{name}", response_model=web.Page[channels.InboxView], dependencies=[Admin])
async def put_inbox(here: Here, name: Name, body: channels.PutInbox) -> dict[str, Any]:
    """Open a door at `/in/{name}`; the secret is never shown again."""
    await commands.inboxes.put_inbox(here, name=name, **body.model_dump())
    return {"data": [each for each in await queries.channels.list_inboxes(here) if each["name"] == name]}


@router.post("/in/{name}", response_class=PlainTextResponse)
async def take_delivery(here: Here, request: Request, name: Name) -> PlainTextResponse:
    """What a provider sends: 200 when the log has it."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise HTTPException(413, "A delivery has at most 1 MiB.")
    headers = {name.lower(): value for name, value in request.headers.items()}
    await commands.inboxes.take_delivery(here, name=name, headers=headers, body=bytes(body))
    return PlainTextResponse("ok")


@router.get("/in/{name}", response_class=PlainTextResponse)
async def challenge(
    here: Here, name: Name, token: Annotated[str, Query(alias="hub.verify_token", max_length=200)],
    answer: Annotated[str, Query(alias="hub.challenge", max_length=200)],
) -> PlainTextResponse:
    """The handshake of WhatsApp and Messenger."""
    return PlainTextResponse(await commands.inboxes.challenge(here, name=name, token=token, answer=answer))

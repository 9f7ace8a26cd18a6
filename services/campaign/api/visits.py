"""`/t/c/{token}` and `/t/o/{token}`: what recipients follow and fetch. No key: the token is the proof, and it opens nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Annotated, Final
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from chassis import telemetry, web
from chassis.database import INFRASTRUCTURE
from contracts import links
from contracts.links import BadLink
from services.campaign import commands, errors
from services.campaign.domain import tracking
from services.campaign.settings import CampaignService

router = APIRouter(prefix="/t", include_in_schema=False)

#: A visitor is not kept waiting for our books.
NOTE_SECONDS: Final = 1.0
PRIVATE: Final = {"cache-control": "no-store, private", "referrer-policy": "no-referrer", "x-robots-tag": "noindex"}
PICTURE: Final = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")

_log = telemetry.logger(__name__)

Running = Annotated[CampaignService, Depends(web.service)]


@router.api_route("/c/{token}", methods=["GET", "HEAD"])
async def click(service: Running, request: Request, token: str) -> Response:
    """To the address that stands in the sealed token, and nowhere else. Raises Gone."""
    try:
        message, link, url = links.open_link(service.link_secret, commands.CLICK, token)
        message_id, number = UUID(message), int(link)
    except (BadLink, ValueError):
        raise errors.bad_link() from None
    if not tracking.followable(url):
        raise errors.bad_link()
    await _note(
        commands.note_click(
            service, message_id=message_id, link=number, url=url, method=request.method, headers=_headers(request)
        )
    )
    return RedirectResponse(url, 302, headers=PRIVATE)


@router.api_route("/o/{token}", methods=["GET", "HEAD"])
async def opened(service: Running, request: Request, token: str) -> Response:
    """A picture of one transparent dot; also for a token that is not ours, as nobody looks at it."""
    try:
        message_id = UUID(links.open_link(service.link_secret, commands.OPEN, token)[0])
    except (BadLink, ValueError, IndexError):
        return Response(PICTURE, media_type="image/gif", headers=PRIVATE)
    await _note(commands.note_open(service, message_id=message_id, method=request.method, headers=_headers(request)))
    return Response(PICTURE, media_type="image/gif", headers=PRIVATE)


async def _note(writing: Awaitable[None]) -> None:
    """A visit that cannot be written down is lost; the visitor still gets where they wanted."""
    try:
        await asyncio.wait_for(writing, NOTE_SECONDS)
    except (*INFRASTRUCTURE, asyncpg.PostgresError) as error:
        _log.warning("visit_lost", error=error)


def _headers(request: Request) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}

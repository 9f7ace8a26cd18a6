"""`/t/p/{token}`: what recipients do by a programme's link. No key: the token is the proof, and it opens this one action only."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse

from chassis import web
from chassis.errors import Conflict, Unknown
from contracts import links
from contracts.links import BadLink
from services.campaign import commands, errors
from services.campaign.domain import action_page
from services.campaign.settings import CampaignService

router = APIRouter(prefix="/t/p", include_in_schema=False)

HEADERS: Final = {
    "cache-control": "no-store, private", "referrer-policy": "no-referrer", "x-robots-tag": "noindex",
    "content-security-policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
}
Running = Annotated[CampaignService, Depends(web.service)]


@router.api_route("/{token}", methods=["GET", "HEAD"])
async def show(service: Running, request: Request, token: str) -> HTMLResponse:
    """Ask; looking at the page does nothing. Raises Gone."""
    action, *_ = _open(service, token)
    return HTMLResponse(action_page.ask(action, language=_language(request)), headers=HEADERS)


@router.post("/{token}")
async def act(
    service: Running, request: Request, token: str, score: Annotated[int | None, Form(ge=1, le=5)] = None,
    words: Annotated[str, Form(max_length=2000)] = "",
) -> HTMLResponse:
    """Do it, once. Raises Gone."""
    action, programme_id, customer_id, cause = _open(service, token)
    try:
        if action == "answer":
            if score is None:
                return HTMLResponse(action_page.ask(action, language=_language(request)), 422, headers=HEADERS)
            new = await commands.answer(
                service, programme_id=programme_id, customer_id=customer_id, cause=cause, score=score, words=words
            )
            outcome = "thanks" if new else "again"
        elif action == "redeem":
            _, new = await commands.redeem(service, reward_id=UUID(cause), customer_id=customer_id, key=f"link:{token[-40:]}")
            outcome = "done" if new else "again"
        else:
            outcome = "done" if await commands.join_group(service, group_id=UUID(cause), customer_id=customer_id) else "again"
    except (Conflict, Unknown):
        return HTMLResponse(action_page.told("refused", language=_language(request)), 409, headers=HEADERS)
    return HTMLResponse(action_page.told(outcome, language=_language(request)), headers=HEADERS)


def _open(service: CampaignService, token: str) -> tuple[str, UUID, UUID, str]:
    try:
        action, programme, customer, cause = links.open_link(service.link_secret, commands.ACTION, token)
        if action not in action_page.ACTIONS:
            raise BadLink
        return action, UUID(programme), UUID(customer), cause
    except (BadLink, ValueError):
        raise errors.bad_link() from None


def _language(request: Request) -> str:
    return action_page.language_of(request.headers.get("accept-language", ""))

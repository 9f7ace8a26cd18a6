"""Doors for the customer: unsubscribing and confirming by a link. GET only shows a page, POST acts (RFC 8058)."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from chassis.errors import Gone, Unknown
from services.consent import commands, queries
from services.consent.api import showing
from services.consent.api.asking import Here
from services.consent.api.showing import text_in
from services.consent.api.texts import TEXTS
from services.consent.commands import Subject
from services.consent.queries import ConfirmLink, UnsubscribeLink

router = APIRouter(tags=["links"])


@router.head("/u/{token}", response_class=HTMLResponse, include_in_schema=False)
@router.get("/u/{token}", response_class=HTMLResponse)
async def show_unsubscribe(here: Here, request: Request, token: str) -> HTMLResponse:
    """A page with one button; changes nothing."""
    try:
        link = await queries.get_unsubscribe_link(here, token=token)
    except Unknown:
        return showing.notice(request, "unknown", status=404)
    return _unsubscribe(request, link, state="ask")


@router.post("/u/{token}", response_class=HTMLResponse)
async def unsubscribe(here: Here, request: Request, token: str) -> HTMLResponse:
    """Withdraw, by the page's button or a mail program's one click; doing it again changes nothing."""
    try:
        link = await queries.get_unsubscribe_link(here, token=token)
    except Unknown:
        return showing.notice(request, "unknown", status=404)
    one_click = b"List-Unsubscribe=One-Click" in (await request.body())[:1024]
    await commands.withdraw_consent(
        here, subject=Subject(customer_id=link.customer_id), purpose=link.purpose.purpose, channel=link.channel, source="unsubscribe_link",
        evidence={"message_id": link.message_id, "one_click": one_click}, actor="customer", language=showing.language_of(request),
    )
    return _unsubscribe(request, link, state="done")


@router.head("/c/{token}", response_class=HTMLResponse, include_in_schema=False)
@router.get("/c/{token}", response_class=HTMLResponse)
async def show_confirmation(here: Here, request: Request, token: str) -> HTMLResponse:
    """What is to be confirmed, with one button; changes nothing."""
    try:
        link = await queries.get_confirm_link(here, token=token)
    except Unknown:
        return showing.notice(request, "unknown", status=404)
    except Gone:
        return showing.notice(request, "lapsed", status=410)
    return _confirmation(request, link, state="ask")


@router.post("/c/{token}", response_class=HTMLResponse)
async def confirm(here: Here, request: Request, token: str) -> HTMLResponse:
    """The grant counts from now on; confirming again changes nothing."""
    try:
        link = await queries.get_confirm_link(here, token=token)
        await commands.confirm_grant(here, entry_id=link.entry.id, evidence=browser_of(request), language=showing.language_of(request))
    except Unknown:
        return showing.notice(request, "unknown", status=404)
    except Gone:
        return showing.notice(request, "lapsed", status=410)
    return _confirmation(request, link, state="done")


def browser_of(request: Request) -> dict[str, str]:
    """Where a click came from, as evidence: personal, so it can be erased with the entry."""
    found = {"ip": request.headers.get("x-ecrm-client-ip", "")[:64], "user_agent": request.headers.get("user-agent", "")[:300]}
    return {name: value.replace("\x00", "") for name, value in found.items() if value}


def _unsubscribe(request: Request, link: UnsubscribeLink, *, state: str) -> HTMLResponse:
    language = showing.language_of(request)
    return showing.show(
        request, "unsubscribe.html", state=state, purpose=text_in(link.purpose.title, language, link.purpose.purpose),
        channel=TEXTS[language].get(link.channel, link.channel),
    )


def _confirmation(request: Request, link: ConfirmLink, *, state: str) -> HTMLResponse:
    language = showing.language_of(request, link.entry.language)
    purpose = link.purpose
    return showing.show(
        request, "confirm.html", language=language, state=state, purpose=text_in(purpose.title, language, purpose.purpose),
        channel=TEXTS[language].get(link.entry.channel, link.entry.channel), wording=text_in(purpose.wording, language),
        consequences=text_in(purpose.consequences, language),
    )

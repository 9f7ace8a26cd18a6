"""Doors for the customer: unsubscribing by the link in a message. GET only shows a page, POST acts (RFC 8058)."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Final

import jinja2
from babel import Locale, UnknownLocaleError, negotiate_locale
from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from chassis import web
from chassis.errors import Unknown
from services.consent import commands, queries
from services.consent.commands import Subject
from services.consent.queries import UnsubscribeLink
from services.consent.settings import ConsentService

router = APIRouter(tags=["links"])

Here = Annotated[ConsentService, Depends(web.service)]

HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
    "vary": "Accept-Language",
}

TEXTS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "title": "Unsubscribe", "ask": "Do you want to stop these messages?", "button": "Unsubscribe", "done": "You are unsubscribed.",
        "after": "From now on we send you no more messages of this kind on this channel.",
        "unknown": "This link is not valid", "unknown_after": "It may have been cut off. Open the link from the message again.",
        "email": "by e-mail", "sms": "by text message", "phone": "by telephone", "post": "by post", "push": "by notification",
    },
    "fa": {
        "title": "لغو اشتراک", "ask": "می‌خواهید این پیام‌ها دیگر برایتان فرستاده نشود؟", "button": "لغو اشتراک", "done": "اشتراک شما لغو شد.",
        "after": "از این پس پیامی از این دست، از این راه، برای شما نمی‌فرستیم.",
        "unknown": "این پیوند معتبر نیست", "unknown_after": "شاید بخشی از آن افتاده باشد. پیوند را دوباره از درون پیام باز کنید.",
        "email": "با ایمیل", "sms": "با پیامک", "phone": "با تلفن", "post": "با پست", "push": "با اعلان",
    },
}


@router.head("/u/{token}", response_class=HTMLResponse, include_in_schema=False)
@router.get("/u/{token}", response_class=HTMLResponse)
async def show_unsubscribe(here: Here, request: Request, token: str) -> HTMLResponse:
    """A page with one button; changes nothing."""
    try:
        link = await queries.get_unsubscribe_link(here, token=token)
    except Unknown:
        return _page(request, None, state="unknown", status=404)
    return _page(request, link, state="ask")


@router.post("/u/{token}", response_class=HTMLResponse)
async def unsubscribe(here: Here, request: Request, token: str) -> HTMLResponse:
    """Withdraw, by the page's button or a mail program's one click; doing it again changes nothing."""
    try:
        link = await queries.get_unsubscribe_link(here, token=token)
    except Unknown:
        return _page(request, None, state="unknown", status=404)
    one_click = b"List-Unsubscribe=One-Click" in (await request.body())[:1024]
    await commands.withdraw_consent(
        here, subject=Subject(customer_id=link.customer_id), purpose=link.purpose.purpose, channel=link.channel, source="unsubscribe_link",
        evidence={"message_id": link.message_id, "one_click": one_click}, actor="customer", language=_language(request),
    )
    return _page(request, link, state="done")


def _page(request: Request, link: UnsubscribeLink | None, *, state: str, status: int = 200) -> HTMLResponse:
    language = _language(request)
    texts = TEXTS[language]
    shown: dict[str, Any] = {"language": language, "direction": Locale.parse(language).text_direction, "texts": texts, "state": state}
    if link is not None:
        title = link.purpose.title
        shown |= {"purpose": title.get(language) or title.get("en") or link.purpose.purpose, "channel": texts.get(link.channel, link.channel)}
    return HTMLResponse(_template().render(shown), status, headers={**HEADERS, "content-language": language})


def _language(request: Request) -> str:
    """The first of the reader's languages that we have."""
    wanted = []
    for part in request.headers.get("accept-language", "")[:500].split(","):
        name, _, weight = part.strip().partition(";q=")
        try:
            wanted.append((-float(weight or 1), Locale.parse(name.strip(), sep="-").language))
        except (ValueError, UnknownLocaleError):
            continue
    return negotiate_locale([name for _, name in sorted(wanted, key=lambda found: found[0])], list(TEXTS)) or "en"


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(loader=jinja2.PackageLoader("services.consent.api", "pages"), autoescape=True)
    return environment.get_template("unsubscribe.html")

"""The question after a resolution, by the link in a message. GET only shows a page, POST keeps the answer."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Final
from urllib.parse import parse_qs

import jinja2
from babel import Locale, negotiate_locale
from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from chassis import languages, web
from chassis.errors import Unknown
from services.interaction import commands, queries
from services.interaction.settings import InteractionService

router = APIRouter(tags=["links"])

Here = Annotated[InteractionService, Depends(web.service)]

LONGEST: Final = 20_000
LONGEST_REMARK: Final = 2000

HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
    "vary": "Accept-Language",
}

TEXTS: Final[dict[str, dict[str, Any]]] = {
    "en": {
        "title": "How did we do?", "ask": "How satisfied are you with our answer?", "choose": "One click is enough.",
        "done": "Thank you for your answer.", "again": "You can still change it.", "remark": "Anything you want to add",
        "unknown": "This link is not valid", "unknown_after": "It may have been cut off. Open the link from the message again.",
        "scores": {5: "Very satisfied", 4: "Satisfied", 3: "Neither", 2: "Dissatisfied", 1: "Very dissatisfied"},
    },
    "fa": {
        "title": "از کار ما راضی بودید؟", "ask": "از پاسخ ما چقدر راضی هستید؟", "choose": "یک کلیک کافی است.",
        "done": "از پاسخ شما سپاسگزاریم.", "again": "هنوز می‌توانید آن را تغییر دهید.", "remark": "اگر سخن دیگری دارید",
        "unknown": "این پیوند معتبر نیست", "unknown_after": "شاید بخشی از آن افتاده باشد. پیوند را دوباره از درون پیام باز کنید.",
        "scores": {5: "بسیار راضی", 4: "راضی", 3: "نه راضی، نه ناراضی", 2: "ناراضی", 1: "بسیار ناراضی"},
    },
}


@router.head("/s/{token}", response_class=HTMLResponse, include_in_schema=False)
@router.get("/s/{token}", response_class=HTMLResponse)
async def show_survey(here: Here, request: Request, token: str) -> HTMLResponse:
    """A page with five buttons; changes nothing."""
    try:
        asked = await queries.get_survey(here, token=token)
    except Unknown:
        return _page(request, None, state="unknown", status=404)
    return _page(request, asked, state="ask")


@router.post("/s/{token}", response_class=HTMLResponse)
async def answer_survey(here: Here, request: Request, token: str) -> HTMLResponse:
    """Keep `score` (1 to 5) and `remark`; a second answer replaces the first."""
    try:
        asked = await queries.get_survey(here, token=token)
    except Unknown:
        return _page(request, None, state="unknown", status=404)
    try:
        form = parse_qs((await request.body())[:LONGEST].decode())
    except UnicodeDecodeError:
        form = {}
    score = next(iter(form.get("score", ())), "")
    if score not in {"1", "2", "3", "4", "5"}:
        return _page(request, asked, state="ask", status=422)
    remark = next(iter(form.get("remark", ())), "").replace("\x00", "").strip()[:LONGEST_REMARK] or None
    await commands.cases.answer_survey(here, token=token, score=int(score), remark=remark)
    return _page(request, {**asked, "score": int(score)}, state="done")


def _page(request: Request, asked: dict[str, Any] | None, *, state: str, status: int = 200) -> HTMLResponse:
    language = _language(request, asked["language"] if asked else None)
    shown: dict[str, Any] = {"language": language, "direction": Locale.parse(language).text_direction, "texts": TEXTS[language], "state": state}
    return HTMLResponse(_template().render({**shown, **(asked or {}), "language": language}), status, headers={**HEADERS, "content-language": language})


def _language(request: Request, known: str | None) -> str:
    """The first of the reader's languages that we have, else that of the case."""
    named = languages.wanted(request.headers.get("accept-language", ""))
    return negotiate_locale([*named, *([known] if known else [])], list(TEXTS)) or "en"


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(loader=jinja2.PackageLoader("services.interaction.api", "pages"), autoescape=True)
    return environment.get_template("survey.html")

"""Pages for customers: a template, the reader's language, and headers that let nothing else in."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import jinja2
from babel import Locale, negotiate_locale
from babel.dates import format_date
from fastapi import Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from chassis import languages
from services.consent.api.texts import TEXTS

_PERSIAN_DIGITS: Final = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_PAGES: Final = Path(__file__).with_name("pages")


def show(request: Request, template: str, *, status: int = 200, language: str | None = None, **values: Any) -> HTMLResponse:
    """A page in the reader's language, or in `language`."""
    chosen = language or language_of(request)
    found = _environment().get_template(template).render(
        language=chosen, direction=Locale.parse(chosen).text_direction, texts=TEXTS[chosen], style=Markup(_style()),  # noqa: S704 - our own file
        **values,
    )
    return HTMLResponse(found, status, headers={**headers(), "content-language": chosen})


def notice(request: Request, state: str, *, status: int) -> HTMLResponse:
    """Why there is nothing else to see: `unknown` or `lapsed`."""
    return show(request, "notice.html", status=status, state=state)


@cache
def headers() -> dict[str, str]:
    """No script, no frame, nothing from elsewhere, nothing kept, nothing told to the next page."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    return {
        "cache-control": "no-store", "content-security-policy": policy, "referrer-policy": "no-referrer", "x-content-type-options": "nosniff",
        "x-frame-options": "DENY", "x-robots-tag": "noindex", "vary": "Accept-Language", "cross-origin-opener-policy": "same-origin",
    }


def language_of(request: Request, preferred: str | None = None) -> str:
    """What the reader chose on the page, else the customer's own language, else the first of the browser's languages that we have."""
    asked = request.query_params.get("lang", "")
    if asked in TEXTS:
        return asked
    own = (preferred or "").replace("_", "-").partition("-")[0].lower()
    if own in TEXTS:
        return own
    return negotiate_locale(languages.wanted(request.headers.get("accept-language", "")), list(TEXTS)) or "en"


def text_in(texts: dict[str, str], language: str, default: str = "") -> str:
    """A text of a purpose in this language, else in English."""
    return texts.get(language) or texts.get("en") or default


def day(moment: datetime, language: str) -> str:
    """A day as people write it."""
    return _digits(format_date(moment, "long", locale=language), language)


def number(value: int, language: str) -> str:
    return _digits(str(value), language)


def _digits(text: str, language: str) -> str:
    return text.translate(_PERSIAN_DIGITS) if language == "fa" else text


@cache
def _style() -> str:
    return (_PAGES / "style.css").read_text(encoding="utf-8")


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(loader=jinja2.FileSystemLoader(_PAGES), autoescape=True, trim_blocks=True, lstrip_blocks=True)

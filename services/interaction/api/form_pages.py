"""The public pages of forms: without a key, without a script, in English and Persian."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, Final

import jinja2
from babel import Locale
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from chassis import languages
from chassis.errors import Unknown
from services.interaction import commands, queries
from services.interaction.api.timeline import Here
from services.interaction.domain import form_pages, forms
from services.interaction.domain.form_pages import TEXTS, Page
from services.interaction.domain.forms import Form

router = APIRouter(tags=["forms"])

LARGEST: Final = 128 * 1024
MOST_FIELDS: Final = 200
_INPUTS: Final = {"email": "email", "phone": "tel"}
_MODES: Final = {"number": "decimal"}
_COMPLETE: Final = {
    "email": "email", "phone": "tel", "name": "name", "given_name": "given-name", "family_name": "family-name", "company": "organization",
}
_STATUS: Final = {"errors": 422, "fast": 422, "old": 422, "trap": 422, "often": 429, "unavailable": 503}


@router.head("/f/{slug}", response_class=HTMLResponse, include_in_schema=False)
@router.get("/f/{slug}", response_class=HTMLResponse)
async def show_form(here: Here, request: Request, slug: str) -> HTMLResponse:
    """The page with the form; `?lang=en|fa` or the reader's languages, `?utm_campaign=` is kept for the lead."""
    found = await queries.forms.find_published_form(here, slug=slug)
    if found is None:
        return _unknown(request)
    version, form = found
    language = _language(request, form.languages)
    page = commands.forms.new_page(
        here, slug=slug, version=version, language=language, campaign=request.query_params.get("utm_campaign", "").replace("\x00", "")
    )
    return _form_page(here, form, page)


@router.get("/f/{slug}/thanks", response_class=HTMLResponse)
async def show_thanks(here: Here, request: Request, slug: str) -> HTMLResponse:
    """Where a submission leads, so that loading again sends nothing again."""
    found = await queries.forms.find_published_form(here, slug=slug)
    if found is None:
        return _unknown(request)
    _, form = found
    language = _language(request, form.languages)
    words = form.thanks.get(language) or TEXTS[language]["thanks"]
    return _page(language, state="thanks", title=form.title[language], thanks=Markup(form_pages.markdown(words)))  # noqa: S704 - safe Markdown


@router.post("/f/{slug}", response_class=HTMLResponse)
async def submit_form(here: Here, request: Request, slug: str) -> Response:
    """Take the answers over; whatever is wrong is said beside its field, and what was typed stays."""
    sent = await _sent(request)
    address = request.headers.get("x-ecrm-client-ip", "")[:64]
    try:
        done = await commands.forms.submit(here, slug=slug, sent=sent, address=address)
    except Unknown:
        return _unknown(request)
    if done.submission is not None and done.page is not None:
        return RedirectResponse(f"/f/{slug}/thanks?lang={done.page.language}", 303, headers={"cache-control": "no-store"})
    found = await queries.forms.find_published_form(here, slug=slug)
    if found is None:
        return _unknown(request)
    version, form = found
    page = done.page
    if page is not None and page.version != version:
        form = await queries.forms.get_form_version(here, slug=slug, version=page.version)
    if page is None or done.problem == "old":
        language = page.language if page is not None else _language(request, form.languages)
        page = commands.forms.new_page(
            here, slug=slug, version=page.version if page is not None else version, language=language, campaign=page.campaign if page is not None else ""
        )
    return _form_page(here, form, page, sent=sent, faults=done.faults, problem=done.problem)


async def _sent(request: Request) -> dict[str, list[str]]:
    """The fields of the form, texts only."""
    if int(request.headers.get("content-length") or 0) > LARGEST:
        raise HTTPException(413, "The form is too large.")
    form: FormData = await request.form(max_files=0, max_fields=MOST_FIELDS, max_part_size=LARGEST)
    fields: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            fields.setdefault(name, []).append(value)
    return fields


def _form_page(
    here: Here, form: Form, page: Page, *, sent: Mapping[str, Sequence[str]] | None = None, faults: Mapping[str, str] | None = None,
    problem: str | None = None,
) -> HTMLResponse:
    language, texts, sent, faults = page.language, TEXTS[page.language], sent or {}, faults or {}

    def typed(name: str) -> str:
        return next(iter(sent.get(name, ())), "")

    fields = [
        {
            "id": f"f-{field.name}", "name": field.name, "type": field.type, "label": field.label[language], "help": field.help.get(language, ""),
            "required": field.required, "value": typed(field.name), "fault": texts.get(faults.get(field.name, ""), ""),
            "options": [{"value": option.value, "label": option.label[language]} for option in field.options],
            "input": _INPUTS.get(field.type, "text"), "mode": _MODES.get(field.type, ""), "longest": forms.LONGEST.get(field.type, 300),
            "complete": _COMPLETE.get(field.type) or _COMPLETE.get(field.trait or "", ""), "ltr": field.type in {"email", "phone", "number", "date"},
        }
        for field in form.fields
    ]
    consents = [
        {
            "id": "f-" + consent.name.replace(".", "-"), "name": consent.name, "text": consent.text[language], "required": consent.required,
            "value": typed(consent.name), "fault": texts.get(faults.get(consent.name, ""), ""),
        }
        for consent in form.consents
    ]
    others = [other for other in form.languages if other != language]
    return _page(
        language, status=_STATUS[problem] if problem else 200, state="form", title=form.title[language], slug=page.slug, fields=fields,
        consents=consents, intro=Markup(form_pages.markdown(form.intro.get(language, ""))),  # noqa: S704 - safe Markdown
        button=form.button.get(language) or texts["send"], problem=texts[problem] if problem else "", faults=faults,
        other_language=others[0] if others else "", campaign=page.campaign, trap=commands.forms.TRAP,
        sealed=commands.forms.sealed(here, page), nonce=page.nonce, bits=form_pages.WORK_BITS,
    )


def _unknown(request: Request) -> HTMLResponse:
    return _page(_language(request, ["en", "fa"]), status=404, state="unknown", title="")


def _page(language: str, *, status: int = 200, **shown: Any) -> HTMLResponse:
    style, script = _file("form.css"), _file("form.js")
    content = _template().render(
        language=language, direction=Locale.parse(language).text_direction, texts=TEXTS[language],
        style=Markup(style), script=Markup(script), **shown,  # noqa: S704 - our own files
    )
    headers = {
        "cache-control": "no-store",
        "content-language": language,
        "content-security-policy": (
            f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "vary": "Accept-Language",
    }
    if status in {429, 503}:
        headers["retry-after"] = "60"
    return HTMLResponse(content, status, headers=headers)


def _language(request: Request, there: Sequence[str]) -> str:
    """`?lang=`, else the first of the reader's languages that there is."""
    return form_pages.chosen_language([request.query_params.get("lang", ""), *languages.wanted(request.headers.get("accept-language", ""))], there)


@cache
def _file(name: str) -> str:
    return (resources.files("services.interaction.api") / "pages" / name).read_text(encoding="utf-8").strip()


@cache
def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("services.interaction.api", "pages"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("form.html")

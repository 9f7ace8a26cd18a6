"""The preference centre: plain pages behind a signed link. GET shows, POST acts and leads back; no script is needed, no key is asked for.

A form carries a token of its own: whose it is, until when it counts, and what was shown as allowed. So nobody elsewhere can post it, and
what the person did not change on the page is not changed, whatever happened meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import parse_qsl
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from chassis.errors import Conflict, Gone, Invalid, Unavailable, Unknown
from contracts import links
from services.consent import commands, errors, queries
from services.consent.api import centre_view, showing
from services.consent.api.asking import Here
from services.consent.api.links import browser_of
from services.consent.api.texts import TEXTS
from services.consent.commands import Subject
from services.consent.domain.statements import DOUBLE_OPT_IN
from services.consent.queries import Centre, PreferencesLink
from services.consent.settings import ConsentService

router = APIRouter(tags=["links"])

FORM: Final = "preferences form"
FORM_SECONDS: Final = 2 * 3600
LONGEST_FORM: Final = 256 * 1024
SOURCE: Final = "preference_centre"


@router.head("/p/{token}", response_class=HTMLResponse, include_in_schema=False)
@router.get("/p/{token}", response_class=HTMLResponse)
async def show_centre(here: Here, request: Request, token: str) -> HTMLResponse:
    """Choices, preferences, data and requests of one person; changes nothing."""
    try:
        link = queries.open_preferences(here, token=token)
    except Unknown:
        return showing.notice(request, "unknown", status=404)
    except Gone:
        return showing.notice(request, "lapsed", status=410)
    return await _page(here, request, link)


@router.post("/p/{token}", response_class=HTMLResponse)
async def act(here: Here, request: Request, token: str) -> Response:
    """Do what a form of the page asks for, and lead back to the page."""
    try:
        link = queries.open_preferences(here, token=token)
    except Unknown:
        return showing.notice(request, "unknown", status=404)
    except Gone:
        return showing.notice(request, "lapsed", status=410)
    fields = parse_qsl((await request.body())[:LONGEST_FORM].decode("utf-8", "replace").replace("\x00", ""), keep_blank_values=True, max_num_fields=500)
    shown = _form(here, link, dict(fields).get("form", ""))
    if shown is None or request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return await _page(here, request, link, trouble="stale", status=409)
    try:
        done = await _do(here, request, link, fields, shown)
    except Conflict:
        return await _page(here, request, link, trouble="changed", status=409)
    except Unavailable:
        return await _page(here, request, link, trouble="away", status=503)
    except Invalid as refusal:
        return await _page(here, request, link, trouble="bad_value", reason=refusal.message, status=422)
    if done == "sure_needed":
        return await _page(here, request, link, trouble=done, status=422)
    language = showing.language_of(request, dict(fields).get("lang"))
    kept = f"&lang={language}" if "lang" in request.query_params else ""
    # The person is where the link led: a relative address, so nothing of it is written anywhere else.
    return RedirectResponse(f"?done={done}{kept}", 303, headers=showing.headers())


async def _do(here: ConsentService, request: Request, link: PreferencesLink, fields: list[tuple[str, str]], shown: set[tuple[str, str]]) -> str:
    """The name of what was done. Raises what the commands raise."""
    told = dict(fields)
    language = showing.language_of(request)
    subject = Subject(customer_id=link.customer_id)
    evidence = {"message_id": link.message_id, "link_channel": link.channel, **browser_of(request)}
    match told.get("action"):
        case "choices":
            return await _choose(here, link, fields, shown, evidence, language)
        case "stop" | "stop_channel" as action:
            channel = told.get("channel") if action == "stop_channel" else None
            await commands.stop_contact(
                here, subject=subject, channel=channel, source=SOURCE, evidence=evidence, actor="customer", language=language
            )
            return "stop"
        case "lift":
            channel = told.get("channel", "*")
            await commands.lift_stop(
                here, subject=subject, channel=None if channel == "*" else channel, source=SOURCE, evidence=evidence, actor="customer",
                language=language,
            )
            return "lift"
        case "preferences":
            centre = await queries.get_centre(here, customer_id=link.customer_id)
            if centre.person is None:
                raise Unavailable("peer.unavailable", "The customer service does not answer.")
            await commands.choose_contact(
                here, customer_id=link.customer_id, language=told.get("language") or None, channel=told.get("channel") or None,
                before=centre.person.preferences["channels"],
            )
            return "preferences"
        case "correct":
            return await _correct(here, link, told)
        case "hide":
            return await _hide(here, link, told, [value for name, value in fields if name == "hide"])
        case "ask_copy":
            return await _ask(here, link, "access", language)
        case "ask_portable":
            return await _ask(here, link, "portability", language)
        case "ask_erasure":
            if told.get("sure") != "yes":
                return "sure_needed"
            return await _ask(here, link, "erasure", language)
    return "same"


async def _ask(here: ConsentService, link: PreferencesLink, kind: str, language: str) -> str:
    """Kept until it is answered; that it is the person who asks has still to be verified: a link may have been passed on."""
    root = (await queries.get_consent(here, customer_id=link.customer_id, limit=1)).customer_id
    with suppress(errors.RequestOpen):
        await commands.ask_privacy(here, customer_id=root, kind=kind, via=SOURCE, language=language)
    return "asked"


async def _choose(
    here: ConsentService, link: PreferencesLink, fields: list[tuple[str, str]], shown: set[tuple[str, str]], evidence: Mapping[str, Any],
    language: str,
) -> str:
    """What differs from what the page had shown is granted or withdrawn; what cannot be ticked there is left alone."""
    ticked = {(purpose, channel) for name, value in fields if name == "allow" for purpose, _, channel in [value.partition("/")]}
    centre = await queries.get_consent(here, customer_id=link.customer_id, limit=1)
    offered = {
        (one.purpose.purpose, one.channel) for one in centre.standings if centre_view.fixed(one, centre, link.channel) is None
    }
    grants, refusals = (ticked - shown) & offered, (shown - ticked) & offered
    if not grants and not refusals:
        return "same"
    await commands.apply_choices(
        here, customer_id=link.customer_id, grants=grants, refusals=refusals, evidence=evidence, language=language
    )
    unproven = {(one.purpose.purpose, one.channel) for one in centre.standings if one.purpose.basis == DOUBLE_OPT_IN and one.channel != link.channel}
    return "confirm" if grants & unproven else "choices"


async def _correct(here: ConsentService, link: PreferencesLink, told: dict[str, str]) -> str:
    centre = await queries.get_centre(here, customer_id=link.customer_id)
    version = told.get("version", "")
    if centre.person is None or not version.isdecimal():
        raise Unavailable("peer.unavailable", "The customer service does not answer.")
    traits = centre_view.corrections(centre.person, told)
    if not traits:
        return "same"
    await commands.correct_person(here, customer_id=link.customer_id, version=int(version), traits=traits)
    return "correct"


async def _hide(here: ConsentService, link: PreferencesLink, told: dict[str, str], wanted: list[str]) -> str:
    centre = await queries.get_centre(here, customer_id=link.customer_id)
    version = told.get("version", "")
    if centre.person is None or not version.isdecimal():
        raise Unavailable("peer.unavailable", "The customer service does not answer.")
    fields = centre_view.hiding(centre.person, wanted)
    if fields is None:
        return "same"
    await commands.hide_fields(here, customer_id=link.customer_id, version=int(version), fields=fields)
    return "hide"


async def _page(
    here: ConsentService, request: Request, link: PreferencesLink, *, trouble: str | None = None, reason: str = "", status: int = 200
) -> HTMLResponse:
    centre = await queries.get_centre(here, customer_id=link.customer_id)
    language = showing.language_of(request, _own_language(centre))
    texts = TEXTS[language]
    done = request.query_params.get("done", "")
    values = centre_view.values(centre, link, language, days=here.settings.answer_days)
    form = links.seal(
        here.link_secret, FORM,
        [str(link.customer_id), str(int(here.clock.timestamp()) + FORM_SECONDS), *(f"{purpose}/{channel}" for purpose, channel in values["shown"])],
    )
    return showing.show(
        request, "centre.html", status=status, language=language, form=form,
        said=texts["same"] if done == "same" else texts.get(f"ok_{done}") if trouble is None else None,
        trouble=texts[trouble].replace("{reason}", reason) if trouble else None,
        languages=[(code, found["own_name"]) for code, found in TEXTS.items()], **values,
    )


def _form(here: ConsentService, link: PreferencesLink, text: str) -> set[tuple[str, str]] | None:
    """What the page had shown as allowed; None for a form that is not this person's, or too old."""
    try:
        customer, ends, *shown = links.open_link(here.link_secret, FORM, text)
        if UUID(customer) != link.customer_id or int(ends) < here.clock.timestamp():
            return None
    except ValueError:
        return None
    return {(purpose, channel) for purpose, _, channel in (one.partition("/") for one in shown)}


def _own_language(centre: Centre) -> str | None:
    return centre.person.preferences.get("language") if centre.person else None

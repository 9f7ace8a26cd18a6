"""`/api/v1/disclosures` and the page `/disclosures`: for everybody, without a key."""

from __future__ import annotations

from itertools import groupby

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.consent import queries
from services.consent.api import showing
from services.consent.api.asking import Here
from services.consent.api.showing import day, text_in
from services.consent.api.texts import TEXTS
from services.consent.schemas.disclosures import DisclosureList, DisclosureView

router = APIRouter(tags=["disclosures"])


@router.get("/api/v1/disclosures")
async def list_disclosures(here: Here) -> DisclosureList:
    """Each field that is collected: by which source, what for, since when. Public."""
    found, purposes = await queries.list_disclosures(here)
    return DisclosureList(
        data=[
            DisclosureView(
                **each._asdict(), purpose_title=purposes[each.purpose].title if each.purpose in purposes else {},
                legal_basis=purposes[each.purpose].legal_basis if each.purpose in purposes else None,
            )
            for each in found
        ]
    )


@router.get("/disclosures", response_class=HTMLResponse)
async def show_disclosures(here: Here, request: Request) -> HTMLResponse:
    """The same as a page, in English and Persian."""
    found, purposes = await queries.list_disclosures(here)
    language = showing.language_of(request)
    texts = TEXTS[language]
    sources = [
        {
            "name": listed[0].source_name, "mode": texts[f"collects_{listed[0].mode}"],
            "fields": [
                {
                    "place": each.place,
                    "purpose": text_in(purposes[each.purpose].title, language, each.purpose) if each.purpose in purposes else each.purpose or texts["unstated"],
                    "since": day(each.first_seen, language) if each.first_seen else texts["not_yet"],
                }
                for each in listed
            ],
        }
        for _, group in groupby(found, key=lambda each: each.source) if (listed := list(group))
    ]
    return showing.show(
        request, "disclosures.html", language=language, sources=sources, languages=[(code, own["own_name"]) for code, own in TEXTS.items()]
    )

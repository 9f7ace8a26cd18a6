"""Customers that may be one person, for somebody to look at."""

from __future__ import annotations

import json
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from chassis import web
from chassis.errors import Invalid
from chassis.web import Page
from services.customer import commands, queries
from services.customer.api.asking import Here, Limit, Reading, Writing, after, source
from services.customer.schemas.duplicates import DecideDuplicate, DuplicateDecided, DuplicateView, ReasonView, ScanView

router = APIRouter(prefix="/api/v1/duplicates", tags=["duplicates"])

_WORDS: Final = {
    "same": "is the same", "near": "differs by a slip", "similar": "is similar", "different": "is different", "swapped": "stands in the other's place",
}


@router.post("/scans", status_code=202)
async def ask_scan(here: Here, asking: Writing, response: Response) -> ScanView:
    """Look through all customers; the pairs found take the place of the open ones found before."""
    scan_id = await commands.ask_scan(here, by=source(asking))
    response.headers["location"] = f"/api/v1/duplicates/scans/{scan_id}"
    return await get_scan(here, asking, scan_id)


@router.get("/scans")
async def list_scans(here: Here, _asking: Reading, page_token: str | None = None, limit: Limit = 50) -> Page[ScanView]:
    """The newest first."""
    scans = await queries.list_scans(here, before=after(page_token), limit=limit)
    views = [ScanView.model_validate(scan._asdict()) for scan in scans]
    return Page(data=views, next_page_token=web.page_token(scans[-1].id) if len(scans) == limit else None)


@router.get("/scans/{scan_id}")
async def get_scan(here: Here, _asking: Reading, scan_id: UUID) -> ScanView:
    """How far it is."""
    return ScanView.model_validate((await queries.get_scan(here, scan_id=scan_id))._asdict())


@router.get("")
async def list_duplicates(
    here: Here, _asking: Reading, min_score: Annotated[float, Query(ge=0, le=1)] = commands.LIKELY,
    state: Literal["open", "later", "not_same", "merged"] = "open", customer: UUID | None = None, page_token: str | None = None,
    limit: Limit = 100,
) -> Page[DuplicateView]:
    """Pairs with the probability that they are one person and the reasons, the likeliest first. By default those of which a person would agree."""
    pairs = await queries.list_duplicates(here, state=state, least=min_score, customer_id=customer, after=_place(page_token), limit=limit)
    views = [_view(pair) for pair in pairs]
    last = pairs[-1] if len(pairs) == limit else None
    return Page(data=views, next_page_token=web.page_token(last.score, last.low_id, last.high_id) if last else None)


@router.post("/{low_id}/{high_id}/decision")
async def decide(here: Here, asking: Writing, low_id: UUID, high_id: UUID, body: DecideDuplicate) -> DuplicateDecided:
    """Merge the two, keep them apart for good, or look at them later."""
    done = await commands.decide_duplicate(
        here, low_id=low_id, high_id=high_id, decision=body.decision, survivor_id=body.survivor_id, reason=body.reason, by=source(asking)
    )
    return DuplicateDecided(state=done.state, customer_id=done.customer_id, merge_id=done.merge_id)


def _view(pair: queries.DuplicatePair) -> DuplicateView:
    reasons = [
        ReasonView(field=field, level=level, bits=bits, text=f"{field.replace('_', ' ')} {_WORDS.get(level, level)}")
        for field, level, bits in json.loads(pair.reasons)
    ]
    shown = {name: value for name, value in pair._asdict().items() if name not in {"low_root", "high_root", "reasons"}}
    return DuplicateView(**shown, customer_ids=list(dict.fromkeys((pair.low_root, pair.high_root))), reasons=reasons)


def _place(token: str | None) -> tuple[float, UUID, UUID] | None:
    if token is None:
        return None
    score, low, high = web.read_page_token(token, 3)
    try:
        return float(score), UUID(str(low)), UUID(str(high))
    except (TypeError, ValueError):
        raise Invalid("page.bad_token", "The page token is not one of ours: begin again without it.") from None

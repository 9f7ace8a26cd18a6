"""Identity rules: read, try, change."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Header, Response

from chassis import web
from chassis.errors import Invalid
from chassis.web import Page
from services.customer import commands, queries
from services.customer.api.asking import Here, Limit, Reading, Writing, place, source
from services.customer.schemas.identity_rules import ChangeRules, RulesPreview, RulesView, TryRules

router = APIRouter(prefix="/api/v1/identity-rules", tags=["identity rules"])


@router.get("")
async def get_identity_rules(here: Here, _asking: Reading, response: Response) -> RulesView:
    """The rules that count now; their version is the ETag."""
    found = await queries.get_identity_rules(here)
    response.headers["etag"] = f'"{found.version}"'
    return RulesView(**found._asdict())


@router.put("")
async def change_identity_rules(
    here: Here, asking: Writing, body: ChangeRules, response: Response, if_match: Annotated[str | None, Header()] = None
) -> RulesView:
    """Other rules from now on, everywhere within a second. What was linked before stays."""
    await commands.change_identity_rules(
        here, document=body.document.model_dump(), expected=_version(if_match), reason=body.reason, by=source(asking)
    )
    return await get_identity_rules(here, asking, response)


@router.post("/preview")
async def preview_identity_rules(here: Here, _asking: Reading, body: TryRules) -> RulesPreview:
    """What these rules would refuse or hold back among the identities that exist."""
    found = await queries.preview_identity_rules(here, document=body.document.model_dump())
    return RulesPreview.model_validate(found, from_attributes=True)


@router.get("/versions")
async def list_identity_rules(here: Here, _asking: Reading, page_token: str | None = None, limit: Limit = 50) -> Page[RulesView]:
    """Every version: who changed the rules, when and why; the newest first."""
    rows = await queries.list_identity_rules(here, before=place(page_token) if page_token else None, limit=limit)
    more = web.page_token(rows[-1].version) if len(rows) == limit and rows[-1].version else None
    return Page(data=[RulesView(**row._asdict()) for row in rows], next_page_token=more)


def _version(tag: str | None) -> int | None:
    """The version that an If-Match names; None for none or any."""
    if tag is None or tag.strip() == "*":
        return None
    found = re.fullmatch(r'\s*"(\d{1,9})"\s*', tag)
    if found is None:
        raise Invalid("identity_rules.bad_etag", 'If-Match is the ETag of the rules you read, for example "3".')
    return int(found[1])

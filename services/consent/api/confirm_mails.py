"""`/api/v1/consents/confirmation-mails`: with what links are sent, and what became of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from chassis import web
from chassis.web import Page
from services.consent import commands, queries
from services.consent.api.asking import Here, Reading, Writing, actor, before
from services.consent.schemas.confirm_mails import ConfirmMailView, PutTemplate, State, TemplateList, TemplateView

router = APIRouter(prefix="/api/v1/consents/confirmation-mails", tags=["consent"])

Language = Annotated[str, Path(pattern=r"^[a-z]{2,3}$")]


@router.get("")
async def list_confirm_mails(
    here: Here, _asking: Reading, state: State | None = None, page_token: str | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> Page[ConfirmMailView]:
    """Links to confirm that were or are to be sent, newest first; kept for 30 days."""
    found = await queries.list_confirm_mails(here, state=state, before=before(page_token), limit=limit + 1)
    views = [ConfirmMailView.model_validate(row) for row in found[:limit]]
    return Page(data=views, next_page_token=web.page_token(str(views[-1].entry_id)) if len(found) > limit else None)


@router.get("/templates")
async def list_confirm_templates(here: Here, _asking: Reading) -> TemplateList:
    """The template of each language; en and fa are made of the built-in mail when they are first needed."""
    return TemplateList(data=[TemplateView.model_validate(row) for row in await queries.list_confirm_templates(here)])


@router.put("/templates/{language}", status_code=204)
async def put_confirm_template(here: Here, asking: Writing, language: Language, body: PutTemplate) -> None:
    """From now on links in this language are sent with this template."""
    await commands.put_confirm_template(here, language=language, template_id=body.template_id, actor=actor(asking))

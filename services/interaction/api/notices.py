"""Messages of service: which template, what became of each."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter

from chassis import web
from chassis.errors import Invalid
from services.interaction import commands, queries
from services.interaction.api.timeline import Here, Limit, Reader, Writer, read_cursor
from services.interaction.schemas import notices

router = APIRouter(tags=["notices"], prefix="/api/v1")


@router.get("/notice-rules", response_model=web.Page[notices.NoticeRuleView])
async def list_rules(here: Here, caller: Reader) -> dict[str, Any]:
    """With which templates answers to cases and messages about orders are sent; of a kind without a rule nothing is sent."""
    return {"data": await queries.notices.list_rules(here), "next_page_token": None}


@router.put("/notice-rules/{kind}", response_model=web.Page[notices.NoticeRuleView])
async def put_rule(here: Here, caller: Writer, kind: notices.Kind, body: notices.PutNoticeRule) -> dict[str, Any]:
    await commands.notices.put_rule(here, kind=kind, template_id=body.template_id, active=body.active, actor=caller.subject)
    return {"data": await queries.notices.list_rules(here), "next_page_token": None}


@router.get("/notices", response_model=web.Page[notices.NoticeView])
async def list_notices(
    here: Here, caller: Reader, *, about: str | None = None, kind: notices.Kind | None = None, state: notices.State | None = None,
    page_token: str | None = None, limit: Limit = 50,
) -> dict[str, Any]:
    """What was asked to be sent and what became of it, newest first; `about`: the id of a case or order."""
    cursor = read_cursor(page_token)
    try:
        before = (cursor[0], UUID(cursor[1])) if cursor is not None else None
    except ValueError:
        raise Invalid("page.bad_token", "The page token is not one of ours: begin again without it.") from None
    found, following = await queries.notices.list_notices(here, about=about, kind=kind, state=state, before=before, limit=limit)
    return {"data": found, "next_page_token": web.page_token(following[0].isoformat(), str(following[1])) if following else None}


@router.post("/notices/{notice_id}/retry", status_code=204)
async def retry(here: Here, caller: Writer, notice_id: UUID) -> None:
    """Send a failed one again."""
    await commands.notices.retry(here, notice_id=notice_id)

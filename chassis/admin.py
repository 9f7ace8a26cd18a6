"""Routes every service has for operators: dead letters and how far the readers are."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from chassis import dead_letters, web
from chassis.service import Service

router = APIRouter(prefix="/internal", include_in_schema=False, dependencies=[web.allow("admin")])

Here = Annotated[Service[Any, Any], Depends(web.service)]


@router.get("/dead-letters")
async def list_dead_letters(
    here: Here, state: str = "open", reader: str | None = None, page_token: str | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> dict[str, Any]:
    after = UUID(web.read_page_token(page_token, 1)[0]) if page_token else None
    async with here.read() as db:
        found = await dead_letters.listed(db, state=state, reader=reader, after=after, limit=limit)
    return {"data": found, "next_page_token": web.page_token(found[-1]["id"]) if len(found) == limit else None}


@router.get("/dead-letters/{letter_id}")
async def show_dead_letter(here: Here, letter_id: UUID) -> dict[str, Any]:
    async with here.read() as db:
        return await dead_letters.shown(db, letter_id)


@router.post("/dead-letters/{letter_id}/replay")
async def replay_dead_letter(request: Request, letter_id: UUID) -> dict[str, str]:
    await request.app.state.running.replay(letter_id)
    return {"state": "replayed"}


@router.post("/dead-letters/{letter_id}/discard")
async def discard_dead_letter(here: Here, letter_id: UUID) -> dict[str, str]:
    async with here.transaction() as work:
        await dead_letters.taken(work.db, letter_id)
        await dead_letters.close(work.db, letter_id, "discarded")
    return {"state": "discarded"}


@router.get("/readers")
async def list_readers(request: Request, *, ends: bool = True) -> dict[str, Any]:
    """Position and lag of each reader; `behind` is 0 when everything appended so far was applied. `ends=false` asks the log nothing."""
    return {"data": await request.app.state.running.readers(ends=ends)}

"""Routes every service has for operators: dead letters and how far the readers are."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from chassis import dead_letters, measuring, web
from chassis.database import INFRASTRUCTURE
from chassis.errors import Conflict, Invalid, Refusal
from chassis.eventlog import NotConfirmed
from chassis.identity import Caller
from chassis.service import Service

router = APIRouter(prefix="/internal", include_in_schema=False, dependencies=[web.allow("admin")])

Operator = Annotated[Caller, web.allow("admin")]
Here = Annotated[Service[Any, Any], Depends(web.service)]


class Correction(BaseModel):
    """What to apply in place of what came: `payload` (any JSON value), or `text` as it is."""

    model_config = ConfigDict(extra="forbid")

    payload: Any = None
    text: Annotated[str, Field(max_length=1024 * 1024)] | None = None


def _actor(asking: Caller) -> str:
    return f"{asking.kind}:{asking.subject}"


@router.get("/dead-letters")
async def list_dead_letters(
    here: Here, state: str = "open", reader: str | None = None, page_token: str | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> dict[str, Any]:
    after = UUID(web.read_page_token(page_token, 1)[0]) if page_token else None
    async with here.read() as db:
        found = await dead_letters.listed(db, state=state, reader=reader, after=after, limit=limit)
    return {"data": found, "next_page_token": web.page_token(found[-1]["id"]) if len(found) == limit else None}


@router.get("/dead-letters/{letter_id}")
async def show_dead_letter(here: Here, asking: Operator, letter_id: UUID, *, content: bool = False) -> dict[str, Any]:
    """One dead letter and what was done with it; looking at its content is noted, too."""
    async with here.transaction() as work:
        found = await dead_letters.shown(work.db, letter_id, content=content)
        if content:
            await dead_letters.note(work.db, letter_id, act="shown", actor=_actor(asking), at=here.clock.now())
    return found


@router.put("/dead-letters/{letter_id}/payload")
async def correct_dead_letter(here: Here, asking: Operator, letter_id: UUID, body: Correction) -> dict[str, Any]:
    """Put other content in place of what came: a JSON value, or `text` as it is. What came stays beside it."""
    if (body.payload is None) == (body.text is None):
        raise Invalid("dead_letter.no_payload", "Give `payload` (any JSON value) or `text`, one of the two.")
    value = body.text.encode() if body.text is not None else msgspec.json.encode(body.payload)
    async with here.transaction() as work:
        before, after = await dead_letters.correct(work.db, letter_id, value)
        await dead_letters.note(work.db, letter_id, act="corrected", actor=_actor(asking), at=here.clock.now(), before=before, after=after)
    return {"state": "open", "before": before, "after": after}


@router.post("/dead-letters/{letter_id}/replay")
async def replay_dead_letter(request: Request, here: Here, asking: Operator, letter_id: UUID) -> dict[str, str]:
    """Apply it again, corrected if it was, together with what waits behind it; when it fails again it stays open."""
    cause = None
    try:
        await request.app.state.running.replay(letter_id)
    except (Refusal, *INFRASTRUCTURE, NotConfirmed):
        raise
    except Exception as error:  # whatever it is, it is the letter's: its kind is told, its text may quote data
        cause = dead_letters.cause_of(error)
    async with here.transaction() as work:
        act = "replayed" if cause is None else "replay_failed"
        await dead_letters.note(work.db, letter_id, act=act, actor=_actor(asking), at=here.clock.now(), cause=cause)
    if cause is not None:
        raise Conflict("dead_letter.still_fails", "It cannot be applied yet; correct it or what reads it, then replay it.", cause=cause)
    return {"state": "replayed"}


@router.post("/dead-letters/{letter_id}/discard")
async def discard_dead_letter(here: Here, asking: Operator, letter_id: UUID) -> dict[str, str]:
    async with here.transaction() as work:
        await dead_letters.taken(work.db, letter_id)
        await dead_letters.close(work.db, letter_id, "discarded")
        await dead_letters.note(work.db, letter_id, act="discarded", actor=_actor(asking), at=here.clock.now())
    return {"state": "discarded"}


@router.get("/readers")
async def list_readers(request: Request, *, ends: bool = True) -> dict[str, Any]:
    """Position and lag of each reader; `behind` is 0 when everything appended so far was applied. `ends=false` asks the log nothing."""
    return {"data": await request.app.state.running.readers(ends=ends)}


@router.get("/state")
async def show_state(request: Request, here: Here) -> dict[str, Any]:
    """Version, schema, readers, outbox, what was set aside, clock: what `ecrm doctor` looks at."""
    running = request.app.state.running
    return await measuring.state(here, running.manifest, running.loops)

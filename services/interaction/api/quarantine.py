"""What was set aside: quarantine and dead letters."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query

from chassis import web
from chassis.errors import Invalid
from services.interaction import commands, queries
from services.interaction.api.timeline import Here, Limit, Reader, Writer
from services.interaction.schemas import quarantine

router = APIRouter(tags=["quarantine"])

State = Annotated[str, Query(pattern="^(open|released|discarded)$")]


def _after(page_token: str | None) -> UUID | None:
    if not page_token:
        return None
    try:
        return UUID(str(web.read_page_token(page_token, 1)[0]))
    except ValueError:
        raise Invalid("page.bad_token", "The page token is not one of ours: begin again without it.") from None


@router.get("/api/v1/quarantine", response_model=web.Page[quarantine.QuarantineEntry])
async def list_quarantine(
    here: Here, caller: Reader, *, state: State = "open", source: str | None = None, code: str | None = None, page_token: str | None = None,
    limit: Limit = 100,
) -> dict[str, Any]:
    """Refused payloads with their reasons, oldest first."""
    found, following = await queries.list_quarantine(
        here, state=state, source=source, code=code, after=_after(page_token), limit=limit
    )
    return {"data": found, "next_page_token": web.page_token(str(following)) if following else None}


@router.get("/api/v1/quarantine/{entry_id}", response_model=quarantine.QuarantinedPayload)
async def get_quarantined(here: Here, caller: Reader, entry_id: UUID) -> dict[str, Any]:
    """One refused payload with its content."""
    return await queries.get_quarantined(here, entry_id=entry_id)


@router.post("/api/v1/quarantine/{entry_id}/release", response_model=quarantine.Closed)
async def release(here: Here, caller: Writer, entry_id: UUID, body: quarantine.Release | None = None) -> dict[str, str]:
    """Send a payload, corrected if one is given, through the same checks again."""
    await commands.release(here, entry_id=entry_id, payload=body.payload if body else None)
    return {"state": "released"}


@router.post("/api/v1/quarantine/{entry_id}/discard", response_model=quarantine.Closed)
async def discard(here: Here, caller: Writer, entry_id: UUID) -> dict[str, str]:
    """Give a payload up; its content is deleted."""
    await commands.discard(here, entry_id=entry_id)
    return {"state": "discarded"}


@router.get("/api/v1/dead-letters")
async def list_dead_letters(
    here: Here, caller: Reader, *, state: Annotated[str, Query(pattern="^(open|replayed|discarded)$")] = "open", page_token: str | None = None,
    limit: Limit = 100,
) -> dict[str, Any]:
    """Accepted events that could not be processed, with their causes, oldest first."""
    found = await queries.list_dead_letters(here, state=state, after=_after(page_token), limit=limit)
    return {"data": found, "next_page_token": web.page_token(found[-1]["id"]) if len(found) == limit else None}

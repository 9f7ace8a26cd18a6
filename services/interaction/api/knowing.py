"""What people know about a customer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter

from chassis import web
from chassis.errors import Invalid
from services.interaction import commands, queries
from services.interaction.api.employees import page, sent
from services.interaction.api.timeline import Here, Limit, Reader, Writer
from services.interaction.schemas import cases as shapes

router = APIRouter(prefix="/api/v1", tags=["customers"])


@router.get("/customers/{customer_id}/notes", response_model=web.Page[shapes.CustomerNoteView])
async def list_customer_notes(
    here: Here, caller: Reader, *, customer_id: UUID, kind: shapes.Knowledge | None = None, retired: bool = False, page_token: str | None = None,
    limit: Limit = 100,
) -> dict[str, Any]:
    """Habits, preferences, traits and needs, in the order they were written; `retired=true` shows also those that no longer hold."""
    after = None
    if page_token:
        try:
            after = UUID(str(web.read_page_token(page_token, 1)[0]))
        except ValueError:
            raise Invalid("page.bad_token", "The page token is not one of ours: begin again without it.") from None
    views, following = await queries.list_customer_notes(here, customer_id=customer_id, kind=kind, retired=retired, after=after, limit=limit)
    return page(views, (following,) if following else None)


@router.post("/customers/{customer_id}/notes", status_code=201, response_model=web.Page[shapes.CustomerNoteView])
async def add_customer_note(here: Here, caller: Writer, customer_id: UUID, body: shapes.AddCustomerNote) -> dict[str, Any]:
    """Keep what somebody knows, with their name; answers with all of it."""
    await commands.add_customer_note(
        here, customer_id=customer_id, kind=body.kind, content=body.content, employee_id=body.employee_id, actor=caller.subject
    )
    return await list_customer_notes(here, caller, customer_id=customer_id)


@router.patch("/customers/{customer_id}/notes/{note_id}", response_model=web.Page[shapes.CustomerNoteView])
async def change_customer_note(here: Here, caller: Writer, customer_id: UUID, note_id: UUID, body: shapes.ChangeCustomerNote) -> dict[str, Any]:
    """Correct a note, or retire it."""
    await commands.change_customer_note(here, customer_id=customer_id, note_id=note_id, given=sent(body))
    return await list_customer_notes(here, caller, customer_id=customer_id)

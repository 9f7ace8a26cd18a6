"""Timeline and touch points."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Query, Response

from chassis import web
from chassis.errors import Invalid
from chassis.identity import Caller
from services.interaction import commands, queries
from services.interaction.schemas import interactions
from services.interaction.settings import InteractionService

router = APIRouter(tags=["interactions"])

_encode = msgspec.json.Encoder().encode

Here = Annotated[InteractionService, Depends(web.service)]
Reader = Annotated[Caller, web.allow("interactions:read")]
Writer = Annotated[Caller, web.allow("interactions:write")]
Limit = Annotated[int, Query(ge=1, le=500)]
From = Annotated[datetime | None, Query(alias="from", description="Not before this time (no zone = UTC).")]
To = Annotated[datetime | None, Query(alias="to", description="Before this time (no zone = UTC).")]


def aware(moment: datetime | None) -> datetime | None:
    """Times without a zone are UTC."""
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def read_cursor(token: str | None) -> tuple[datetime, str] | None:
    """(time, id) of a page token. Raises Invalid."""
    if not token:
        return None
    at, last = web.read_page_token(token, 2)
    try:
        moment = datetime.fromisoformat(at)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None or not isinstance(last, str):
        raise Invalid("page.bad_token", "The page token is not one of ours: begin again without it.")
    return moment, last


def as_json(found: Any) -> Response:
    """What was stored as JSON is sent as it is; reading and writing it again would take most of the time of a page."""
    return Response(_encode(found), media_type="application/json")


@router.get("/api/v1/customers/{customer_id}/timeline", response_model=web.Page[interactions.TimelineEntry])
async def list_timeline(
    here: Here, caller: Reader, *, customer_id: UUID, kind: str | None = None, channel: str | None = None, initiator: str | None = None,
    purpose: str | None = None, since: From = None, until: To = None, page_token: str | None = None, limit: Limit = 50,
) -> Response:
    """Everything that happened between a customer and the company, over all identities and channels, newest first."""
    cursor = read_cursor(page_token)
    before = None
    if cursor is not None:
        try:
            before = (cursor[0], UUID(cursor[1]))
        except ValueError:
            raise Invalid("page.bad_token", "The page token is not one of ours: begin again without it.") from None
    entries, following = await queries.list_timeline(
        here, customer_id=customer_id, kind=kind, channel=channel, initiator=initiator, purpose=purpose, since=aware(since),
        until=aware(until), before=before, limit=limit,
    )
    token = web.page_token(following[0].isoformat(), str(following[1])) if following else None
    return as_json({"data": entries, "next_page_token": token})


@router.post("/api/v1/interactions", status_code=202, response_model=interactions.Taken)
async def post_interaction(here: Here, caller: Writer, body: interactions.PostTouchpoint) -> dict[str, str]:
    """Record a contact on any channel: a call, a letter, a visit …"""
    given = body.model_dump(exclude_unset=True)
    return {"id": await commands.record_touchpoint(here, body=given, source_id=caller.source_id)}


@router.get("/api/v1/interactions/{interaction_id}", response_model=interactions.TimelineEntry)
async def get_interaction(here: Here, caller: Reader, interaction_id: UUID) -> Response:
    """One event or contact."""
    return as_json(await queries.get_interaction(here, interaction_id=interaction_id))

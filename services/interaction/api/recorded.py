"""`/internal/recorded`: the recorded past, for other services only."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime

from chassis import web
from chassis.errors import Forbidden
from services.interaction import queries
from services.interaction.api.timeline import Here, Reader, as_json

router = APIRouter(tags=["interactions"])


@router.get("/internal/recorded", include_in_schema=False)
async def list_recorded(
    here: Here, caller: Reader, *, name: Annotated[list[str], Query(min_length=1, max_length=200)], since: AwareDatetime, until: AwareDatetime,
    page_token: str | None = None,
) -> Response:
    """Events with one of the names, in the order in which they were received; a page may be empty and still have one behind it."""
    if caller.kind != "service":
        raise Forbidden("interaction.inside_only", "The recorded past is given to services only.")
    after = None
    if page_token:
        at, last = web.read_page_token(page_token, 2)
        since, after = datetime.fromisoformat(str(at)), UUID(str(last)) if last else None
    found, following = await queries.list_recorded(here, names=frozenset(name), since=since, after=after, until=until)
    token = web.page_token(following[0].isoformat(), str(following[1]) if following[1] else None) if following else None
    return as_json({"data": found, "next_page_token": token})

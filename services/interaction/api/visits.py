"""Visits of customers, figures about them, and who is here for the first time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query

from chassis import web
from chassis.errors import Invalid
from services.interaction import queries
from services.interaction.api.timeline import Here, Limit, Reader
from services.interaction.schemas import visits

router = APIRouter(tags=["sessions"])


@router.get("/api/v1/customers/{customer_id}/sessions", response_model=web.Page[visits.SessionView])
async def list_sessions(
    here: Here, caller: Reader, *, customer_id: UUID, page_token: str | None = None, limit: Limit = 50
) -> dict[str, Any]:
    """A customer's visits on sites and in apps, over all identities, newest first."""
    before = None
    if page_token:
        try:
            before = datetime.fromisoformat(str(web.read_page_token(page_token, 1)[0]))
        except ValueError:
            raise Invalid("page.bad_token", "The page token is not one of ours: begin again without it.") from None
    found, following = await queries.visits.list_sessions(here, customer_id=customer_id, before=before, limit=limit)
    return {"data": found, "next_page_token": web.page_token(following.isoformat()) if following else None}


@router.get("/api/v1/sessions/figures", response_model=visits.FiguresView)
async def get_figures(here: Here, caller: Reader, *, since: datetime, until: datetime, source: str | None = None) -> dict[str, Any]:
    """Visits, bounces, entries, exits, the way from view to order, and first against returning visitors; times without a zone are UTC."""
    since, until = (moment if moment.tzinfo else moment.replace(tzinfo=UTC) for moment in (since, until))
    if since >= until:
        raise Invalid("sessions.bad_time", "`since` must lie before `until`.")
    return await queries.visits.get_figures(here, since=since, until=until, source=source)


@router.get("/api/v1/visitors", response_model=visits.VisitorView)
async def get_visitor(
    here: Here, caller: Reader, identity: Annotated[str, Query(max_length=640, description="An identity key, for example anon:7f3a.")]
) -> dict[str, Any]:
    """Whether the visitor behind an identity is here for the first time, returning, or a customer: to be asked while the page is made."""
    return await queries.visits.get_visitor(here, identity=identity)

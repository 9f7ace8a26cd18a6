"""`/api/v1/programmes/{id}/groups` and `/api/v1/programmes/groups/{id}`: communities."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from chassis import web
from chassis.web import Page
from services.campaign import commands, queries
from services.campaign.api.programmes import READ, WRITE, Limit, Running, after
from services.campaign.schemas.programmes import (
    ActivityView,
    CreateGroup,
    GroupEffectView,
    GroupMemberView,
    GroupSales,
    GroupView,
    Invite,
    InvitedView,
    Join,
    NoteActivity,
)

router = APIRouter(prefix="/api/v1/programmes", tags=["programmes"])

Currency = Annotated[str, Query(pattern=r"^[A-Z]{3}$")]
Days = Annotated[int, Query(ge=1, le=730)]


@router.post("/{programme_id}/groups", status_code=201, dependencies=[WRITE])
async def create_group(service: Running, programme_id: UUID, body: CreateGroup) -> GroupView:
    group_id = await commands.create_group(service, programme_id=programme_id, name=body.name, about=body.about)
    groups = await queries.list_groups(service, programme_id=programme_id)
    return GroupView.model_validate(next(group for group in groups if group["id"] == group_id))


@router.get("/{programme_id}/groups", dependencies=[READ])
async def list_groups(service: Running, programme_id: UUID) -> Page[GroupView]:
    """All groups with their numbers."""
    return Page(data=[GroupView.model_validate(group) for group in await queries.list_groups(service, programme_id=programme_id)], next_page_token=None)


@router.post("/groups/{group_id}/invitations", status_code=201, dependencies=[WRITE])
async def invite(service: Running, group_id: UUID, body: Invite) -> InvitedView:
    """Invite customers, each once."""
    return InvitedView(invited=await commands.invite(service, group_id=group_id, customer_ids=body.customer_ids, by=body.invited_by))


@router.post("/groups/{group_id}/members", status_code=201, dependencies=[WRITE])
async def join_group(service: Running, group_id: UUID, body: Join, response: Response) -> None:
    """200 instead of 201 for who is in it already."""
    if not await commands.join_group(service, group_id=group_id, customer_id=body.customer_id):
        response.status_code = 200


@router.get("/groups/{group_id}/members", dependencies=[READ])
async def list_group_members(service: Running, group_id: UUID, page_token: str | None = None, limit: Limit = 100) -> Page[GroupMemberView]:
    found = await queries.list_group_members(service, group_id=group_id, after=after(page_token), limit=limit + 1)
    views = [GroupMemberView.model_validate(row) for row in found[:limit]]
    return Page(data=views, next_page_token=web.page_token(views[-1].customer_id) if len(found) > limit else None)


@router.delete("/groups/{group_id}/members/{customer_id}", status_code=204, dependencies=[WRITE])
async def leave_group(service: Running, group_id: UUID, customer_id: UUID) -> None:
    await commands.leave_group(service, group_id=group_id, customer_id=customer_id)


@router.post("/groups/{group_id}/activities", status_code=201, dependencies=[WRITE])
async def note_activity(service: Running, group_id: UUID, body: NoteActivity) -> ActivityView:
    """What a member did: a post, a visit, an answer."""
    done = await commands.note_group_activity(
        service, group_id=group_id, customer_id=body.customer_id, kind=body.kind, note=body.note, at=body.at, activity_id=body.id
    )
    return ActivityView(id=done)


@router.get("/groups/{group_id}/effect", dependencies=[READ])
async def effect(service: Running, group_id: UUID, currency: Currency = "EUR", days: Days = 90) -> GroupEffectView:
    """Sales before and after joining, against those who were invited and did not come."""
    found = await queries.get_group_sales(service, group_id=group_id, currency=currency, days=days)
    by = {row["joined"]: row for row in found}
    return GroupEffectView(
        currency=currency, days=days, effect_minor_per_person=_change(by[True]) - _change(by[False]) if len(by) == 2 else None,
        groups=[
            GroupSales(
                group="members" if row["joined"] else "not_joined", people=row["people"], before_minor=row["before_minor"],
                after_minor=row["after_minor"],
            )
            for row in found
        ],
    )


def _change(row: dict[str, Any]) -> float:
    change: float = (row["after_minor"] - row["before_minor"]) / row["people"]
    return change

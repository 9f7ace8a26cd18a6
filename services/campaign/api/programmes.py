"""`/api/v1/programmes`: relationship programmes, their members and points."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from chassis import web
from chassis.web import Page
from services.campaign import commands, queries
from services.campaign.domain.programmes import Member, Programme
from services.campaign.schemas.programmes import (
    AdjustPoints,
    AuditView,
    CodeView,
    Join,
    MemberView,
    PointsView,
    ProgrammeView,
    Refer,
    ReferredView,
    StandingView,
    WriteProgramme,
)
from services.campaign.settings import CampaignService

router = APIRouter(prefix="/api/v1/programmes", tags=["programmes"])

Running = Annotated[CampaignService, Depends(web.service)]
Limit = Annotated[int, Query(ge=1, le=1000)]
READ = web.allow("campaigns:read")
WRITE = web.allow("campaigns:write")
SEND = web.allow("campaigns:send")


@router.post("", status_code=201, dependencies=[WRITE])
async def create_programme(service: Running, body: WriteProgramme) -> ProgrammeView:
    """A draft; nothing happens before it is started."""
    made = await commands.create_programme(
        service, name=body.name, purpose=body.purpose, settings=body.settings, holdout=body.holdout, goal=body.goal
    )
    return view(made)


@router.get("", dependencies=[READ])
async def list_programmes(service: Running, kind: str | None = None, page_token: str | None = None, limit: Limit = 50) -> Page[ProgrammeView]:
    """All programmes, newest first."""
    found = await queries.list_programmes(service, kind=kind, after=after(page_token), limit=limit + 1)
    views = [view(programme) for programme in found[:limit]]
    return Page(data=views, next_page_token=web.page_token(views[-1].id) if len(found) > limit else None)


@router.get("/{programme_id}", dependencies=[READ])
async def get_programme(service: Running, programme_id: UUID) -> ProgrammeView:
    return view(await queries.get_programme(service, programme_id=programme_id))


@router.put("/{programme_id}", dependencies=[WRITE])
async def change_programme(service: Running, programme_id: UUID, body: WriteProgramme) -> ProgrammeView:
    """New settings, for what happens from now on."""
    return view(
        await commands.change_programme(
            service, programme_id=programme_id, name=body.name, purpose=body.purpose, settings=body.settings, holdout=body.holdout,
            goal=body.goal,
        )
    )


@router.get("/{programme_id}/members", dependencies=[READ])
async def list_members(
    service: Running, programme_id: UUID, customer: UUID | None = None, page_token: str | None = None, limit: Limit = 100
) -> Page[MemberView]:
    """Everybody who is or was in it, those held out too; with `customer` that one's stay, if any."""
    found = await queries.list_members(service, programme_id=programme_id, after=after(page_token), limit=limit + 1, customer_id=customer)
    views = [_member(member) for member in found[:limit]]
    return Page(data=views, next_page_token=web.page_token(views[-1].customer_id) if len(found) > limit else None)


@router.post("/{programme_id}/members", status_code=201, dependencies=[WRITE])
async def join(service: Running, programme_id: UUID, body: Join) -> MemberView:
    """Take a customer in who asked for it."""
    return _member(await commands.join_programme(service, programme_id=programme_id, customer_id=body.customer_id))


@router.get("/{programme_id}/members/{customer_id}", dependencies=[READ])
async def get_member(service: Running, programme_id: UUID, customer_id: UUID) -> StandingView:
    """How a customer stands: points, debts, tier, what is missing to the next one."""
    found = await queries.get_standing(service, programme_id=programme_id, customer_id=customer_id)
    return StandingView(
        **_member(found.member).model_dump(), balance=found.balance, owed=found.owed, qualifying=found.qualifying, next_tier=found.next_tier,
        to_next=found.to_next,
    )


@router.delete("/{programme_id}/members/{customer_id}", status_code=204, dependencies=[WRITE])
async def leave(service: Running, programme_id: UUID, customer_id: UUID) -> None:
    """Let a customer go; their points stay."""
    await commands.leave_programme(service, programme_id=programme_id, customer_id=customer_id)


@router.get("/{programme_id}/members/{customer_id}/points", dependencies=[READ])
async def get_statement(
    service: Running, programme_id: UUID, customer_id: UUID, page_token: str | None = None, limit: Limit = 100
) -> Page[PointsView]:
    """Every change of a customer's points, newest first."""
    found = await queries.get_statement(service, programme_id=programme_id, customer_id=customer_id, after=after(page_token), limit=limit + 1)
    views = [PointsView.model_validate(row) for row in found[:limit]]
    return Page(data=views, next_page_token=web.page_token(views[-1].id) if len(found) > limit else None)


@router.post("/{programme_id}/points", status_code=201, dependencies=[WRITE])
async def adjust(service: Running, programme_id: UUID, body: AdjustPoints) -> PointsView:
    """Give points by hand, or take some that are there."""
    done = await commands.adjust_points(
        service, programme_id=programme_id, customer_id=body.customer_id, amount=body.points, reference=body.reference, note=body.note
    )
    return PointsView.model_validate(done)


@router.get("/{programme_id}/points/audit", dependencies=[READ])
async def audit(service: Running, programme_id: UUID) -> AuditView:
    """The books: each account's sum, and how many customers' accounts differ from their entries."""
    return AuditView(**await queries.audit_points(service, programme_id=programme_id))


@router.post("/{programme_id}/codes", status_code=201, dependencies=[WRITE])
async def get_code(service: Running, programme_id: UUID, body: Join) -> CodeView:
    """A customer's own code to recommend by; always the same."""
    code, came, rewarded = await commands.get_code(service, programme_id=programme_id, customer_id=body.customer_id)
    return CodeView(customer_id=body.customer_id, code=code, came=came, rewarded=rewarded)


@router.post("/{programme_id}/referrals", status_code=201, dependencies=[WRITE])
async def refer(service: Running, programme_id: UUID, body: Refer) -> ReferredView:
    """Somebody came by a code; both get their points once the newcomer's first order stands."""
    referrer = await commands.refer(service, programme_id=programme_id, code=body.code, customer_id=body.customer_id)
    return ReferredView(customer_id=body.customer_id, referrer_id=referrer)


@router.post("/{programme_id}/{action}", dependencies=[SEND])
async def move_programme(service: Running, programme_id: UUID, action: Literal["start", "pause", "end"]) -> ProgrammeView:
    """Start, pause or end it. What happened before the first start does not count."""
    return view(await commands.move_programme(service, programme_id=programme_id, action=action))


def after(page_token: str | None) -> UUID | None:
    """Where the page before ended."""
    return UUID(str(web.read_page_token(page_token, 1)[0])) if page_token else None


def view(programme: Programme) -> ProgrammeView:
    """A programme as it is answered."""
    return ProgrammeView.model_validate({**programme._asdict(), "settings": programme.settings.model_dump(mode="json")})


def _member(member: Member) -> MemberView:
    return MemberView.model_validate(member._asdict())

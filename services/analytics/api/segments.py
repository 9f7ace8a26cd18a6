"""Segments over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime
from starlette.responses import Response

from chassis import web
from chassis.errors import Invalid
from chassis.identity import Caller
from services.analytics.api import files
from services.analytics.commands import listing, segments
from services.analytics.domain import rule_schema
from services.analytics.domain.purposes import Bound
from services.analytics.queries import recalling, segmenting
from services.analytics.queries.purposes import get_bound, keep_allowed
from services.analytics.schemas.segments import (
    ChangeSegment,
    DefineSegment,
    ListedView,
    ListMembers,
    MembersView,
    MemberView,
    PreviewSegment,
    PreviewView,
    SegmentVersionView,
    SegmentView,
    WhyView,
)
from services.analytics.settings import AnalyticsService

router = APIRouter(tags=["segments"])

Running = Annotated[AnalyticsService, Depends(web.service)]
Reading = Annotated[Caller, web.allow("analytics:read")]
Writing = Annotated[Caller, web.allow("analytics:write")]
Limit = Annotated[int, Query(ge=1, le=1000)]
Token = Annotated[str | None, Query(max_length=500)]


def _view(found: dict[str, Any]) -> SegmentView:
    current = found["evaluated_version"] == found["version"] or found["state"] != "active"
    return SegmentView(id=found["segment_id"], **{name: value for name, value in found.items() if name not in {"segment_id", "members"}}, members=found["members"] if current else None)


def read_uuid_token(token: str | None) -> UUID | None:
    """The id in a page token. Raises Invalid."""
    if token is None:
        return None
    return _as_uuid(web.read_page_token(token, 1)[0])


@router.get("/schemas/segment")
async def segment_schema() -> dict[str, Any]:
    """The grammar of rules as JSON Schema."""
    return rule_schema.segment_schema()


@router.post("/api/v1/segments", status_code=201)
async def create_segment(body: DefineSegment, service: Running, caller: Writing) -> SegmentView:
    """Define a segment; its members are there within seconds."""
    return _view(
        await segments.create_segment(
            service, name=body.name, description=body.description, rule=body.rule, by=caller.subject
        )
    )


@router.get("/api/v1/segments")
async def list_segments(
    service: Running, caller: Reading, limit: Limit = 100, page_token: Token = None, state: Literal["active", "archived"] = "active"
) -> web.Page[SegmentView]:
    found = await segmenting.list_segments(service, after=read_uuid_token(page_token), limit=limit, state=state)
    following = web.page_token(found[-1]["segment_id"]) if len(found) == limit else None
    return web.Page(data=[_view(one) for one in found], next_page_token=following)


@router.post("/api/v1/segments/preview")
async def preview_segment(body: PreviewSegment, service: Running, caller: Reading) -> PreviewView:
    """How many customers a rule holds for, without storing it."""
    bound = await get_bound(service, purpose=body.purpose, channel=body.channel)
    return PreviewView(**await segmenting.preview_rule(service, rule=body.rule, purpose=bound))


@router.get("/api/v1/segments/{segment_id}")
async def get_segment(segment_id: UUID, service: Running, caller: Reading) -> SegmentView:
    return _view(await segmenting.get_segment(service, segment_id=segment_id))


@router.put("/api/v1/segments/{segment_id}")
async def change_segment(segment_id: UUID, body: ChangeSegment, service: Running, caller: Writing) -> SegmentView:
    """A new rule makes a new version; a new name does not."""
    return _view(
        await segments.change_segment(
            service, segment_id=segment_id, name=body.name, description=body.description, rule=body.rule, version=body.version, by=caller.subject
        )
    )


@router.delete("/api/v1/segments/{segment_id}", status_code=204)
async def archive_segment(segment_id: UUID, service: Running, caller: Writing) -> Response:
    """Archive it; it can still be read, its members leave."""
    await segments.archive_segment(service, segment_id=segment_id)
    return Response(status_code=204)


@router.get("/api/v1/segments/{segment_id}/versions")
async def list_versions(segment_id: UUID, service: Running, caller: Reading) -> web.Page[SegmentVersionView]:
    found = await segmenting.list_versions(service, segment_id=segment_id)
    return web.Page(data=[SegmentVersionView(**one) for one in found])


@router.get("/api/v1/segments/{segment_id}/members")
async def list_members(
    segment_id: UUID, *, service: Running, caller: Reading, limit: Limit = 100, page_token: Token = None, snapshot: bool = False,
    snapshot_id: UUID | None = None, purpose: str | None = None, channel: str | None = None,
) -> MembersView:
    """Live members, or with `snapshot=true` an audience frozen now: follow `next_page_token`, or name `snapshot_id` to page it again.

    For a `purpose` everybody who does not allow it now is left out: repeat it with each page, which may then be shorter than asked for.
    """
    bound = await get_bound(service, purpose=purpose, channel=channel)
    if page_token is not None:
        values = web.read_page_token(page_token, 2) if snapshot or snapshot_id else None
        if values is not None:
            return await _frozen(service, segment_id, _as_uuid(values[0]), _as_position(values[1]), limit, bound)
        return await _live(service, segment_id, read_uuid_token(page_token), limit, bound)
    if snapshot and snapshot_id is None:
        taken = await segments.freeze_audience(service, segment_id=segment_id, purpose=bound)
        return await _frozen(service, segment_id, taken.snapshot_id, 0, limit, bound)
    if snapshot_id is not None:
        return await _frozen(service, segment_id, snapshot_id, 0, limit, bound)
    return await _live(service, segment_id, None, limit, bound)


async def _live(service: AnalyticsService, segment_id: UUID, after: UUID | None, limit: int, bound: Bound | None) -> MembersView:
    found, members = await segmenting.page_members(service, segment_id=segment_id, after=after, limit=limit)
    allowed = await _allowed(service, bound, [customer for customer, _ in members])
    return MembersView(
        data=[MemberView(customer_id=customer, entered_at=entered_at) for customer, entered_at in members if customer in allowed],
        next_page_token=web.page_token(members[-1][0]) if len(members) == limit else None,
        segment_id=segment_id, version=found["version"], total=found["members"], as_of=found["evaluated_at"],
    )


async def _frozen(service: AnalyticsService, segment_id: UUID, snapshot_id: UUID, start: int, limit: int, bound: Bound | None) -> MembersView:
    snapshot, customers = await segmenting.page_snapshot(
        service, segment_id=segment_id, snapshot_id=snapshot_id, start=start, limit=limit
    )
    following = start + len(customers)
    allowed = await _allowed(service, bound, customers)
    return MembersView(
        data=[MemberView(customer_id=customer) for customer in customers if customer in allowed],
        next_page_token=web.page_token(snapshot_id, following) if following < snapshot.members else None,
        segment_id=segment_id, version=snapshot.version, total=snapshot.members, as_of=snapshot.taken_at, snapshot_id=snapshot_id,
        expires_at=snapshot.expires_at,
    )


async def _allowed(service: AnalyticsService, bound: Bound | None, customers: list[UUID]) -> set[UUID]:
    return set(customers) if bound is None else await keep_allowed(service, bound=bound, customers=customers)


def _as_uuid(value: Any) -> UUID:
    try:
        return UUID(str(value))
    except ValueError:
        raise Invalid("page.bad_token", "The page token is not one of ours: begin again without it.") from None


def _as_position(value: Any) -> int:
    if not isinstance(value, int) or not 0 <= value < 2**62:
        raise Invalid("page.bad_token", "The page token is not one of ours: begin again without it.")
    return value


@router.post("/api/v1/segments/{segment_id}/members")
async def change_list(segment_id: UUID, body: ListMembers, service: Running, caller: Writing) -> ListedView:
    """Put customers on a list and take customers off; in segments and exclusions it is asked for like any other segment."""
    return ListedView(**await listing.change_list(service, segment_id=segment_id, add=body.add, remove=body.remove))


@router.post(
    "/api/v1/segments/{segment_id}/members/imports",
    openapi_extra={"requestBody": {"content": {"text/csv": {"schema": {"type": "string"}}}, "required": True}},
)
async def import_list(segment_id: UUID, request: Request, service: Running, caller: Writing) -> ListedView:
    """Put the customers of a CSV file on a list; its header names `customer_id` or `identity` (such as `user:42`)."""
    return ListedView(**await listing.import_list(service, segment_id=segment_id, text=await files.read_text(request)))


@router.get("/api/v1/segments/{segment_id}/why/{customer_id}")
async def explain(segment_id: UUID, customer_id: UUID, service: Running, caller: Reading, as_of: AwareDatetime | None = None) -> WhyView:
    """Why the customer is in the segment or not, clause by clause; with `as_of` by the rule and the facts of then."""
    if as_of is not None:
        return WhyView(**await recalling.explain_then(service, segment_id=segment_id, customer_id=customer_id, at=as_of))
    return WhyView(**await segmenting.explain(service, segment_id=segment_id, customer_id=customer_id))

"""Cases: open, find, read, work on, and how they went."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from chassis import web
from chassis.conditions import IfMatch, IfNoneMatch, etag, unchanged, versions
from chassis.errors import Invalid
from services.interaction import commands, queries
from services.interaction.api.employees import page, sent
from services.interaction.api.timeline import From, Here, Limit, Reader, To, Writer, aware, read_cursor
from services.interaction.domain.cases.rules import Priority
from services.interaction.schemas import cases as shapes
from services.interaction.settings import InteractionService

router = APIRouter(prefix="/api/v1", tags=["cases"])

Status = Literal["open", "waiting", "resolved", "closed", "merged"]
Since = Annotated[datetime | None, Query(description="Not before this time (no zone = UTC); 30 days ago if left out.")]
Until = Annotated[datetime | None, Query(description="Before this time; now if left out.")]
MONTH = timedelta(days=30)


@router.post("/cases", status_code=201, response_model=shapes.FullCaseView)
async def open_case(here: Here, caller: Writer, body: shapes.OpenCase, response: Response) -> dict[str, Any]:
    """A case by hand; it has somebody responsible, or waits in a queue, when this answers."""
    given = sent(body)
    customer_id, identity, employee_id = (given.pop(name, None) for name in ("customer_id", "customer", "employee_id"))
    made = await commands.cases.open_case(
        here, given=given, customer_id=customer_id, identity=identity, employee_id=employee_id, actor=caller.subject
    )
    return await _case(here, made, response)


@router.get("/cases", response_model=web.Page[shapes.CaseView])
async def list_cases(
    here: Here, caller: Reader, *, status: Annotated[list[Status] | None, Query(max_length=5)] = None, team_id: UUID | None = None,
    employee_id: UUID | None = None, unassigned: bool = False, kind: str | None = None, priority: Priority | None = None,
    channel: str | None = None, tag: str | None = None, customer_id: UUID | None = None, overdue: bool = False,
    q: Annotated[str | None, Query(max_length=200)] = None, since: From = None, until: To = None, page_token: str | None = None, limit: Limit = 50,
) -> dict[str, Any]:
    """The newest first; `q` is a part of the subject or a number, `overdue` those that missed a service level, `unassigned` a queue."""
    return page(*await queries.list_cases(
        here, statuses=status, team_id=team_id, employee_id=employee_id, unassigned=unassigned, kind=kind, priority=priority, channel=channel,
        tag=tag, customer_id=customer_id, overdue=overdue, text=q, since=aware(since), until=aware(until), before=_cursor(page_token), limit=limit,
    ))


@router.get("/customers/{customer_id}/cases", response_model=web.Page[shapes.CaseView])
async def list_customer_cases(
    here: Here, caller: Reader, *, customer_id: UUID, status: Annotated[list[Status] | None, Query(max_length=5)] = None,
    page_token: str | None = None, limit: Limit = 50,
) -> dict[str, Any]:
    """A customer's cases over all identities and merges, the newest first."""
    return page(*await queries.list_cases(here, customer_id=customer_id, statuses=status, before=_cursor(page_token), limit=limit))


@router.get("/cases/figures", response_model=shapes.FiguresView)
async def get_figures(here: Here, caller: Reader, since: Since = None, until: Until = None) -> dict[str, Any]:
    """Time to the responsible person, to the first answer and to the resolution, by channel and team; load and satisfaction by employee."""
    begin, end = _period(here, since, until)
    return await queries.get_figures(here, since=begin, until=end)


@router.get("/touchpoints/figures", response_model=shapes.TouchpointsView)
async def get_touchpoints(here: Here, caller: Reader, since: Since = None, until: Until = None) -> dict[str, Any]:
    """For each touch point: contacts in and out, how long customers waited, outcomes, and how many customers use it."""
    begin, end = _period(here, since, until)
    return await queries.get_touchpoints(here, since=begin, until=end)


@router.get("/touchpoints/{channel}/customers", response_model=web.Page[shapes.TouchpointCustomerView])
async def list_touchpoint_customers(
    here: Here, caller: Reader, *, channel: str, since: Since = None, until: Until = None, page_token: str | None = None, limit: Limit = 100
) -> dict[str, Any]:
    """Which customers use a touch point."""
    begin, end = _period(here, since, until)
    after = str(web.read_page_token(page_token, 1)[0]) if page_token else None
    views, following = await queries.list_touchpoint_customers(here, channel=channel, since=begin, until=end, after=after, limit=limit)
    return page(views, (following,) if following else None)


@router.get("/cases/{case_id}", response_model=shapes.FullCaseView)
async def get_case(here: Here, caller: Reader, case_id: UUID, response: Response, if_none_match: IfNoneMatch = None) -> object:
    view = await queries.get_case(here, case_id=case_id)
    response.headers["etag"] = etag(view["version"])
    if unchanged(if_none_match, view["version"]):
        return Response(status_code=304, headers={"etag": etag(view["version"])})
    return view


@router.patch("/cases/{case_id}", response_model=shapes.FullCaseView)
async def change_case(
    here: Here, caller: Writer, case_id: UUID, body: shapes.ChangeCase, response: Response, if_match: IfMatch = None
) -> dict[str, Any]:
    """Set fields, or move it on: `status` waiting stops the clock, resolved asks the customer, open reopens."""
    await commands.cases.change_case(here, case_id=case_id, given=sent(body), actor=caller.subject, versions=versions(if_match))
    return await _case(here, case_id, response)


@router.post("/cases/{case_id}/assign", response_model=shapes.FullCaseView)
async def assign_case(
    here: Here, caller: Writer, case_id: UUID, body: shapes.AssignCase, response: Response, if_match: IfMatch = None
) -> dict[str, Any]:
    """To somebody who has room, or into a queue, which gives it out at once if it can."""
    await commands.cases.assign_case(
        here, case_id=case_id, employee_id=body.employee_id, team_id=body.team_id, actor=caller.subject, versions=versions(if_match)
    )
    return await _case(here, case_id, response)


@router.post("/cases/{case_id}/replies", status_code=202, response_model=shapes.RepliedView)
async def reply(here: Here, caller: Writer, case_id: UUID, body: shapes.Reply) -> dict[str, str]:
    """Answer the customer on the channel they used, or another one; the answer is recorded as a touch point of the case."""
    done = await commands.cases.reply(
        here, case_id=case_id, text=body.text, kind=body.kind, fields=body.fields, employee_id=body.employee_id, status=body.status,
        actor=caller.subject, source_id=caller.source_id,
    )
    return {"interaction_id": done}


@router.get("/cases/{case_id}/contacts", response_model=web.Page[shapes.ContactView])
async def list_contacts(here: Here, caller: Reader, case_id: UUID) -> dict[str, Any]:
    """What was said on all channels, the oldest first."""
    return page(await queries.list_contacts(here, case_id=case_id), None)


@router.post("/cases/{case_id}/notes", status_code=201, response_model=web.Page[shapes.NoteView])
async def add_note(here: Here, caller: Writer, case_id: UUID, body: shapes.AddNote) -> dict[str, Any]:
    """An internal note; answers with all of them."""
    await commands.cases.add_note(here, case_id=case_id, content=body.content, employee_id=body.employee_id, actor=caller.subject)
    return page(await queries.list_case_notes(here, case_id=case_id), None)


@router.get("/cases/{case_id}/notes", response_model=web.Page[shapes.NoteView])
async def list_notes(here: Here, caller: Reader, case_id: UUID) -> dict[str, Any]:
    return page(await queries.list_case_notes(here, case_id=case_id), None)


@router.get("/cases/{case_id}/history", response_model=web.Page[shapes.ChangeView])
async def list_history(here: Here, caller: Reader, case_id: UUID) -> dict[str, Any]:
    """Every change with who made it, the oldest first."""
    return page(await queries.list_case_history(here, case_id=case_id), None)


@router.get("/cases/{case_id}/assignments", response_model=web.Page[shapes.AssignmentView])
async def list_assignments(here: Here, caller: Reader, case_id: UUID) -> dict[str, Any]:
    """Who had it when, and why: who was considered, and what spoke against whom."""
    return page(await queries.list_assignments(here, case_id=case_id), None)


@router.post("/cases/{case_id}/relations", status_code=201, response_model=shapes.FullCaseView)
async def relate(here: Here, caller: Writer, case_id: UUID, body: shapes.Relate, response: Response) -> dict[str, Any]:
    await commands.cases.relate_cases(here, case_id=case_id, other_id=body.case_id, kind=body.kind, actor=caller.subject)
    return await _case(here, case_id, response)


@router.post("/cases/{case_id}/merge", response_model=shapes.FullCaseView)
async def merge(here: Here, caller: Writer, case_id: UUID, body: shapes.Merge, response: Response, if_match: IfMatch = None) -> dict[str, Any]:
    """Make it part of another case; answers with the one that stays."""
    kept = await commands.cases.merge_case(here, case_id=case_id, into=body.into, actor=caller.subject, versions=versions(if_match))
    return await _case(here, kept, response)


@router.get("/cases/{case_id}/survey-link", response_model=shapes.SurveyLinkView)
async def get_survey_link(here: Here, caller: Reader, case_id: UUID) -> dict[str, Any]:
    """The link by which the customer says how satisfied they are with the last resolution."""
    return await queries.get_survey_link(here, case_id=case_id)


def _cursor(token: str | None) -> tuple[datetime, UUID] | None:
    cursor = read_cursor(token)
    try:
        return (cursor[0], UUID(cursor[1])) if cursor is not None else None
    except ValueError:
        raise Invalid("page.bad_token", "The page token is not one of ours: begin again without it.") from None


def _period(here: InteractionService, since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    end = aware(until) or here.clock.now()
    return aware(since) or end - MONTH, end


async def _case(here: InteractionService, case_id: UUID, response: Response) -> dict[str, Any]:
    view = await queries.get_case(here, case_id=case_id)
    response.headers["etag"] = etag(view["version"])
    return view

"""Employees, teams, calendars, service policies and the rules of cases."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ValidationError

from chassis import web
from chassis.conditions import IfMatch, etag, versions
from chassis.errors import Invalid
from services.interaction import commands, errors, queries
from services.interaction.api.timeline import Here, Limit, Reader, Writer
from services.interaction.domain.cases.rules import CaseRules
from services.interaction.domain.working_hours import Calendar
from services.interaction.schemas import employees as shapes

router = APIRouter(prefix="/api/v1", tags=["employees"])

LONGEST_IMPORT = 2_000_000


def place(token: str | None) -> tuple[str, UUID] | None:
    """(name, id) of a page token. Raises Invalid."""
    if not token:
        return None
    name, last = web.read_page_token(token, 2)
    try:
        return str(name), UUID(str(last))
    except ValueError:
        raise Invalid("page.bad_token", "The page token is not one of ours: begin again without it.") from None


def page(views: list[dict[str, Any]], following: tuple[Any, ...] | None) -> dict[str, Any]:
    return {"data": views, "next_page_token": web.page_token(*following) if following else None}


def sent(body: BaseModel) -> dict[str, Any]:
    """The fields that were sent, and no others."""
    return body.model_dump(exclude_unset=True)


@router.post("/employees", status_code=201, response_model=shapes.EmployeeView)
async def create_employee(here: Here, caller: Writer, body: shapes.CreateEmployee, response: Response) -> dict[str, Any]:
    made = await commands.put_employee(here, employee_id=None, given=sent(body), actor=caller.subject)
    return await _employee(here, made, response)


@router.get("/employees", response_model=web.Page[shapes.EmployeeView])
async def list_employees(
    here: Here, caller: Reader, *, q: Annotated[str | None, Query(max_length=200)] = None, team_id: UUID | None = None, active: bool | None = None,
    page_token: str | None = None, limit: Limit = 100,
) -> dict[str, Any]:
    """By name; `q` is a part of the name or the e-mail address."""
    return page(*await queries.list_employees(here, text=q, team_id=team_id, active=active, after=place(page_token), limit=limit))


@router.post("/employees/import", response_model=shapes.ImportedView, openapi_extra={
    "requestBody": {"content": {"application/json": {"schema": shapes.ImportEmployees.model_json_schema()}, "text/csv": {"schema": {"type": "string"}}}},
})
async def import_employees(here: Here, caller: Writer, request: Request) -> dict[str, Any]:
    """Create or change employees by e-mail address, from JSON or CSV; refused rows are named with their reasons."""
    raw = await request.body()
    if len(raw) > LONGEST_IMPORT:
        raise errors.bad_import("At most 2 MB at a time: send the rows in several parts.")
    try:
        if request.headers.get("content-type", "").startswith("text/csv"):
            rows = commands.read_csv(raw.decode("utf-8-sig"))
        else:
            rows = list(enumerate(shapes.ImportEmployees.model_validate_json(raw).data, 1))
    except ValidationError:
        raise errors.bad_import('The body is {"data": [{"name": …, "email": …}, …]}, or CSV sent as text/csv.') from None
    except UnicodeDecodeError:
        raise errors.bad_import("The file is not UTF-8.") from None
    done = await commands.import_employees(here, rows=rows, check=_checked)
    return {**done._asdict(), "refused": [{"line": line, "reason": reason} for line, reason in done.refused]}


def _checked(fields: Any) -> dict[str, Any]:
    try:
        return sent(shapes.CreateEmployee.model_validate(fields))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise ValueError(f"{'/'.join(map(str, first['loc']))}: {first['msg']}") from None


@router.get("/employees/{employee_id}", response_model=shapes.EmployeeView)
async def get_employee(here: Here, caller: Reader, employee_id: UUID, response: Response) -> dict[str, Any]:
    return await _employee(here, employee_id, response)


@router.patch("/employees/{employee_id}", response_model=shapes.EmployeeView)
async def change_employee(
    here: Here, caller: Writer, employee_id: UUID, body: shapes.ChangeEmployee, response: Response, if_match: IfMatch = None
) -> dict[str, Any]:
    """Who goes away (`away_until`) or leaves (`active: false`) gives their open cases back, which others get at once."""
    await commands.put_employee(here, employee_id=employee_id, given=sent(body), actor=caller.subject, versions=versions(if_match))
    return await _employee(here, employee_id, response)


@router.post("/employees/{employee_id}/hand-over", response_model=shapes.HandedOverView)
async def hand_over(here: Here, caller: Writer, employee_id: UUID, body: shapes.HandOver) -> dict[str, int]:
    """Give all open cases to somebody; notes and knowledge stay where they are, under the name of who wrote them."""
    done = await commands.hand_over_cases(here, employee_id=employee_id, to=body.to, deactivate=body.deactivate, actor=caller.subject)
    return done._asdict()


@router.post("/teams", status_code=201, response_model=shapes.TeamView)
async def create_team(here: Here, caller: Writer, body: shapes.CreateTeam, response: Response) -> dict[str, Any]:
    return await _team(here, await commands.put_team(here, team_id=None, given=sent(body)), response)


@router.get("/teams", response_model=web.Page[shapes.TeamView])
async def list_teams(here: Here, caller: Reader, page_token: str | None = None, limit: Limit = 100) -> dict[str, Any]:
    """By name, with what waits in the queue of each."""
    return page(*await queries.list_teams(here, after=place(page_token), limit=limit))


@router.get("/teams/{team_id}", response_model=shapes.TeamView)
async def get_team(here: Here, caller: Reader, team_id: UUID, response: Response) -> dict[str, Any]:
    return await _team(here, team_id, response)


@router.patch("/teams/{team_id}", response_model=shapes.TeamView)
async def change_team(here: Here, caller: Writer, team_id: UUID, body: shapes.ChangeTeam, response: Response, if_match: IfMatch = None) -> dict[str, Any]:
    return await _team(here, await commands.put_team(here, team_id=team_id, given=sent(body), versions=versions(if_match)), response)


@router.post("/calendars", status_code=201, response_model=shapes.CalendarView)
async def create_calendar(here: Here, caller: Writer, body: shapes.PutCalendar, response: Response) -> dict[str, Any]:
    return await _calendar(here, await commands.put_calendar(here, calendar_id=None, name=body.name, calendar=_plain(body)), response)


@router.get("/calendars", response_model=web.Page[shapes.CalendarView])
async def list_calendars(here: Here, caller: Reader) -> dict[str, Any]:
    return page(await queries.list_calendars(here), None)


@router.get("/calendars/{calendar_id}", response_model=shapes.CalendarView)
async def get_calendar(here: Here, caller: Reader, calendar_id: UUID, response: Response) -> dict[str, Any]:
    return await _calendar(here, calendar_id, response)


@router.put("/calendars/{calendar_id}", response_model=shapes.CalendarView)
async def put_calendar(
    here: Here, caller: Writer, calendar_id: UUID, body: shapes.PutCalendar, response: Response, if_match: IfMatch = None
) -> dict[str, Any]:
    """Another content of a calendar; what is due already stays so."""
    await commands.put_calendar(here, calendar_id=calendar_id, name=body.name, calendar=_plain(body), versions=versions(if_match))
    return await _calendar(here, calendar_id, response)


@router.post("/service-policies", status_code=201, response_model=shapes.PolicyView)
async def create_policy(here: Here, caller: Writer, body: shapes.CreatePolicy, response: Response) -> object:
    made = await commands.put_policy(here, policy_id=None, given=sent(body))
    response.headers["etag"] = etag(made.version)
    return made


@router.get("/service-policies", response_model=web.Page[shapes.PolicyView])
async def list_policies(here: Here, caller: Reader) -> dict[str, Any]:
    """By rank: of those that fit a case the first counts."""
    return {"data": await queries.list_policies(here), "next_page_token": None}


@router.get("/service-policies/{policy_id}", response_model=shapes.PolicyView)
async def get_policy(here: Here, caller: Reader, policy_id: UUID, response: Response) -> object:
    found = await queries.get_policy(here, policy_id=policy_id)
    response.headers["etag"] = etag(found.version)
    return found


@router.patch("/service-policies/{policy_id}", response_model=shapes.PolicyView)
async def change_policy(
    here: Here, caller: Writer, policy_id: UUID, body: shapes.ChangePolicy, response: Response, if_match: IfMatch = None
) -> object:
    """For cases from now on; one that is not `active` fits none."""
    changed = await commands.put_policy(here, policy_id=policy_id, given=sent(body), versions=versions(if_match))
    response.headers["etag"] = etag(changed.version)
    return changed


@router.get("/case-rules", response_model=shapes.RulesView)
async def get_rules(here: Here, caller: Reader, response: Response) -> dict[str, Any]:
    """Which contacts open cases, how urgent and in which queue."""
    rules, version = await queries.get_rules(here)
    response.headers["etag"] = etag(version)
    return {**rules.model_dump(), "version": version}


@router.put("/case-rules", response_model=shapes.RulesView)
async def put_rules(here: Here, caller: Writer, body: CaseRules, response: Response, if_match: IfMatch = None) -> dict[str, Any]:
    """The whole of the rules; they count from the next contact on."""
    version = await commands.put_rules(here, rules=body, versions=versions(if_match))
    response.headers["etag"] = etag(version)
    return {**body.model_dump(), "version": version}


def _plain(body: shapes.PutCalendar) -> Calendar:
    return Calendar(time_zone=body.time_zone, hours=body.hours, holidays=body.holidays)


async def _employee(here: Here, employee_id: UUID, response: Response) -> dict[str, Any]:
    found = await queries.get_employee(here, employee_id=employee_id)
    response.headers["etag"] = etag(found["version"])
    return found


async def _team(here: Here, team_id: UUID, response: Response) -> dict[str, Any]:
    found = await queries.get_team(here, team_id=team_id)
    response.headers["etag"] = etag(found["version"])
    return found


async def _calendar(here: Here, calendar_id: UUID, response: Response) -> dict[str, Any]:
    found = await queries.get_calendar(here, calendar_id=calendar_id)
    response.headers["etag"] = etag(found["version"])
    return found

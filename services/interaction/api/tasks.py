"""Work to do."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from chassis import web
from chassis.errors import Invalid
from services.interaction import commands, queries
from services.interaction.api.timeline import From, Here, Limit, Reader, To, Writer, aware
from services.interaction.schemas import tasks

router = APIRouter(prefix="/api/v1/tasks", tags=["tasks"])


@router.post("", status_code=201, response_model=tasks.TaskView)
async def plan_task(here: Here, caller: Writer, body: tasks.PlanTask) -> dict[str, Any]:
    """Plan a task, a call or a meeting."""
    task_id = await commands.tasks.plan_task(here, given=body.model_dump())
    return await queries.tasks.get_task(here, task_id=task_id)


@router.get("", response_model=web.Page[tasks.TaskView])
async def list_tasks(
    here: Here, caller: Reader, *, customer_id: UUID | None = None, employee_id: UUID | None = None, team_id: UUID | None = None,
    case_id: UUID | None = None, opportunity_id: UUID | None = None, state: tasks.State | None = None, kind: tasks.Kind | None = None,
    overdue: bool = False, since: From = None, until: To = None, page_token: str | None = None, limit: Limit = 50,
) -> dict[str, Any]:
    """By due time; `?overdue=true` lists what is open and late."""
    found, following = await queries.tasks.list_tasks(
        here, customer_id=customer_id, employee_id=employee_id, team_id=team_id, case_id=case_id, opportunity_id=opportunity_id, state=state,
        kind=kind, overdue=overdue, due_from=aware(since), due_before=aware(until), after=_cursor(page_token), limit=limit,
    )
    return {"data": found, "next_page_token": web.page_token(*following) if following else None}


@router.get("/{task_id}", response_model=tasks.TaskView)
async def get_task(here: Here, caller: Reader, task_id: UUID) -> dict[str, Any]:
    return await queries.tasks.get_task(here, task_id=task_id)


@router.get("/{task_id}/calendar.ics", response_class=Response)
async def get_calendar_file(here: Here, caller: Reader, task_id: UUID) -> Response:
    """For a calendar: one event; fetched again it replaces what the calendar holds."""
    content = await queries.tasks.get_calendar_file(here, task_id=task_id)
    return Response(content, media_type="text/calendar; charset=utf-8", headers={"content-disposition": f'attachment; filename="{task_id}.ics"'})


@router.patch("/{task_id}", response_model=tasks.TaskView)
async def change_task(here: Here, caller: Writer, task_id: UUID, body: tasks.ChangeTask) -> dict[str, Any]:
    await commands.tasks.change_task(here, task_id=task_id, changes=body.model_dump(exclude_unset=True))
    return await queries.tasks.get_task(here, task_id=task_id)


@router.post("/{task_id}/done", response_model=tasks.TaskView)
async def finish_task(here: Here, caller: Writer, task_id: UUID, body: tasks.FinishTask) -> dict[str, Any]:
    """Close it with its outcome; a call or meeting with a customer goes to the timeline."""
    await commands.tasks.finish_task(here, task_id=task_id, **body.model_dump(), source_id=caller.source_id)
    return await queries.tasks.get_task(here, task_id=task_id)


@router.post("/{task_id}/cancel", response_model=tasks.TaskView)
async def cancel_task(here: Here, caller: Writer, task_id: UUID) -> dict[str, Any]:
    await commands.tasks.cancel_task(here, task_id=task_id)
    return await queries.tasks.get_task(here, task_id=task_id)


def _cursor(token: str | None) -> tuple[datetime | None, UUID] | None:
    if not token:
        return None
    at, last = web.read_page_token(token, 2)
    try:
        moment = None if at is None else datetime.fromisoformat(at)
        return moment, UUID(last)
    except (TypeError, ValueError, AttributeError):
        raise Invalid("page.bad_token", "The page token is not one of ours: begin again without it.") from None

"""Strategic views over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from chassis import web
from chassis.identity import Caller
from services.analytics.commands import assessing
from services.analytics.queries import strategy
from services.analytics.schemas.given import Strict
from services.analytics.settings import AnalyticsService

router = APIRouter(tags=["strategy"])

Running = Annotated[AnalyticsService, Depends(web.service)]
Reading = Annotated[Caller, web.allow("analytics:read")]
Writing = Annotated[Caller, web.allow("analytics:write")]
Subject = Annotated[str, Query(max_length=200)]


class KindView(BaseModel):
    kind: str
    about: str
    items: dict[str, str]
    of_subject: bool


class GiveAnswers(Strict):
    assessed_on: date
    subject: Annotated[str, Field(max_length=200)] = ""
    answers: dict[str, Any]


class AssessmentView(BaseModel):
    assessment_id: UUID
    kind: str
    assessed_on: date
    subject: str
    answers: dict[str, Any]
    result: dict[str, Any]
    noted_by: str
    created_at: datetime


class DatedView(AssessmentView):
    """`change`, `item_change`: since the assessment before."""

    change: dict[str, float]
    item_change: dict[str, float]


class HistoryView(BaseModel):
    """`slope`: change of a number from one assessment to the next, by the least-squares line."""

    kind: str
    subject: str
    data: list[DatedView]
    slope: dict[str, float | None]


class GoLiveView(BaseModel):
    live: bool
    marked: AssessmentView | None


class StaffLine(BaseModel):
    """`cases` solved in the window, `assigned` to them in it, `open` in their hands at its end: the load."""

    key: str
    cases: int
    customers: int
    median_first_answer_s: float | None
    answers: int | None
    csat_mean: float | None
    praise: int | None
    revenue_after_minor: int | None
    assigned: int
    open: int


class StaffView(BaseModel):
    """`hidden`: how many groups have fewer than five customers and are not shown."""

    first: date = Field(serialization_alias="from")
    to: date
    by: str
    currency: str
    days_after: int
    data: list[StaffLine]
    hidden: int
    as_of: datetime


class UnusedView(BaseModel):
    """What is collected and used by nothing that was `looked_at`; templates are missing there while the campaign service does not answer."""

    looked_at: list[str]
    days: int
    as_of: datetime
    collected: int
    used: int
    data: list[dict[str, Any]]


@router.get("/api/v1/assessments")
async def list_kinds(service: Running, caller: Reading) -> web.Page[KindView]:
    """Questionnaires with their items."""
    return web.Page(data=[KindView(**one) for one in strategy.list_kinds()])


@router.post("/api/v1/assessments/{kind}", status_code=201)
async def assess(kind: str, body: GiveAnswers, service: Running, caller: Writing) -> AssessmentView:
    """Answers on a day; a second time on the same day replaces them."""
    return AssessmentView(**await assessing.assess(service, kind=kind, **body.model_dump(), by=caller.subject))


@router.get("/api/v1/assessments/{kind}")
async def get_history(
    kind: str, service: Running, caller: Reading, subject: Subject = "", limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> HistoryView:
    """By day, with change and trend."""
    return HistoryView(**await strategy.get_history(service, kind=kind, subject=subject, limit=limit))


@router.post("/api/v1/go-live", status_code=201)
async def go_live(service: Running, caller: Writing) -> AssessmentView:
    """Set the mark; refused until the checklist passes or is waived by name."""
    return AssessmentView(**await assessing.go_live(service, by=caller.subject))


@router.get("/api/v1/go-live")
async def get_go_live(service: Running, caller: Reading) -> GoLiveView:
    found = await strategy.get_go_live(service)
    return GoLiveView(live=found is not None, marked=AssessmentView(**found) if found else None)


@router.get("/api/v1/staff")
async def get_staff(
    service: Running, caller: Annotated[Caller, web.allow("admin")], first: Annotated[str | None, Query(alias="from", max_length=10)] = None,
    to: Annotated[str | None, Query(max_length=10)] = None, by: Literal["employee", "team"] = "team",
) -> StaffView:
    """What people and teams did for customers, behind the scope admin; small groups are hidden."""
    return StaffView(**await strategy.get_staff(service, first=first, last=to, by=by))


@router.get("/api/v1/attributes/unused")
async def get_unused(service: Running, caller: Reading, days: Annotated[int, Query(ge=1, le=3650)] = 90) -> UnusedView:
    """Collected traits and properties that no decision uses."""
    return UnusedView(**await strategy.get_unused(service, days=days))

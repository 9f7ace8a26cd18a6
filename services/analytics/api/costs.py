"""Costs and stated spending over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import ValidationError
from starlette.responses import Response

from chassis import web
from chassis.errors import Invalid
from chassis.identity import Caller
from services.analytics.api import files
from services.analytics.commands import costs
from services.analytics.queries import scoring
from services.analytics.schemas.costs import BookCost, CostView, ImportView, SpendingView, StateSpending
from services.analytics.settings import AnalyticsService

router = APIRouter(tags=["costs"])

Running = Annotated[AnalyticsService, Depends(web.service)]
Reading = Annotated[Caller, web.allow("analytics:read")]
Writing = Annotated[Caller, web.allow("analytics:write")]
Limit = Annotated[int, Query(ge=1, le=1000)]
Token = Annotated[str | None, Query(max_length=500)]


@router.post("/api/v1/costs", status_code=201)
async def book_cost(body: BookCost, service: Running, caller: Writing, response: Response) -> CostView:
    """Book a cost; 200 instead of 201 when the same reference was booked before with the same content."""
    entry, new = await costs.book_cost(service, **body.model_dump(), by=caller.subject)
    if not new:
        response.status_code = 200
    return CostView(**entry)


@router.get("/api/v1/costs")
async def list_costs(
    *, service: Running, caller: Reading, first: Annotated[date | None, Query(alias="from")] = None, to: date | None = None, limit: Limit = 100,
    page_token: Token = None,
) -> web.Page[CostView]:
    """The ledger by the day costs are booked on, `[from, to)`."""
    found = await scoring.page_costs(service, first=first, last=to, after=_after(page_token), limit=limit)
    following = web.page_token(found[-1]["booked_on"], found[-1]["cost_id"]) if len(found) == limit else None
    return web.Page(data=[CostView(**one) for one in found], next_page_token=following)


@router.post("/api/v1/costs/imports", openapi_extra={"requestBody": {"content": {"text/csv": {"schema": {"type": "string"}}}, "required": True}})
async def import_costs(request: Request, service: Running, caller: Writing) -> ImportView:
    """Book the lines of a CSV file whose header names the fields of a cost; lines that cannot be booked are listed."""
    return ImportView(**await costs.import_costs(service, text=await files.read_text(request), read=_read_cost, by=caller.subject))


@router.post("/api/v1/spendings", status_code=201)
async def state_spending(body: StateSpending, service: Running, caller: Writing) -> SpendingView:
    """Keep what a customer spends with anybody; the same customer, category, days and basis again replace the amount."""
    return SpendingView(**await costs.state_spending(service, **body.model_dump(), by=caller.subject))


@router.get("/api/v1/spendings")
async def list_spendings(
    service: Running, caller: Reading, customer_id: UUID | None = None, limit: Limit = 100, page_token: Token = None
) -> web.Page[SpendingView]:
    after = None if page_token is None else _uuid(web.read_page_token(page_token, 1)[0])
    found = await scoring.page_spendings(service, customer_id=customer_id, after=after, limit=limit)
    following = web.page_token(found[-1]["statement_id"]) if len(found) == limit else None
    return web.Page(data=[SpendingView(**one) for one in found], next_page_token=following)


def _read_cost(line: dict[str, Any]) -> dict[str, Any]:
    try:
        return BookCost.model_validate(line).model_dump()
    except ValidationError as error:
        raise ValueError("; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())) from None


def _after(token: str | None) -> tuple[date, UUID] | None:
    if token is None:
        return None
    day, cost_id = web.read_page_token(token, 2)
    try:
        return date.fromisoformat(str(day)), UUID(str(cost_id))
    except ValueError:
        raise _bad_token() from None


def _uuid(value: Any) -> UUID:
    try:
        return UUID(str(value))
    except ValueError:
        raise _bad_token() from None


def _bad_token() -> Invalid:
    return Invalid("page.bad_token", "The page token is not one of ours: begin again without it.")

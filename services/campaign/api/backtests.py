"""`/api/v1/journeys/{id}/backtests`: a draft over the recorded past."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Response

from chassis import web
from chassis.web import Page
from services.campaign import commands, queries
from services.campaign.api.journeys import Limit, Reader, Running, Writer
from services.campaign.schemas.journeys import BacktestMessageView, BacktestView, StartBacktest

router = APIRouter(prefix="/api/v1/journeys/{journey_id}/backtests", tags=["journeys"])

Outcome = Literal["reached", "blocked"]


@router.post("", status_code=202)
async def start_backtest(
    service: Running, _caller: Writer, journey_id: UUID, response: Response, body: StartBacktest | None = None
) -> BacktestView:
    """Run the draft (or the definition sent along) over the past; ask for the result at the address in `Location`."""
    given = body or StartBacktest()
    until = given.until or service.clock.now()
    since = given.since or until - timedelta(days=90)
    backtest_id = await commands.start_backtest(
        service, journey_id=journey_id, since=since, until=until, definition=given.definition,
        named=[(one.customer_id, one.at) for one in given.people], costs=given.costs.model_dump() if given.costs else None,
    )
    response.headers["location"] = f"/api/v1/journeys/{journey_id}/backtests/{backtest_id}"
    return BacktestView.model_validate(await queries.get_backtest(service, journey_id=journey_id, backtest_id=backtest_id))


@router.get("")
async def list_backtests(
    service: Running, _caller: Reader, journey_id: UUID, page_token: str | None = None, limit: Limit = 50
) -> Page[BacktestView]:
    """The newest first."""
    after = UUID(str(web.read_page_token(page_token, 1)[0])) if page_token else None
    found = await queries.list_backtests(service, journey_id=journey_id, after=after, limit=limit + 1)
    views = [BacktestView.model_validate(row) for row in found[:limit]]
    return Page(data=views, next_page_token=web.page_token(views[-1].id) if len(found) > limit else None)


@router.get("/{backtest_id}")
async def get_backtest(service: Running, _caller: Reader, journey_id: UUID, backtest_id: UUID) -> BacktestView:
    """The sums: people, messages, what was blocked and why."""
    return BacktestView.model_validate(await queries.get_backtest(service, journey_id=journey_id, backtest_id=backtest_id))


@router.get("/{backtest_id}/messages")
async def list_messages(
    service: Running, _caller: Reader, journey_id: UUID, backtest_id: UUID, *, outcome: Outcome | None = None, customer_id: UUID | None = None,
    page_token: str | None = None, limit: Limit = 100,
) -> Page[BacktestMessageView]:
    """Who would have got what, when, or why not; in the order of time."""
    after = int(web.read_page_token(page_token, 1)[0]) if page_token else -1
    found = await queries.list_backtest_messages(
        service, journey_id=journey_id, backtest_id=backtest_id, outcome=outcome, customer_id=customer_id, after=after, limit=limit + 1
    )
    views = [BacktestMessageView.model_validate(row) for row in found[:limit]]
    return Page(data=views, next_page_token=web.page_token(views[-1].number) if len(found) > limit else None)

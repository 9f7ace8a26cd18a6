"""Rules tested on history, and the nine verbs, over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from chassis import web
from chassis.identity import Caller
from services.analytics.domain import verbs
from services.analytics.queries import backtesting
from services.analytics.schemas.backtests import AskBacktest, BacktestView, VerbView
from services.analytics.settings import AnalyticsService

router = APIRouter(tags=["segments"])

Running = Annotated[AnalyticsService, Depends(web.service)]
Reading = Annotated[Caller, web.allow("analytics:read")]


@router.post("/api/v1/segments/backtests")
async def ask_backtest(body: AskBacktest, service: Running, caller: Reading) -> BacktestView:
    """Whom a rule would have named on days of the past, and how many of them ordered after, beside everybody else."""
    return BacktestView(**await backtesting.backtest(
        service, rule=body.rule, segment_id=body.segment_id, version=body.version, at=body.at, days=body.outcome_days, calendar=body.calendar
    ))


@router.get("/api/v1/verbs")
async def list_verbs(service: Running, caller: Reading) -> web.Page[VerbView]:
    """Acquire, store, extract, integrate, process, interpret, distribute, apply, report: where each is done."""
    return web.Page(data=[VerbView(**one._asdict()) for one in verbs.VERBS])

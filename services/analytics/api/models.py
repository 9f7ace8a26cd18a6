"""Models over HTTP: fit, watch, compare, rank."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from chassis import web
from chassis.errors import Invalid
from chassis.identity import Caller
from services.analytics.commands import fitting
from services.analytics.queries import modelling
from services.analytics.queries.purposes import get_bound
from services.analytics.schemas.models import (
    FitModel,
    FitView,
    ModelName,
    ModelView,
    RankedView,
    ScoreCounts,
    ScoreMoved,
)
from services.analytics.settings import AnalyticsService

router = APIRouter(tags=["models"])

Running = Annotated[AnalyticsService, Depends(web.service)]
Reading = Annotated[Caller, web.allow("analytics:read")]
Writing = Annotated[Caller, web.allow("analytics:write")]
Limit = Annotated[int, Query(ge=1, le=1000)]
Token = Annotated[str | None, Query(max_length=500)]
Kind = Annotated[str, Path(max_length=40)]
Named = Annotated[ModelName, Query()]


@router.get("/api/v1/models")
async def list_models(service: Running, caller: Reading) -> web.Page[ModelView]:
    """Every kind of model: the question it answers, methods, options, and the versions in use with their quality."""
    return web.Page(data=[ModelView.model_validate(one) for one in await modelling.list_models(service)])


@router.post("/api/v1/models/{kind}/fits", status_code=202)
async def ask_fit(kind: Kind, body: FitModel, service: Running, caller: Writing, response: Response) -> FitView:
    """Begin a fit; `Location` says how far it is."""
    bound = await get_bound(service, purpose=body.purpose, channel=body.channel)
    options = body.model_dump(exclude_none=True, exclude={"purpose", "channel"})
    fit_id = await fitting.ask_fit(service, kind=kind, options=options, by=caller.subject, purpose=bound)
    response.headers["location"] = f"/api/v1/models/{kind}/fits/{fit_id}"
    return FitView(**await modelling.get_fit(service, kind=kind, fit_id=fit_id))


@router.get("/api/v1/models/{kind}/fits/{fit_id}")
async def get_fit(kind: Kind, fit_id: UUID, service: Running, caller: Reading) -> FitView:
    """waiting, running, done or failed; when failed `error` says why in plain words."""
    return FitView(**await modelling.get_fit(service, kind=kind, fit_id=fit_id))


@router.get("/api/v1/models/{kind}/versions")
async def list_versions(kind: Kind, service: Running, caller: Reading, name: Named = "default") -> web.Page[FitView]:
    """The newest first: method, source, data, quality, explanation, and how each compared with the one in use before it."""
    return web.Page(data=[FitView(**one) for one in await modelling.list_versions(service, kind=kind, name=name)])


@router.get("/api/v1/models/{kind}/versions/{version}")
async def get_version(kind: Kind, version: Annotated[int, Path(ge=1, le=2**31 - 1)], service: Running, caller: Reading, name: Named = "default") -> FitView:
    return FitView(**await modelling.get_version(service, kind=kind, name=name, version=version))


@router.get("/api/v1/models/{kind}/ranking")
async def rank(
    kind: Kind, service: Running, caller: Reading, name: Named = "default", value: Annotated[str | None, Query(max_length=100)] = None,
    order: Literal["highest", "lowest"] = "highest", limit: Limit = 100, page_token: Token = None,
) -> web.Page[RankedView]:
    """Customers by the model's score: rank, value, share of the total, and the parts with their reasons."""
    start = _start(page_token)
    found = await modelling.rank(
        service, score=modelling.score_of(kind, name), value=value, ascending=order == "lowest", start=start, limit=limit
    )
    following = web.page_token(start + limit) if len(found) == limit else None
    return web.Page(data=[RankedView(**one) for one in found], next_page_token=following)


@router.get("/api/v1/models/{kind}/counts")
async def count_scores(
    kind: Kind, service: Running, caller: Reading, name: Named = "default", days: Annotated[int, Query(ge=1, le=3660)] = 30
) -> ScoreCounts:
    """Customers by the score's value, and who moved within the last days."""
    return ScoreCounts(**await modelling.count_scores(service, score=modelling.score_of(kind, name), days=days))


@router.get("/api/v1/customers/{customer_id}/scores/history")
async def get_history(
    customer_id: UUID, service: Running, caller: Reading, score: Annotated[str | None, Query(max_length=100)] = None, limit: Limit = 100
) -> web.Page[ScoreMoved]:
    """Dated transitions of the customer's scores, the newest first."""
    return web.Page(data=[ScoreMoved(**one) for one in await modelling.get_history(service, customer_id=customer_id, score=score, limit=limit)])


def _start(token: str | None) -> int:
    if token is None:
        return 0
    (start,) = web.read_page_token(token, 1)
    if not isinstance(start, int) or not 0 <= start <= 10**9:
        raise Invalid("page.bad_token", "The page token is not one of ours: begin again without it.")
    return start

"""Computed traits over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from chassis import web
from chassis.errors import Invalid
from chassis.identity import Caller
from services.analytics.commands import computing as commands
from services.analytics.queries import computing
from services.analytics.schemas.computed import ChangeTrait, DefineTrait, TraitView, ValuesView, ValueView
from services.analytics.settings import AnalyticsService

router = APIRouter(tags=["computed traits"])

Running = Annotated[AnalyticsService, Depends(web.service)]
Reading = Annotated[Caller, web.allow("analytics:read")]
Writing = Annotated[Caller, web.allow("analytics:write")]


def _view(found: dict[str, Any]) -> TraitView:
    return TraitView(id=found["trait_id"], **{name: value for name, value in found.items() if name != "trait_id"})


@router.post("/api/v1/computed-traits", status_code=201)
async def define_trait(body: DefineTrait, service: Running, caller: Writing) -> TraitView:
    """Define a trait; rules ask for it as `{"computed": {"name": …}}` within seconds."""
    return _view(await commands.define_trait(service, **body.model_dump()))


@router.get("/api/v1/computed-traits")
async def list_traits(service: Running, caller: Reading) -> web.Page[TraitView]:
    return web.Page(data=[_view(one) for one in await computing.list_traits(service)])


@router.get("/api/v1/computed-traits/{trait_id}")
async def get_trait(trait_id: UUID, service: Running, caller: Reading) -> TraitView:
    return _view(await computing.get_trait(service, trait_id=trait_id))


@router.put("/api/v1/computed-traits/{trait_id}")
async def change_trait(trait_id: UUID, body: ChangeTrait, service: Running, caller: Writing) -> TraitView:
    """Another definition under the same name."""
    return _view(await commands.change_trait(service, trait_id=trait_id, **body.model_dump()))


@router.delete("/api/v1/computed-traits/{trait_id}", status_code=204)
async def archive_trait(trait_id: UUID, service: Running, caller: Writing) -> Response:
    await commands.archive_trait(service, trait_id=trait_id)
    return Response(status_code=204)


@router.get("/api/v1/computed-traits/{trait_id}/values")
async def list_values(
    trait_id: UUID, *, service: Running, caller: Reading, order: Literal["ascending", "descending"] = "descending",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100, page_token: Annotated[str | None, Query(max_length=500)] = None,
) -> ValuesView:
    """Customers by value, the highest first."""
    start = 0 if page_token is None else web.read_page_token(page_token, 1)[0]
    if not isinstance(start, int) or not 0 <= start < 2**62:
        raise Invalid("page.bad_token", "The page token is not one of ours: begin again without it.")
    total, found = await computing.page_values(service, trait_id=trait_id, descending=order == "descending", start=start, limit=limit)
    following = start + len(found)
    return ValuesView(
        data=[ValueView(customer_id=customer, value=value) for customer, value in found], total=total,
        next_page_token=web.page_token(following) if following < total else None,
    )

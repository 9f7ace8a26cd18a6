"""Routes every service has for the one that answers people's questions about their data and ends what was kept long enough: services ask, nobody else."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chassis import holding, web
from chassis.errors import Forbidden
from chassis.identity import Caller
from chassis.service import Service


def _officer(asking: Annotated[Caller, web.allow("privacy:manage")]) -> Caller:
    if asking.kind != "service":
        raise Forbidden("privacy.inside_only", "This is answered to services only: ask for a copy by POST /api/v1/privacy/requests.")
    return asking


router = APIRouter(prefix="/internal/person", include_in_schema=False, dependencies=[Depends(_officer)])

Here = Annotated[Service[Any, Any], Depends(web.service)]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class AskedPerson(BaseModel):
    """One person: all customer ids, and the keyed hashes (hex) of all identities."""

    model_config = ConfigDict(extra="forbid")

    customers: Annotated[list[UUID], Field(min_length=1, max_length=10_000)]
    identities: Annotated[list[Hash], Field(max_length=100_000)]
    page_token: str | None = None
    limit: Annotated[int, Field(ge=1, le=5000)] = 1000


@router.get("/holdings")
async def list_holdings(request: Request) -> dict[str, Any]:
    """Which tables hold data of people: what they are about, and where the data come from."""
    listed = request.app.state.running.holdings
    return {"data": [{"table": one.table, "category": one.category, "origin": one.origin} for one in listed]}


@router.post("")
async def read_person(request: Request, here: Here, body: AskedPerson) -> dict[str, Any]:
    """A page of all rows of one person: (table, row)."""
    person = holding.Person(body.customers, [bytes.fromhex(one) for one in body.identities])
    place, start = (int(value) for value in web.read_page_token(body.page_token, 2)) if body.page_token else (0, 0)
    found, following = await holding.page(here, request.app.state.running.holdings, person, place=place, start=start, limit=body.limit)
    return {"data": found, "next_page_token": web.page_token(*following) if following else None}


class AskedSweep(BaseModel):
    """End (or with `dry_run` only count) what of a category is older than a time; at most `limit` rows of each table."""

    model_config = ConfigDict(extra="forbid")

    category: Annotated[str, Field(min_length=1, max_length=64)]
    before: AwareDatetime
    dry_run: bool
    limit: Annotated[int, Field(ge=1, le=20_000)] = 5000


@router.get("/kept")
async def list_kept(request: Request) -> dict[str, Any]:
    """Which tables rules of retention can end, by category."""
    return {"data": [{"category": one.category, "table": one.table} for one in request.app.state.running.manifest.kept]}


@router.post("/sweep")
async def sweep(request: Request, here: Here, body: AskedSweep) -> dict[str, Any]:
    """Rows by table; `more`: a table had as many as were allowed."""
    counts: dict[str, int] = {}
    for one in request.app.state.running.manifest.kept:
        if one.category == body.category:
            counts[one.table] = await (one.count(here, body.before) if body.dry_run else one.end(here, body.before, body.limit))
    return {"tables": counts, "more": not body.dry_run and any(count >= body.limit for count in counts.values())}

"""`/api/v1/pressure`: how much of us a person bears."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime

from chassis import web
from chassis.conditions import AsOf, IfMatch, etag, versions
from chassis.identity import Caller
from services.campaign import commands, queries
from services.campaign.domain.pressure import Policy
from services.campaign.schemas.pressure import AnnoyancesView, AnnoyanceView, PersonView, PolicyView, SetProgramme
from services.campaign.settings import CampaignService

router = APIRouter(prefix="/api/v1/pressure", tags=["pressure"])

Running = Annotated[CampaignService, Depends(web.service)]
Reader = Annotated[Caller, web.allow("campaigns:read")]
Sender = Annotated[Caller, web.allow("campaigns:send")]
Time = Annotated[AwareDatetime | None, Query()]


@router.get("")
async def get_policy(service: Running, _caller: Reader, response: Response, as_of: AsOf = None) -> PolicyView:
    """What holds now, or held at a time."""
    version, policy, since = await queries.get_policy(service, as_of=as_of)
    response.headers["etag"] = etag(version)
    return PolicyView(version=version, since=since, policy=policy)


@router.put("")
async def put_policy(service: Running, caller: Sender, body: Policy, response: Response, if_match: IfMatch = None) -> PolicyView:
    """Another policy, from now on; earlier ones stay on record."""
    version = await commands.put_policy(service, policy=body, changed_by=caller.subject, versions=versions(if_match))
    response.headers["etag"] = etag(version)
    _, policy, since = await queries.get_policy(service)
    return PolicyView(version=version, since=since, policy=policy)


@router.get("/figures")
async def get_figures(service: Running, _caller: Reader, since: Time = None, until: Time = None) -> AnnoyancesView:
    """Unsubscribes, complaints and ignored messages per 1,000, by channel; 30 days unless told otherwise."""
    end = until or service.clock.now()
    start = since or end - timedelta(days=30)
    rows = await queries.get_annoyance(service, since=start, until=end)
    return AnnoyancesView(
        since=start, until=end, settled_days=queries.SETTLED.days, capped=await queries.count_capped(service, since=start, until=end),
        channels=[
            AnnoyanceView(
                **row, unsubscribes_per_1000=_rate(row["unsubscribes"], row["messages"]),
                complaints_per_1000=_rate(row["complaints"], row["messages"]), ignored_per_1000=_rate(row["ignored"], row["settled"]),
            )
            for row in rows
        ],
    )


@router.get("/customers/{customer_id}")
async def get_person(service: Running, _caller: Reader, customer_id: UUID) -> PersonView:
    """How full each cap is for this person, whether it is quiet there, and when they respond best."""
    return PersonView.model_validate(await queries.get_person(service, customer_id=customer_id))


@router.put("/programmes/{origin_id}", status_code=204)
async def set_programme(service: Running, _caller: Sender, origin_id: UUID, body: SetProgramme) -> Response:
    """Count a campaign or journey under a programme that caps name."""
    await commands.set_programme(service, origin_id=origin_id, programme=body.programme)
    return Response(status_code=204)


def _rate(part: int, whole: int) -> float | None:
    return round(1000 * part / whole, 3) if whole else None

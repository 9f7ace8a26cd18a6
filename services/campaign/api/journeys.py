"""`/api/v1/journeys`: definitions and their life, people inside, figures."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime

from chassis import web
from chassis.conditions import IfMatch, etag, versions
from chassis.identity import Caller
from chassis.web import Page
from services.campaign import commands, queries
from services.campaign.domain.explaining import Finding
from services.campaign.domain.journeys.definition import Definition
from services.campaign.domain.journeys.entities import Journey
from services.campaign.schemas.campaigns import JourneyDecisionView
from services.campaign.schemas.journeys import (
    AddedView,
    AddPeople,
    FiguresView,
    JourneyView,
    PassagesView,
    PositionView,
    Publish,
    PublishedView,
    PutJourney,
    SecretView,
    VersionView,
)
from services.campaign.settings import CampaignService

grammar = APIRouter(tags=["journeys"])
router = APIRouter(prefix="/api/v1/journeys", tags=["journeys"])

Running = Annotated[CampaignService, Depends(web.service)]
Reader = Annotated[Caller, web.allow("campaigns:read")]
Writer = Annotated[Caller, web.allow("campaigns:write")]
Sender = Annotated[Caller, web.allow("campaigns:send")]
Limit = Annotated[int, Query(ge=1, le=1000)]


@grammar.get("/schemas/journey")
async def get_grammar() -> dict[str, Any]:
    """The grammar of definitions, as JSON Schema."""
    return Definition.model_json_schema(by_alias=True)


@router.post("", status_code=201)
async def create_journey(service: Running, _caller: Writer, body: PutJourney, response: Response) -> JourneyView:
    """A draft; nobody comes in before it is published."""
    journey_id = await commands.create_journey(service, name=body.name, definition=body.definition)
    response.headers["location"] = f"/api/v1/journeys/{journey_id}"
    return await _show(service, journey_id, response)


@router.get("")
async def list_journeys(service: Running, _caller: Reader, page_token: str | None = None, limit: Limit = 50) -> Page[JourneyView]:
    """All journeys, the newest first."""
    found = await queries.list_journeys(service, after=_after(page_token), limit=limit + 1)
    views = [_view(journey) for journey in found[:limit]]
    return Page(data=views, next_page_token=web.page_token(views[-1].id) if len(found) > limit else None)


@router.get("/{journey_id}")
async def get_journey(service: Running, _caller: Reader, journey_id: UUID, response: Response) -> JourneyView:
    return await _show(service, journey_id, response)


@router.put("/{journey_id}")
async def put_journey(
    service: Running, _caller: Writer, journey_id: UUID, body: PutJourney, response: Response, if_match: IfMatch = None
) -> JourneyView:
    """Another draft; what is published stays as it is until the draft is published."""
    await commands.change_draft(
        service, journey_id=journey_id, name=body.name, definition=body.definition, numbers=versions(if_match)
    )
    return await _show(service, journey_id, response)


@router.post("/{journey_id}/publish")
async def publish(service: Running, caller: Sender, journey_id: UUID, body: Publish | None = None) -> PublishedView:
    """The draft takes people in from now on, as a version that never changes."""
    _, moved = await commands.publish_journey(
        service, journey_id=journey_id, published_by=caller.subject, move=body.move if body else None
    )
    return PublishedView(**_view(await queries.get_journey(service, journey_id=journey_id)).model_dump(), moved=moved)


@router.post("/{journey_id}/pause")
async def pause(service: Running, _caller: Sender, journey_id: UUID) -> JourneyView:
    """Nobody moves and nothing goes out; events and entries of the pause count when it goes on."""
    await commands.pause_journey(service, journey_id=journey_id)
    return _view(await queries.get_journey(service, journey_id=journey_id))


@router.post("/{journey_id}/resume")
async def resume(service: Running, _caller: Sender, journey_id: UUID) -> JourneyView:
    await commands.resume_journey(service, journey_id=journey_id)
    return _view(await queries.get_journey(service, journey_id=journey_id))


@router.post("/{journey_id}/close")
async def close(service: Running, _caller: Sender, journey_id: UUID) -> JourneyView:
    """For good: everybody leaves, what is planned is cancelled."""
    await commands.close_journey(service, journey_id=journey_id)
    return _view(await queries.get_journey(service, journey_id=journey_id))


@router.get("/{journey_id}/versions")
async def list_versions(service: Running, _caller: Reader, journey_id: UUID) -> Page[VersionView]:
    """Every version that was published, the newest first."""
    found = await queries.list_journey_versions(service, journey_id=journey_id)
    return Page(data=[VersionView.model_validate(row) for row in found], next_page_token=None)


@router.post("/{journey_id}/people")
async def add_people(service: Running, _caller: Sender, journey_id: UUID, body: AddPeople) -> AddedView:
    """Let people in by name."""
    entered = await commands.add_people(service, journey_id=journey_id, customer_ids=body.customer_ids, key=body.key, data=body.data)
    return AddedView(entered=entered)


@router.get("/{journey_id}/people")
async def list_people(
    service: Running, _caller: Reader, journey_id: UUID, *, inside: bool | None = None, step: str | None = None,
    page_token: str | None = None, limit: Limit = 100,
) -> Page[PositionView]:
    """Who is (`inside=true`) or was inside, the newest first."""
    found = await queries.list_journey_people(
        service, journey_id=journey_id, inside=inside, step=step, after=_after(page_token), limit=limit + 1
    )
    views = [PositionView.model_validate(row) for row in found[:limit]]
    return Page(data=views, next_page_token=web.page_token(views[-1].id) if len(found) > limit else None)


@router.get("/{journey_id}/people/{customer_id}")
async def get_person(service: Running, _caller: Reader, journey_id: UUID, customer_id: UUID) -> PassagesView:
    """A person's passages with their history: what happened at each step, when, and why."""
    found = await queries.get_journey_person(service, journey_id=journey_id, customer_id=customer_id)
    return PassagesView.model_validate({"customer_id": customer_id, "passages": found})


@router.delete("/{journey_id}/people/{customer_id}", status_code=204)
async def remove_person(service: Running, _caller: Sender, journey_id: UUID, customer_id: UUID) -> Response:
    """Take somebody out; what is planned for them is cancelled. Whoever is not inside stays so."""
    await commands.remove_person(service, journey_id=journey_id, customer_id=customer_id)
    return Response(status_code=204)


@router.get("/{journey_id}/figures")
async def get_figures(service: Running, _caller: Reader, journey_id: UUID) -> FiguresView:
    """Who came in, where they are, how they left, and what became of the messages."""
    return FiguresView.model_validate({"journey_id": journey_id, **await queries.get_journey_figures(service, journey_id=journey_id)})


@router.get("/{journey_id}/decisions/{customer_id}")
async def get_decision(service: Running, _caller: Reader, journey_id: UUID, customer_id: UUID, as_of: AwareDatetime | None = None) -> JourneyDecisionView:
    """Why this person is inside or not, what decided at each branch, and why each message reaches them or not; with `as_of` as it stood then."""
    made = await queries.explain_journey(service, journey_id=journey_id, customer_id=customer_id, as_of=as_of)
    return JourneyDecisionView.model_validate({
        "journey_id": journey_id, "customer_id": customer_id, "state": made.state, "branches": made.branches,
        "checks": [_check(each) for each in made.findings],
        "messages": [{**each, "checks": [_check(one) for one in each["findings"]]} for each in made.messages],
    })


def _check(finding: Finding) -> dict[str, Any]:
    return {"check": finding.check, "holds": finding.holds, "detail": finding.detail, "evidence": dict(finding.evidence)}


@router.get("/{journey_id}/webhook-secret")
async def get_secret(service: Running, _caller: Sender, journey_id: UUID) -> SecretView:
    """What receivers check the signatures of this journey's calls with."""
    await queries.get_journey(service, journey_id=journey_id)
    return SecretView(secret=commands.webhook_secret(service, journey_id))


async def _show(service: CampaignService, journey_id: UUID, response: Response) -> JourneyView:
    journey = await queries.get_journey(service, journey_id=journey_id)
    response.headers["etag"] = etag(journey.draft_number)
    return _view(journey)


def _after(page_token: str | None) -> UUID | None:
    return UUID(str(web.read_page_token(page_token, 1)[0])) if page_token else None


def _view(journey: Journey) -> JourneyView:
    values: dict[str, Any] = journey._asdict()
    values["definition"] = values.pop("draft")
    return JourneyView.model_validate(values)

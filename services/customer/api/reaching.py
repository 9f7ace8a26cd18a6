"""How a customer may be reached, what they chose, what they need."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response

from chassis import web
from chassis.conditions import IfMatch, etag, versions
from chassis.web import Page
from services.customer import commands, queries
from services.customer.api.asking import AsOf, Here, Limit, Reading, Writing, after, source
from services.customer.api.views import need_view
from services.customer.commands.reaching import Statement
from services.customer.domain import reaching
from services.customer.schemas.reaching import (
    ChoosePreferences,
    ContactPointsView,
    ContactPointView,
    NeedView,
    PreferencesView,
    StateContactPoints,
    TellNeed,
)

router = APIRouter(prefix="/api/v1/customers/{customer_id}", tags=["customers"])


@router.get("/contact-points")
async def list_contact_points(here: Here, _asking: Reading, customer_id: UUID, response: Response, as_of: AsOf = None) -> ContactPointsView:
    """All addresses and numbers with their states, the best of each kind first."""
    if as_of is not None:
        return _points(await queries.contact_points_at(here, customer_id=customer_id, at=as_of))
    return await _contact_points(here, customer_id, response)


@router.put("/contact-points")
async def state_contact_points(
    here: Here, asking: Writing, customer_id: UUID, body: StateContactPoints, response: Response, if_match: IfMatch = None
) -> ContactPointsView:
    """State what is known of the addresses named; the others stay as they are. A new address becomes one of this customer's."""
    statements = [Statement(one.kind, one.value, one.state, one.preferred, one.reason) for one in body.contact_points]
    root = await commands.state_contact_points(
        here, customer_id=customer_id, statements=statements, source=source(asking), versions=versions(if_match)
    )
    return await _contact_points(here, root, response)


async def _contact_points(here: Here, customer_id: UUID, response: Response) -> ContactPointsView:
    await tag(here, customer_id, response)
    return _points(await queries.list_contact_points(here, customer_id=customer_id))


def _points(points: list[reaching.Point]) -> ContactPointsView:
    used = {(kind, reaching.best(points, kind)) for kind in reaching.KINDS}
    return ContactPointsView(
        data=[
            ContactPointView(
                kind=one.kind, value=one.value, state=one.state, state_at=one.state_at, reason=one.reason, source=one.source,
                preferred=one.preferred_at is not None, used=(one.kind, one.value) in used,
            )
            for one in points
        ]
    )


@router.get("/preferences")
async def get_preferences(here: Here, _asking: Reading, customer_id: UUID, response: Response, as_of: AsOf = None) -> PreferencesView:
    """Language, time zone and the channel chosen for each purpose."""
    if as_of is not None:
        past = await queries.preferences_at(here, customer_id=customer_id, at=as_of)
        return PreferencesView(customer_id=customer_id, **past._asdict())
    return await _preferences(here, customer_id, response)


@router.put("/preferences")
async def choose_preferences(
    here: Here, asking: Writing, customer_id: UUID, body: ChoosePreferences, response: Response, if_match: IfMatch = None
) -> PreferencesView:
    """Keep what the customer chose; campaigns obey it."""
    told: dict[str, str | None] = {name: getattr(body, name) for name in ("language", "time_zone") if name in body.model_fields_set}
    channels = (body.channels or {}) if "channels" in body.model_fields_set else None
    root = await commands.choose(
        here, customer_id=customer_id, told=told, channels=channels, source=source(asking), versions=versions(if_match)
    )
    return await _preferences(here, root, response)


async def _preferences(here: Here, customer_id: UUID, response: Response) -> PreferencesView:
    await tag(here, customer_id, response)
    found = await queries.get_preferences(here, customer_id=customer_id)
    return PreferencesView(customer_id=customer_id, **found._asdict())


@router.get("/needs")
async def list_needs(
    here: Here, _asking: Reading, customer_id: UUID, response: Response, open: bool = False, as_of: AsOf = None, page_token: str | None = None,
    limit: Limit = 100,
) -> Page[NeedView]:
    """What the customer told to need, oldest first; `open=true` leaves out what was met. With `as_of` all on one page."""
    if as_of is not None:
        return Page(data=[need_view(need) for need in await queries.needs_at(here, customer_id=customer_id, at=as_of, unmet=open)], next_page_token=None)
    await tag(here, customer_id, response)
    rows = await queries.list_needs(here, customer_id=customer_id, unmet=open, after=after(page_token), limit=limit)
    views = [need_view(row) for row in rows]
    return Page(data=views, next_page_token=web.page_token(rows[-1].id) if len(rows) == limit else None)


@router.post("/needs", status_code=201)
async def tell_need(
    here: Here, asking: Writing, customer_id: UUID, body: TellNeed, response: Response, if_match: IfMatch = None
) -> NeedView:
    """Keep a need until it is met."""
    need = await commands.tell_need(
        here, customer_id=customer_id, text=body.text, told_at=body.told_at, source=source(asking), versions=versions(if_match)
    )
    await tag(here, customer_id, response)
    return need_view(need)


@router.post("/needs/{need_id}/met")
async def meet_need(
    here: Here, asking: Writing, customer_id: UUID, need_id: UUID, response: Response, if_match: IfMatch = None
) -> NeedView:
    """The need is met."""
    need = await commands.meet_need(here, customer_id=customer_id, need_id=need_id, by=source(asking), versions=versions(if_match))
    await tag(here, customer_id, response)
    return need_view(need)


async def tag(here: Here, customer_id: UUID, response: Response) -> None:
    """The version of the customer that answers; everything that hangs on it raises it."""
    response.headers["etag"] = etag((await queries.get_customer(here, customer_id=customer_id)).root.version)

"""What a backtest reads of the past: events, occasions, who entered segments, and whom somebody let in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode
from uuid import UUID

from chassis.errors import Unavailable
from services.campaign.commands.journeys import days
from services.campaign.commands.journeys.listening import data_of
from services.campaign.domain.journeys import checking, heard
from services.campaign.domain.journeys.definition import Definition
from services.campaign.domain.journeys.moving import Happened
from services.campaign.domain.journeys.replaying import Stimulus
from services.campaign.domain.pressure import Policy
from services.campaign.settings import CampaignService
from services.campaign.store import backtests, pressure, recipients, replicas
from services.campaign.store import journeys as store

MOST_EVENTS: Final = 500_000
Pasts = dict[UUID, list[Stimulus]]


class TooMany(Exception):
    """More of the past than one backtest takes."""


async def stimuli(
    service: CampaignService, *, backtest_id: UUID, journey_id: UUID, definition: Definition, since: datetime, until: datetime
) -> Pasts:
    """What happened to each person, in order. Raises Unavailable, TooMany."""
    pasts: Pasts = {}
    names = {event.name for _, event in checking.events_in(definition)}
    if names:
        for identity, events in (await _past(service, names, since, until)).items():
            pasts.setdefault(identity, []).extend(Stimulus(event.received_at, f"event:{event.event_id}", event, data_of(event)) for event in events)
    if definition.entry.date is not None:
        await _occasions(service, definition, since, until, pasts)
    await _segment(service, definition, since, until, pasts)
    await _named(service, backtest_id, journey_id, definition, since, until, pasts)
    return {one: sorted(stimuli, key=lambda each: (each.at, each.key)) for one, stimuli in pasts.items()}


async def _past(service: CampaignService, names: set[str], since: datetime, until: datetime) -> dict[UUID, list[Happened]]:
    """Recorded events by customer, paged from the interaction service. Raises Unavailable."""
    by_identity: dict[bytes, list[Happened]] = {}
    query = urlencode([*(("name", name) for name in sorted(names)), ("since", since.isoformat()), ("until", until.isoformat())])
    token, count = None, 0
    while True:
        path = f"/internal/recorded?{query}" + (f"&page_token={quote(token)}" if token else "")
        answer = await service.peers["interaction"].call("GET", path, scopes=["interactions:read"], timeout=60)
        if answer.status != 200:
            raise Unavailable("backtest.past_unavailable", "The past cannot be read at the moment.", detail=str(answer.status))
        page = answer.json()
        for each in page["data"]:
            event = Happened(
                each["event_id"], each["name"], each["properties"] if isinstance(each["properties"], dict) else {},
                datetime.fromisoformat(each["occurred_at"]), datetime.fromisoformat(each["received_at"]),
            )
            by_identity.setdefault(bytes.fromhex(each["identity"]), []).append(event)
        count += len(page["data"])
        if count > MOST_EVENTS:
            raise TooMany
        token = page["next_page_token"]
        if token is None:
            break
    async with service.read() as db:
        owners = await replicas.owners(db, list(by_identity))
    found: dict[UUID, list[Happened]] = {}
    for identity, events in by_identity.items():
        if identity in owners:
            found.setdefault(owners[identity], []).extend(events)
    return found


async def _occasions(
    service: CampaignService, definition: Definition, since: datetime, until: datetime, pasts: Pasts
) -> None:
    occasion = definition.entry.date
    assert occasion is not None, "asked by the caller"
    after = None
    while True:
        async with service.read() as db:
            people = await store.people_with_trait(db, occasion.trait, after=after, limit=days.BATCH)
            found = await pressure.policy(db)
        policy = Policy.model_validate(found[1]) if found else Policy()
        day = since.date() - timedelta(days=1)
        while day <= until.date() + timedelta(days=1):
            for customer_id, at in days.occasions(occasion, people, policy, day):
                if since <= at < until:
                    data = {"occasion": {"trait": occasion.trait, "day": day.isoformat()}}
                    pasts.setdefault(customer_id, []).append(Stimulus(at, days.key_of(day), None, data))
            day += timedelta(days=1)
        if len(people) < days.BATCH:
            return
        after = people[-1][0]


async def _segment(service: CampaignService, definition: Definition, since: datetime, until: datetime, pasts: Pasts) -> None:
    """Who entered or left the segment then, as it was recorded."""
    trigger = definition.entry.segment
    if trigger is None:
        return
    async with service.read() as db:
        moves = await backtests.segment_moves(db, trigger.id, entered=trigger.on == "entered", since=since, until=until)
        person = await recipients.survivors(db, [customer_id for customer_id, _ in moves])
    for customer_id, at in moves:
        data = {"segment": {"id": trigger.id, "on": trigger.on}}
        pasts.setdefault(person[customer_id], []).append(Stimulus(at, f"segment:{trigger.id}:{trigger.on}:{at.isoformat()}", None, data))


async def _named(
    service: CampaignService, backtest_id: UUID, journey_id: UUID, definition: Definition, since: datetime, until: datetime, pasts: Pasts
) -> None:
    """Those who are named for the test; without any, for an entry by the API, those who were let in then."""
    async with service.read() as db:
        named: list[tuple[UUID, datetime, dict[str, Any]]] = [(one, at, {}) for one, at in await backtests.named(db, backtest_id)]
        if not named and definition.entry.api is not None:
            named = await backtests.let_in(db, journey_id, since=since, until=until)
        person = await recipients.survivors(db, [one for one, _, _ in named])
    for one, at, data in named:
        pasts.setdefault(person[one], []).append(Stimulus(at, f"api:{at.isoformat()}", None, data))


async def what_is_missing(
    service: CampaignService, *, journey_id: UUID, definition: Definition, since: datetime, until: datetime, named: bool
) -> str | None:
    """Why the way in cannot be seen in the past, and what to do; None: it can."""
    if facts := sorted({event.name for _, event in checking.events_in(definition)} & heard.NAMES):
        return f"{facts[0]} is no recorded event, so it cannot be seen in the past. Test with an event that is, such as Order Completed, or name people in `people`."
    async with service.read() as db:
        segment = definition.entry.segment
        if segment is not None and not named and await backtests.segment_known_since(db, segment.id) is None:
            return (
                f"nobody is recorded to have entered or left the segment {segment.id}. Wait until the segment has been looked through for the first "
                "time, use the event that brings people into it as the entry, or name them in `people`."
            )
        if definition.entry.api is not None and not named and not await backtests.let_in(db, journey_id, since=since, until=until):
            return "people come in by the API, and none came in that time. Name whom you would have let in, and when, in `people`."
    return None

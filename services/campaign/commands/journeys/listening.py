"""What lets people in: events, segments, the API; and what those inside wait for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from chassis.eventlog import Stored
from chassis.ids import new_id
from chassis.unit_of_work import Transaction
from contracts import catalogue, decoding
from contracts.fact import Fact
from contracts.interaction import InteractionRecorded, ReplyReceived
from services.campaign import errors
from services.campaign.commands.journeys.defining import EVENT, SEGMENT, locked
from services.campaign.commands.journeys.moving import Step, load, move
from services.campaign.domain.journeys import heard
from services.campaign.domain.journeys.definition import AfterDays, Definition
from services.campaign.domain.journeys.moving import Happened, Move, Person
from services.campaign.settings import CampaignService
from services.campaign.store import backtests, recipients, results
from services.campaign.store import journey_errands as events
from services.campaign.store import journey_people as people
from services.campaign.store import journeys as store
from services.campaign.store.journey_people import Entering
from services.campaign.store.journeys import Listener

BATCH: Final = 500
#: Looks for whose an event is: over a day in all.
MOST_LOOKS: Final = 36
#: What of an event's properties goes with a person.
LARGEST_DATA: Final = 8 * 1024


class _Glance(msgspec.Struct):
    """As much of a recorded event as it takes to see that nobody listens."""

    name: str = ""


_glance = msgspec.json.Decoder(_Glance).decode


class Wish(NamedTuple):
    """Somebody may come in; `key` names the reason and makes it one of a kind."""

    journey_id: UUID
    version: int
    customer_id: UUID
    key: str
    data: Mapping[str, Any]
    at: datetime


async def listens_to_events(tx: Transaction) -> bool:
    """Whether any journey waits for an event, or lets people in by one."""
    return bool(await store.listening_names(tx.db, EVENT) - heard.NAMES)


async def listens_to_facts(tx: Transaction) -> bool:
    """The same for facts of orders, cases, selling and responses."""
    return bool(await store.listening_names(tx.db, EVENT) & heard.NAMES)


async def note_fact(tx: Transaction, fact: Fact, *, fact_id: str, told_at: datetime) -> None:
    """Keep a fact that a journey listens to, like an event; a reply with the campaign and the customer of the message that it answers."""
    if catalogue.entry_of(type(fact)).wire not in await store.listening_names(tx.db, EVENT):
        return
    more: dict[str, Any] = {}
    if isinstance(fact, ReplyReceived):
        message = await results.find_message(tx.db, UUID(fact.message_id))
        if message is not None and message["customer_id"] is not None:
            more = {"customer_id": str(message["customer_id"]), **{name: message[name] for name in ("origin", "step", "arm")}}
            more |= {"campaign_id": str(message["origin_id"])}
    found = heard.hear(fact, fact_id=fact_id, told_at=told_at, more=more)
    if found is not None:
        await events.keep(tx.db, [("ecrm", found.identity, found.customer_id, found.event)])


async def note_events(tx: Transaction, records: Sequence[Stored]) -> None:
    """Keep the recorded events that a journey listens to; what they bring about is done by a job. Cheap where nobody listens."""
    names = await store.listening_names(tx.db, EVENT) - heard.NAMES
    if not names:
        return
    kept = []
    for record in records:
        if record.value is None or _glance(record.value).name not in names:
            continue
        fact = decoding.decode(InteractionRecorded, record.value)
        properties = _object(bytes(fact.personal.properties))
        kept.append((
            fact.source, bytes.fromhex(fact.identity), None,
            Happened(fact.id, fact.name, properties, fact.occurred_at, fact.received_at),
        ))
    if kept:
        await events.keep(tx.db, kept)


async def bring_events(service: CampaignService) -> bool:
    """Bring kept events to their people, in order for each person. True: there may be more."""
    async with service.read() as db:
        if not await events.any_arrived(db):
            return False
    async with service.transaction() as tx:
        found = await events.arrived(tx.db, limit=BATCH)
        unknown = [arrived.id for arrived, customer_id in found if customer_id is None]
        if unknown:
            await events.look_later(tx.db, unknown, most=MOST_LOOKS)
        survivors = await recipients.survivors(tx.db, [customer_id for _, customer_id in found if customer_id is not None])
        queues: dict[UUID, list[Happened]] = {}
        for arrived, customer_id in found:
            if customer_id is not None:
                queues.setdefault(survivors[customer_id], []).append(arrived.event)
        listeners = await _listeners(tx, {event.name for queue in queues.values() for event in queue})
        definitions = await load(tx, {(one.journey_id, one.version) for each in listeners.values() for one in each})
        while queues:
            await _round(service, tx, {one: queue.pop(0) for one, queue in queues.items()}, listeners, definitions)
            queues = {one: queue for one, queue in queues.items() if queue}
        await events.forget(tx.db, [arrived.id for arrived, customer_id in found if customer_id is not None])
    return len(found) == BATCH


async def _listeners(tx: Transaction, names: set[str]) -> dict[str, list[Listener]]:
    found: dict[str, list[Listener]] = {}
    for one in await store.listeners(tx.db, EVENT, list(names)):
        found.setdefault(one.name, []).append(one)
    return found


async def _round(
    service: CampaignService, tx: Transaction, happened: Mapping[UUID, Happened], listeners: Mapping[str, Sequence[Listener]],
    definitions: Mapping[tuple[UUID, int], Definition],
) -> None:
    """One event of each person: first on those who are inside already, then it may let them in."""
    journeys = {one.journey_id for event in happened.values() for one in listeners.get(event.name, ())}
    inside = await people.inside(tx.db, journey_ids=list(journeys), customer_ids=list(happened))
    await move(service, tx, [Step(person, happened[person.customer_id]) for person in inside])
    wishes = []
    for customer_id, event in happened.items():
        for one in listeners.get(event.name, ()):
            test = definitions[one.journey_id, one.version].entry.event
            if one.entry and test is not None and test.matches(event.name, event.properties):
                wishes.append(Wish(one.journey_id, one.version, customer_id, f"event:{event.event_id}", data_of(event), event.received_at))
    came = await let_in(service, tx, wishes, definitions)
    if came:
        await move(service, tx, [Step(person) for person in await people.claim(tx.db, came)])


async def let_in(
    service: CampaignService, tx: Transaction, wishes: Sequence[Wish], definitions: Mapping[tuple[UUID, int], Definition]
) -> list[UUID]:
    """Let in who may come in by the rule of re-entry; returns the positions of those who did."""
    if not wishes:
        return []
    entering = []
    for wish in wishes:
        definition = definitions[wish.journey_id, wish.version]
        # `never`: all reasons are one, so a person comes in once, whatever happens at the same time.
        key = "" if definition.reentry == "never" else wish.key
        pause = timedelta(days=definition.reentry.after_days) if isinstance(definition.reentry, AfterDays) else timedelta(0)
        entering.append(Entering(new_id(), wish.journey_id, wish.version, wish.customer_id, key, definition.start, wish.data, wish.at, pause))
    came = await people.enter(tx.db, entering)
    by_id = {one.id: (one, wish) for one, wish in zip(entering, wishes, strict=True) if one.id in came}
    lines = [(_position(one, service.clock.now()), _entered(one, wish, service.clock.now())) for one, wish in by_id.values()]
    await people.note(tx.db, lines)
    return list(came)


def _entered(one: Entering, wish: Wish, now: datetime) -> Move:
    return Move(-1, one.step, "entered", {"why": wish.key, "version": one.version}, now)


def _position(one: Entering, now: datetime) -> Person:
    return Person(one.id, one.journey_id, one.version, one.customer_id, one.step, now, one.due_at, False, (), one.data, 0, now)


async def note_membership(service: CampaignService, tx: Transaction, *, segment_id: str, customer_id: UUID, on: str, at: datetime) -> None:
    """Somebody entered or left a segment: kept for backtests, and some journeys let them in."""
    await backtests.note_segment_move(tx.db, segment_id=segment_id, customer_id=customer_id, entered=on == "entered", at=at)
    found = [one for one in await store.listeners(tx.db, SEGMENT[on], [segment_id]) if one.entry]
    if not found:
        return
    definitions = await load(tx, {(one.journey_id, one.version) for one in found})
    person = (await recipients.survivors(tx.db, [customer_id]))[customer_id]
    wishes = [
        Wish(one.journey_id, one.version, person, f"segment:{segment_id}:{on}:{at.isoformat()}", {"segment": {"id": segment_id, "on": on}}, at)
        for one in found
    ]
    await let_in(service, tx, wishes, definitions)


async def add_people(
    service: CampaignService, *, journey_id: UUID, customer_ids: Sequence[UUID], key: str | None, data: Mapping[str, Any]
) -> list[UUID]:
    """Let people in by name; returns those who came in. `key`: repeating a call with the same key lets nobody in twice. Raises Unknown, Conflict."""
    async with service.transaction() as tx:
        journey = await locked(tx, journey_id)
        if journey.status != "active":
            raise errors.wrong_journey_status(journey.status, "entered")
        definitions = await load(tx, {(journey_id, journey.version)})
        survivors = await recipients.survivors(tx.db, list(customer_ids))
        now = service.clock.now()
        reason = f"api:{key or new_id()}"
        wishes = [Wish(journey_id, journey.version, one, reason, data, now) for one in dict.fromkeys(survivors.values())]
        came = set(await let_in(service, tx, wishes, definitions))
        inside = await people.inside(tx.db, journey_ids=[journey_id], customer_ids=list(survivors.values()))
        new = {person.customer_id for person in inside if person.id in came}
    return [one for one in customer_ids if survivors[one] in new]


def data_of(event: Happened) -> dict[str, Any]:
    """What goes with a person from the event that let them in; large properties stay behind."""
    properties = event.properties if len(msgspec.json.encode(event.properties)) <= LARGEST_DATA else {}
    return {"event": dict(properties), "event_name": event.name, "occurred_at": event.occurred_at.isoformat()}


def _object(raw: bytes) -> dict[str, Any]:
    found = msgspec.json.decode(raw) if raw else {}
    return found if isinstance(found, dict) else {}

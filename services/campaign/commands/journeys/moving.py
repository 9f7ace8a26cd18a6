"""Moving people through journeys: positions, timers, messages and errands change in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import quote
from uuid import UUID

from chassis import telemetry
from chassis.errors import Unavailable
from chassis.ids import new_id
from chassis.unit_of_work import Transaction
from services.campaign.commands import arbiter, reserving
from services.campaign.commands.planning import Planned, cancel_planned, plan_messages
from services.campaign.domain import pressure as quiet
from services.campaign.domain.entities import Recipient
from services.campaign.domain.journeys import moving as rules
from services.campaign.domain.journeys.conditions import Known
from services.campaign.domain.journeys.definition import Definition, Message
from services.campaign.domain.journeys.moving import Around, Effect, Happened, Moved, Person
from services.campaign.settings import CampaignService
from services.campaign.store import journey_errands as errands
from services.campaign.store import journey_people as people
from services.campaign.store import journeys as store
from services.campaign.store import pressure, recipients, replicas
from services.campaign.store.journey_errands import Errand

BATCH: Final = 500
#: A timer that is served this late or less counts as punctual, so that waits do not drift; later ones count from when they are served.
PUNCTUAL: Final = timedelta(minutes=10)
ANALYTICS_AWAY: Final = timedelta(seconds=30)
ASKED_AT_ONCE: Final = 16

_log = telemetry.logger(__name__)
Segments = Mapping[UUID, Mapping[str, bool]]


class Step(NamedTuple):
    """A person who is to move on: because their time has come, or because of an event."""

    person: Person
    event: Happened | None = None


async def run_journeys(service: CampaignService) -> bool:
    """Move everybody whose time has come, a part at a time. True: there may be more."""
    async with service.read() as db:
        if not await people.any_due(db):
            return False
    async with service.transaction() as tx:
        due = await people.claim_due(tx.db, limit=BATCH)
        asks = await move(service, tx, [Step(person) for person in due])
    if asks:
        await _go_on(service, asks)
    return len(due) == BATCH


async def _go_on(service: CampaignService, asks: Mapping[UUID, tuple[Person, frozenset[str]]]) -> None:
    """Ask the analytics service who is in which segment, then move those who depend on it. Asked outside of any transaction."""
    answers: dict[UUID, dict[str, bool]] = {}
    waiting = dict(asks)
    for _ in range(20):  # a journey may have several branches in a row
        try:
            found = await ask_segments(service, {person.customer_id: wants for person, wants in waiting.values()})
        except Unavailable:
            _log.warning("segments_unknown", count=len(waiting))
            async with service.transaction() as tx:
                await people.put_off(tx.db, list(waiting), pause=ANALYTICS_AWAY)
            return
        for customer_id, members in found.items():
            answers.setdefault(customer_id, {}).update(members)
        async with service.transaction() as tx:
            claimed = await people.claim(tx.db, list(waiting))
            waiting = await move(service, tx, [Step(person) for person in claimed], segments=answers)
        if not waiting:
            return


async def ask_segments(service: CampaignService, wanted: Mapping[UUID, frozenset[str]]) -> dict[UUID, dict[str, bool]]:
    """Who is in which segment now; a segment that does not exist has nobody. Raises Unavailable."""
    room = asyncio.Semaphore(ASKED_AT_ONCE)

    async def one(customer_id: UUID, segment: str) -> tuple[UUID, str, bool]:
        async with room:
            path = f"/api/v1/segments/{quote(segment, safe='')}/why/{customer_id}"
            answer = await service.peers["analytics"].call("GET", path, scopes=["analytics:read"])
        if answer.status >= 500 or answer.status == 429:
            raise Unavailable("journey.segments_unavailable", "Memberships cannot be read at the moment.", detail=str(answer.status))
        return customer_id, segment, answer.status == 200 and bool(answer.json().get("holds"))

    found: dict[UUID, dict[str, bool]] = {}
    for customer_id, segment, member in await asyncio.gather(*(one(each, name) for each, names in wanted.items() for name in names)):
        found.setdefault(customer_id, {})[segment] = member
    return found


async def move(
    service: CampaignService, tx: Transaction, steps: Sequence[Step], *, segments: Segments | None = None
) -> dict[UUID, tuple[Person, frozenset[str]]]:
    """Move people (their rows are locked), with everything that follows. Returns those who need to know segments first, by position."""
    if not steps:
        return {}
    now = service.clock.now()
    definitions = await load(tx, {(step.person.journey_id, step.person.version) for step in steps})
    around = await _around(tx, [step.person for step in steps], segments or {})
    done = [_moved(definitions[step.person.journey_id, step.person.version], step, around[step.person.customer_id], now=now) for step in steps]
    await people.write(tx.db, [each.person for each in done], [(each.person, line) for each in done for line in each.moves])
    await _do(service, tx, [effect for each in done for effect in each.effects])
    await _call_back(service, tx, [step.person for step, each in zip(steps, done, strict=True) if step.event and each.person.left_at])
    return {each.person.id: (each.person, each.asks) for each in done if each.asks}


def _moved(definition: Definition, step: Step, around: tuple[Recipient | None, Around], *, now: datetime) -> Moved:
    """First what the timer brings, then what the event brings, each at its own time."""
    person, (_, world) = step.person, around
    event = step.event
    begins = person.due_at is not None and (event is None or person.due_at <= event.received_at)
    done = Moved(person, [], [])
    if begins and person.due_at is not None:
        done = rules.advance(definition, person, world._replace(now=person.due_at if now - person.due_at < PUNCTUAL else now))
    if event is None or done.asks or done.person.left_at is not None or not rules.wanted(definition, done.person, event):
        return done
    at = event.received_at if now - event.received_at < PUNCTUAL else now
    after = rules.advance(definition, done.person, world._replace(now=at), event)
    return Moved(after.person, [*done.moves, *after.moves], [*done.effects, *after.effects], after.asks)


async def load(tx: Transaction, versions: set[tuple[UUID, int]]) -> dict[tuple[UUID, int], Definition]:
    """Published definitions."""
    found = await store.definitions(tx.db, list(versions))
    return {key: Definition.model_validate(value) for key, value in found.items()}


async def _around(tx: Transaction, persons: Sequence[Person], segments: Segments) -> dict[UUID, tuple[Recipient | None, Around]]:
    """What is known of each person."""
    ids = list({person.customer_id for person in persons})
    policy = await arbiter.read_policy(tx)
    known = await recipients.fetch(tx.db, ids)
    scores = await replicas.scores_of(tx.db, ids)
    world = {}
    for one in ids:
        recipient = known.get(one)
        zone = quiet.local_zone(policy, recipient.time_zone if recipient else None)
        facts = Known(traits_of(recipient), scores.get(one, {}), segments.get(one, {}))
        world[one] = (recipient, Around(persons[0].entered_at, zone, facts))
    return world


def traits_of(recipient: Recipient | None) -> dict[str, Any]:
    """The traits that rules can ask for."""
    if recipient is None:
        return {}
    own = {name: value for name in ("name", "email", "phone", "language", "time_zone") if (value := getattr(recipient, name)) is not None}
    return {**recipient.traits, **own}


async def _do(service: CampaignService, tx: Transaction, effects: Sequence[Effect]) -> None:
    """Messages into the ledger, everything else onto the list of errands."""
    messages = [effect for effect in effects if isinstance(effect.step, Message)]
    others = [effect for effect in effects if not isinstance(effect.step, Message)]
    if messages:
        best: dict[UUID, datetime] = {}
        if wanting := [each.person.customer_id for each in messages if isinstance(each.step, Message) and each.step.send == "best"]:
            best = await arbiter.best_times(service, tx, list(set(wanting)))
        outcomes = await plan_messages(tx, service, [planned(each, best.get(each.person.customer_id)) for each in messages])
        await people.add_detail(tx.db, [
            (each.person.id, each.number, {"message_id": str(outcome.message_id), "state": outcome.state, "reason": outcome.reason})
            for each, outcome in zip(messages, outcomes, strict=True)
        ])
    if others:
        await errands.put(tx.db, [
            Errand(
                id=new_id(), journey_id=each.person.journey_id, person_id=each.person.id, customer_id=each.person.customer_id,
                step=each.step_name, kind=each.step.type, attempts=0, number=each.number,
                body={"step": each.step.model_dump(mode="json", by_alias=True), "data": dict(each.person.data)},
            )
            for each in others
        ])


def planned(effect: Effect, best: datetime | None) -> Planned:
    """The message of a step, one of a kind for each pass of the step."""
    step, person = effect.step, effect.person
    assert isinstance(step, Message), "only messages are planned"
    sender = {"from_address": step.from_address, "from_name": step.from_name, "reply_to": ""} if step.from_address else None
    return Planned(
        customer_id=person.customer_id, origin="journey", origin_id=person.journey_id, step=effect.step_name, template_id=step.template_id,
        version=step.version or 1, channel=step.channel, purpose=step.purpose, priority=step.priority, value=step.value,
        not_before=best if step.send == "best" else None, data=reserving.marked(person.data, step.reserved_for.model_dump(exclude_defaults=True)),
        key=effect.key, sender=sender,
    )


async def _call_back(service: CampaignService, tx: Transaction, left: Sequence[Person]) -> None:
    """Who left because of what they did does not get what is still planned for them."""
    by_journey: dict[UUID, list[UUID]] = {}
    for person in left:
        by_journey.setdefault(person.journey_id, []).append(person.customer_id)
    for journey_id, customer_ids in by_journey.items():
        await cancel_planned(tx, service, origin_id=journey_id, customer_ids=customer_ids, reason="left_journey")


async def merge_people(tx: Transaction, *, merged: Mapping[UUID, UUID]) -> None:
    """Customers were merged away: inside journeys they go on as who they are now."""
    for one, survivor in merged.items():
        await people.merge(tx.db, merged=one, survivor=survivor)


async def erase_people(tx: Transaction, customer_ids: Sequence[UUID]) -> dict[str, int]:
    """Everything journeys and contact pressure know of them. Returns rows by table."""
    identities = await replicas.identities_of(tx.db, customer_ids)
    return await people.erase(tx.db, customer_ids) | {"journey_event": await errands.erase_events(tx.db, identities, customer_ids)}


__all__ = ["Step", "ask_segments", "erase_people", "load", "merge_people", "move", "planned", "pressure", "run_journeys", "traits_of"]

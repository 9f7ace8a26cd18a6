"""The life of a journey: draft, published, paused, closed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from chassis.calling_out import NotAllowed, checked_url, networks
from chassis.ids import new_id
from chassis.unit_of_work import Transaction
from services.campaign import errors
from services.campaign.commands.facts import tell_changes
from services.campaign.commands.planning import cancel_planned, hold_origin, release_origin
from services.campaign.domain.channels import CHANNELS
from services.campaign.domain.journeys import checking
from services.campaign.domain.journeys.checking import Fault
from services.campaign.domain.journeys.definition import Definition, Message, Webhook
from services.campaign.domain.journeys.entities import Journey
from services.campaign.settings import CampaignService
from services.campaign.store import journey_people as people
from services.campaign.store import journeys as store
from services.campaign.store import planning, pressure, templates

EVENT = "event"
SEGMENT = {"entered": "segment_entered", "left": "segment_left"}


async def create_journey(service: CampaignService, *, name: str, definition: Mapping[str, Any]) -> UUID:
    """A draft. Raises Invalid with pointers."""
    read_definition(service, definition)
    journey_id = new_id()
    async with service.transaction() as tx:
        await store.insert(tx.db, journey_id=journey_id, name=name, draft=definition)
    return journey_id


async def change_draft(
    service: CampaignService, *, journey_id: UUID, name: str, definition: Mapping[str, Any], numbers: Collection[int] | None = None
) -> None:
    """Another draft; what is published stays as it is. `numbers`: only if the draft still is one of these. Raises Invalid, Unknown, Conflict."""
    read_definition(service, definition)
    async with service.transaction() as tx:
        journey = await locked(tx, journey_id)
        if journey.status == "closed":
            raise errors.wrong_journey_status(journey.status, "changed")
        if numbers is not None and journey.draft_number not in numbers:
            raise errors.draft_moved(journey.draft_number)
        await store.set_draft(tx.db, journey_id, name=name, draft=definition)


async def publish_journey(
    service: CampaignService, *, journey_id: UUID, published_by: str, move: Mapping[str, str] | None = None
) -> tuple[int, int]:
    """The draft takes people in from now on; returns (version, how many were moved to it).

    `move` None: those inside stay in their version. Else they go on in the new one: at the step named for theirs, or at the step of the
    same name; who is at a step that has no other stays.
    """
    async with service.transaction() as tx:
        journey = await locked(tx, journey_id)
        if journey.status == "closed":
            raise errors.wrong_journey_status(journey.status, "published")
        definition = read_definition(service, journey.draft)
        pinned = await _pin_templates(tx, definition)
        version = journey.version + 1
        await store.publish(tx.db, journey_id, version=version, definition=pinned, published_by=published_by)
        await store.listen(tx.db, journey_id, version, _listeners(definition))
        await pressure.set_programme(tx.db, origin_id=journey_id, programme=definition.programme)
        await release_origin(tx, origin_id=journey_id)
        moved = 0
        if move is not None:
            unknown = [target for target in move.values() if target not in definition.steps]
            if unknown:
                raise errors.bad_journey([Fault("/move", f"there is no step {unknown[0]}")])
            moved = await people.change_version(tx.db, journey_id, version=version, steps={name: name for name in definition.steps} | dict(move))
    return version, moved


async def pause_journey(service: CampaignService, *, journey_id: UUID) -> None:
    """Nobody moves and nothing goes out; who would come in or do what others wait for, counts when it goes on."""
    await _change(service, journey_id, {"active"}, "paused")


async def resume_journey(service: CampaignService, *, journey_id: UUID) -> None:
    await _change(service, journey_id, {"paused"}, "active")


async def close_journey(service: CampaignService, *, journey_id: UUID) -> None:
    """For good: everybody leaves, what is planned is cancelled."""
    await _change(service, journey_id, {"draft", "active", "paused"}, "closed")


async def _change(service: CampaignService, journey_id: UUID, allowed: set[str], status: str) -> None:
    async with service.transaction() as tx:
        journey = await locked(tx, journey_id)
        if journey.status not in allowed:
            raise errors.wrong_journey_status(journey.status, status)
        await store.set_status(tx.db, journey_id, status)
        if status == "paused":
            await hold_origin(tx, origin_id=journey_id)
        elif status == "active":
            await release_origin(tx, origin_id=journey_id)
        else:
            await people.close(tx.db, journey_id)
            await cancel_planned(tx, service, origin_id=journey_id, reason="cancelled")


async def remove_person(service: CampaignService, *, journey_id: UUID, customer_id: UUID) -> bool:
    """Take somebody out, with what is planned for them. False: they were not inside."""
    async with service.transaction() as tx:
        await locked(tx, journey_id)
        inside = await people.inside(tx.db, journey_ids=[journey_id], customer_ids=[customer_id])
        if not inside:
            return False
        gone = [one._replace(left_at=service.clock.now(), outcome="removed", due_at=None, waiting=False, waits_for=()) for one in inside]
        await people.write(tx.db, gone, [])
        changed = await planning.suppress_planned(tx.db, origin_id=journey_id, customer_ids=[customer_id], reason="left_journey")
        tell_changes(tx, changed, at=service.clock.now())
    return True


def read_definition(service: CampaignService, given: Mapping[str, Any]) -> Definition:
    """A definition that makes sense. Raises Invalid, every fault with its pointer."""
    definition, faults = checking.read(given)
    if definition is not None:
        faults = list(_outside(service, definition))
    if definition is None or faults:
        raise errors.bad_journey(faults)
    return definition


def _outside(service: CampaignService, definition: Definition) -> list[Fault]:
    """Channels that are none, and addresses that cannot be called."""
    allowed = networks(service.platform.private_networks)
    faults = []
    for name, step in definition.steps.items():
        if isinstance(step, Message) and step.channel not in CHANNELS:
            faults.append(Fault(f"/steps/{name}/channel", f"channels are {', '.join(CHANNELS)}"))
        if isinstance(step, Webhook):
            try:
                checked_url(step.url, allowed)
            except NotAllowed as refusal:
                faults.append(Fault(f"/steps/{name}/url", refusal.message))
    return faults


async def _pin_templates(tx: Transaction, definition: Definition) -> dict[str, Any]:
    """The definition with the version of each template as it is now, so that a version of a journey never changes."""
    pinned: dict[str, Any] = definition.model_dump(mode="json", by_alias=True, exclude_none=True)
    faults = []
    for name, step in definition.steps.items():
        if not isinstance(step, Message):
            continue
        template = await templates.find(tx.db, step.template_id, step.version)
        if template is None:
            faults.append(Fault(f"/steps/{name}/template_id", "there is no such template, or not in this version"))
        else:
            pinned["steps"][name]["version"] = template.version
    if faults:
        raise errors.bad_journey(faults)
    return pinned


def _listeners(definition: Definition) -> list[tuple[str, str, bool]]:
    """(kind, name, entry) of everything that can bring somebody in, on, or out."""
    found: set[tuple[str, str, bool]] = set()
    entry = definition.entry
    if entry.segment is not None:
        found.add((SEGMENT[entry.segment.on], entry.segment.id, True))
    found |= {(EVENT, event.name, event is entry.event) for _, event in checking.events_in(definition)}
    return sorted(found)


async def locked(tx: Transaction, journey_id: UUID) -> Journey:
    """The journey, its row locked. Raises Unknown."""
    journey = await store.find(tx.db, journey_id, lock=True)
    if journey is None:
        raise errors.unknown_journey()
    return journey

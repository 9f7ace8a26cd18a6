"""Backtests: a draft over the recorded past. What comes out is reach, not outcome: nobody's behaviour would have been changed by it."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import quote
from uuid import UUID

import msgspec

from chassis import telemetry
from chassis.errors import Unavailable
from chassis.ids import new_id
from services.campaign import errors
from services.campaign.commands.journeys import past
from services.campaign.commands.journeys.defining import locked, read_definition
from services.campaign.commands.journeys.moving import ask_segments, traits_of
from services.campaign.commands.journeys.past import TooMany
from services.campaign.domain import channels
from services.campaign.domain import ledger as addressing
from services.campaign.domain import pressure as rules
from services.campaign.domain.entities import Recipient
from services.campaign.domain.journeys import checking
from services.campaign.domain.journeys.conditions import Known
from services.campaign.domain.journeys.costing import price
from services.campaign.domain.journeys.definition import Definition, Message
from services.campaign.domain.journeys.moving import Around
from services.campaign.domain.journeys.replaying import Replayed, Stimulus, Written, replay
from services.campaign.domain.pressure import Contact, Policy
from services.campaign.settings import CampaignService
from services.campaign.store import backtests, pressure, recipients, replicas
from services.campaign.store.backtests import Found

LEASE: Final = timedelta(minutes=5)
LONGEST: Final = timedelta(days=400)
ASKED_AT_ONCE: Final = 16
PEOPLE: Final = 500
#: What is not kept as it stood then, so that the present has to stand in for it.
PRESENT: Final = ("traits and time zones of people", "addresses and chosen channels", "scores", "who is one person with whom")

_log = telemetry.logger(__name__)


class _Place(NamedTuple):
    at: datetime
    written: Written


async def start_backtest(
    service: CampaignService, *, journey_id: UUID, since: datetime, until: datetime, definition: Mapping[str, Any] | None,
    named: Sequence[tuple[UUID, datetime]] = (), costs: Mapping[str, Any] | None = None,
) -> UUID:
    """Queue a backtest of a definition, or of the draft.

    `named`: customers who come in by the API, and when; `costs`: {currency, per_1000_minor: {channel: minor units}}, where they are not
    to be taken from what campaigns were booked to cost. Raises Invalid, Unknown.
    """
    async with service.transaction() as tx:
        journey = await locked(tx, journey_id)
        given = definition if definition is not None else journey.draft
        read = read_definition(service, given)
        if not since < until or until - since > LONGEST:
            raise errors.cannot_backtest("`since` lies before `until`, at most 400 days.")
        if any(not since <= at < until for _, at in named):
            raise errors.cannot_backtest("the times in `people` lie between `since` and `until`.")
        lacks = await past.what_is_missing(service, journey_id=journey_id, definition=read, since=since, until=until, named=bool(named))
        if lacks is not None:
            raise errors.cannot_backtest(lacks)
        backtest_id = new_id()
        await backtests.insert(
            tx.db, backtest_id=backtest_id, journey_id=journey_id, definition=given, since=since, until=until, costs=costs, people=named
        )
    return backtest_id


async def run_backtests(service: CampaignService) -> bool:
    """Run one that waits. True: there was one."""
    async with service.transaction() as tx:
        claimed = await backtests.claim(tx.db, lease=LEASE)
    if claimed is None:
        return False
    definition = Definition.model_validate(claimed["definition"])
    reason: str | None = None
    found: list[Found] = []
    result: dict[str, Any] | None = None
    try:
        found, result = await _run(service, claimed, definition)
    except TooMany:
        reason = "too_many_events"
    except Unavailable:
        _log.warning("backtest_waits", backtest_id=str(claimed["id"]))
        async with service.transaction() as tx:
            await backtests.keep_claim(tx.db, claimed["id"], lease=timedelta(seconds=20))
        return False
    async with service.transaction() as tx:
        await backtests.finish(tx.db, claimed["id"], found=found, result=result, reason=reason)
    return True


async def _run(service: CampaignService, claimed: Mapping[str, Any], definition: Definition) -> tuple[list[Found], dict[str, Any]]:
    since, until = claimed["since"], claimed["until"]
    pasts = await past.stimuli(
        service, backtest_id=claimed["id"], journey_id=claimed["journey_id"], definition=definition, since=since, until=until
    )
    async with service.read() as db:
        booked = await backtests.booked_costs(db)
        policies = [(at, Policy.model_validate(policy)) for _, policy, at in await pressure.policies(db)]
    people = sorted(pasts)
    passages, written = [], []
    for start in range(0, len(people), PEOPLE):
        part = people[start : start + PEOPLE]
        for done in await _replay(service, claimed["journey_id"], definition, {one: pasts[one] for one in part}, policies, until):
            passages += done.passages
            written += done.messages
        async with service.transaction() as tx:
            await backtests.keep_claim(tx.db, claimed["id"], lease=LEASE)
    programme = definition.programme or str(claimed["journey_id"])
    found = await _judge(service, written, policies, until, programme=programme)
    cost = price([(one.channel, 1) for one in found if one.outcome == "reached"], given=claimed["costs"], booked=booked)
    return found, _sum(definition, len(passages), passages, found) | {"cost": cost}


async def _replay(
    service: CampaignService, journey_id: UUID, definition: Definition, pasts: Mapping[UUID, Sequence[Stimulus]],
    policies: Sequence[tuple[datetime, Policy]], until: datetime,
) -> list[Replayed]:
    async with service.read() as db:
        known = await recipients.fetch(db, list(pasts))
        scores = await replicas.scores_of(db, list(pasts))
    segments: dict[UUID, dict[str, bool]] = {}
    done: dict[UUID, Replayed] = {}
    waiting = list(pasts)
    for _ in range(20):
        for one in waiting:
            around = Around(until, _zone(policies, known.get(one), until), Known(traits_of(known.get(one)), scores.get(one, {}), segments.get(one, {})))
            done[one] = replay(
                definition, journey_id=journey_id, customer_id=one, stimuli=pasts[one], around=around, until=until
            )
        asks = {one: done[one].asks for one in waiting if done[one].asks}
        if not asks:
            break
        for one, members in (await ask_segments(service, asks)).items():
            segments.setdefault(one, {}).update(members)
        waiting = list(asks)
    return [done[one] for one in pasts]


async def _judge(
    service: CampaignService, written: Sequence[Written], policies: Sequence[tuple[datetime, Policy]], until: datetime, *, programme: str
) -> list[Found]:
    """Which of the messages would have gone out: address, chosen channel, quiet time, consent and caps, as far as possible as they stood then."""
    people = list({each.effect.person.customer_id for each in written})
    async with service.read() as db:
        known = await recipients.fetch(db, people)
        family = await pressure.families(db, people)
        past = await pressure.handed_off(db, list(family), until=until)
    places: dict[UUID, list[Contact]] = {}
    for place in past:
        places.setdefault(family[place.customer_id], []).append(place)
    ordered = sorted((_place(each, known, policies) for each in written), key=lambda each: (each.at, each.written.effect.key))
    allowed = await _consents(service, [each for each in ordered if each.at < until])
    found = []
    for number, (at, each) in enumerate(ordered):
        step, person = each.effect.step, each.effect.person
        assert isinstance(step, Message), "only messages are written"
        reason = _unreachable(known.get(person.customer_id), step)
        detail: dict[str, Any] = {"planned_at": each.at, "entered_at": person.entered_at}
        if reason is None and each.called_back_at is not None and each.called_back_at <= at and each.at < at:
            reason = "left_journey"
        if reason is None and at >= until:
            reason = "after_the_window"
        if reason is None and not allowed.get(number, False):
            reason = "no_consent"
        if reason is None:
            contact = Contact(new_id(), person.customer_id, step.channel, step.purpose, programme, step.priority, float(step.value or 0), at)
            mine = places.setdefault(family.get(person.customer_id, person.customer_id), [])
            full = rules.first_full(_policy_at(policies, at), contact, [one for one in mine if one.at is not None and one.at <= at], at)
            if full is None:
                mine.append(contact)
            else:
                reason, detail = "capped", detail | {"cap": full.cap.name, "free_at": full.free_at}
        found.append(Found(
            number, person.customer_id, at, each.effect.step_name, step.channel, "blocked" if reason else "reached", reason, detail,
        ))
    return found


def _place(each: Written, known: Mapping[UUID, Recipient], policies: Sequence[tuple[datetime, Policy]]) -> _Place:
    """When it would have gone out: at once, or when the quiet time was over."""
    step = each.effect.step
    assert isinstance(step, Message), "only messages are written"
    policy = _policy_at(policies, each.at)
    zone = rules.local_zone(policy, known[each.effect.person.customer_id].time_zone if each.effect.person.customer_id in known else None)
    return _Place(rules.quiet_until(policy, channel=step.channel, zone=zone, at=each.at) or each.at, each)


def _unreachable(recipient: Recipient | None, step: Message) -> str | None:
    if recipient is None:
        return "no_profile"
    _, reason = channels.place_of(recipient, step.channel)
    return reason or (None if addressing.is_chosen(recipient.channels, purpose=step.purpose, channel=step.channel) else "channel_not_chosen")


def _policy_at(policies: Sequence[tuple[datetime, Policy]], at: datetime) -> Policy:
    return next((policy for since, policy in reversed(policies) if since <= at), Policy())


def _zone(policies: Sequence[tuple[datetime, Policy]], recipient: Recipient | None, at: datetime) -> Any:
    return rules.local_zone(_policy_at(policies, at), recipient.time_zone if recipient else None)


async def _consents(service: CampaignService, places: Sequence[_Place]) -> dict[int, bool]:
    """Whether the ledger of consent allowed each message at its time, by its number. Raises Unavailable."""
    room = asyncio.Semaphore(ASKED_AT_ONCE)

    async def one(number: int, place: _Place) -> tuple[int, bool]:
        step, customer_id = place.written.effect.step, place.written.effect.person.customer_id
        assert isinstance(step, Message), "only messages are written"
        async with room:
            path = f"/api/v1/customers/{customer_id}/consent?limit=1&as_of={quote(place.at.isoformat())}"
            answer = await service.peers["consent"].call("GET", path, scopes=["consent:read"], timeout=15)
        if answer.status >= 500 or answer.status == 429:
            raise Unavailable("backtest.consent_unavailable", "Consents cannot be read at the moment.", detail=str(answer.status))
        if answer.status != 200:
            return number, False
        standing: dict[str, Any] = next((each for each in answer.json().get("purposes", []) if each.get("purpose") == step.purpose), {})
        return number, bool(standing.get("channels", {}).get(step.channel, {}).get("allowed"))

    return dict(await asyncio.gather(*(one(number, place) for number, place in enumerate(places))))


def _collisions(found: Sequence[Found]) -> list[dict[str, Any]]:
    """Which caps stood in the way, how often, for how many people."""
    by_cap: dict[str, list[UUID]] = {}
    for one in found:
        if one.reason == "capped":
            by_cap.setdefault(str(one.detail["cap"]), []).append(one.customer_id)
    return [{"cap": cap, "messages": len(ids), "people": len(set(ids))} for cap, ids in sorted(by_cap.items())]


def _sum(definition: Definition, entered: int, passages: Sequence[Any], found: Sequence[Found]) -> dict[str, Any]:
    lines = [msgspec.json.encode((str(one.customer_id), one.at, one.step, one.outcome, one.reason)) for one in found]
    best = any(isinstance(step, Message) and step.send == "best" for step in definition.steps.values())
    present = [*PRESENT, *(["best hours: those messages are placed at once"] if best else []), *(["memberships of segments"] if checking.segments_in(definition) else [])]
    return {
        "label": "reach, not outcome", "entered": entered, "people": len({one.customer_id for one in passages}),
        "outcomes": dict(sorted(Counter(one.outcome or "inside" for one in passages).items())),
        "messages": len(found), "reached": sum(one.outcome == "reached" for one in found),
        "people_reached": len({one.customer_id for one in found if one.outcome == "reached"}),
        "blocked": dict(sorted(Counter(one.reason for one in found if one.reason).items())),
        "cap_collisions": sum(one.reason == "capped" for one in found), "collisions": _collisions(found),
        "by_step": {
            step: {"reached": reached, "blocked": blocked}
            for step in definition.steps
            if (reached := sum(one.step == step and one.outcome == "reached" for one in found))
            + (blocked := sum(one.step == step and one.outcome == "blocked" for one in found))
        },
        "as_it_stood_then": ["events", "entries", "consent", "caps and quiet time", "messages that were sent"], "as_it_stands_now": present,
        "digest": hashlib.sha256(b"\n".join(lines)).hexdigest(),
    }

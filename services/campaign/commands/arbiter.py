"""The arbiter: which of the messages that want to reach a person now may, over all campaigns, journeys and channels.

Asked inside the transaction that claims messages. It holds the person's lock while it counts and decides, so that as many senders as
there are never let more through than the caps allow. A message that is held back carries why.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from chassis.unit_of_work import Transaction
from services.campaign.commands.facts import tell_changes
from services.campaign.domain import pressure as rules
from services.campaign.domain.pressure import Contact, Policy, Verdict
from services.campaign.settings import CampaignService
from services.campaign.store import pressure, recipients
from services.campaign.store.pressure import Waiting

#: Another message of more value is about to go: look again when it has.
COMPETING: Final = timedelta(seconds=5)
#: What is due within this time competes.
SOON: Final = timedelta(seconds=30)
CAPPED: Final = "capped"


class _Round(NamedTuple):
    admitted: list[UUID]
    postponed: list[tuple[UUID, datetime, dict[str, Any]]]
    refused: list[tuple[UUID, dict[str, Any]]]


async def read_policy(tx: Transaction) -> Policy:
    """What holds now."""
    found = await pressure.policy(tx.db)
    return Policy.model_validate(found[1]) if found else Policy()


async def admit(service: CampaignService, tx: Transaction, *, owner: UUID, claimed: Sequence[tuple[UUID, UUID]]) -> set[UUID]:
    """Of claimed marketing messages (id, customer) those that may go out now; the others are postponed or suppressed, and say why.

    Quiet time postpones to its end. Over a cap: suppressed as `capped`, or kept until there is room where the policy waits; beaten by a
    message of more value that is about to go: asked again right after it.
    """
    policy = await read_policy(tx)
    if not claimed or not policy.asks:
        return {message_id for message_id, _ in claimed}
    person = await pressure.families(tx.db, [customer_id for _, customer_id in claimed])
    await pressure.lock(tx.db, list(set(person.values())))
    everybody = list(person)
    # A statement of its own after the locks: it sees what those who held them before have committed.
    waiting = _by_person(await pressure.waiting(tx.db, everybody, owner=owner, soon=SOON), person)
    taken: dict[UUID, list[Contact]] = {}
    for place in await pressure.taken(tx.db, everybody):
        taken.setdefault(person[place.customer_id], []).append(place)
    zones = {one: known.time_zone for one, known in (await recipients.fetch(tx.db, list(set(person.values())))).items()}
    now = service.clock.now()
    done = _Round([], [], [])
    for one, those in waiting.items():
        _decide(policy, done, those, taken.get(one, []), zone=zones.get(one), now=now)
    await pressure.admit(tx.db, owner=owner, message_ids=done.admitted)
    if done.postponed:
        await pressure.postpone(tx.db, owner=owner, rows=done.postponed)
    if done.refused:
        tell_changes(tx, await pressure.refuse(tx.db, owner=owner, rows=done.refused), at=now)
    return set(done.admitted)


def _by_person(waiting: Sequence[Waiting], person: dict[UUID, UUID]) -> dict[UUID, list[Waiting]]:
    found: dict[UUID, list[Waiting]] = {}
    for each in waiting:
        found.setdefault(person[each.contact.customer_id], []).append(each)
    return found


def _decide(policy: Policy, done: _Round, waiting: list[Waiting], taken: list[Contact], *, zone: str | None, now: datetime) -> None:
    """One person's messages: quiet time first, then the caps among those that could go."""
    local = rules.local_zone(policy, zone)
    could = []
    for each in waiting:
        until = rules.quiet_until(policy, channel=each.contact.channel, zone=local, at=now)
        if until is None:
            could.append(each)
        elif each.mine:
            done.postponed.append((each.contact.message_id, until, {"why": "quiet_time", "until": until, "time_zone": str(local)}))
    verdicts = rules.judge(policy, waiting=[each.contact for each in could], taken=taken, now=now)
    for each in could:
        verdict = verdicts[each.contact.message_id]
        if not each.mine:
            continue
        if verdict.admitted:
            done.admitted.append(verdict.message_id)
            continue
        why = explain(verdict)
        later = _later(policy, each, verdict, now=now)
        if later is None:
            done.refused.append((verdict.message_id, why))
        else:
            done.postponed.append((verdict.message_id, later, why))


def _later(policy: Policy, each: Waiting, verdict: Verdict, *, now: datetime) -> datetime | None:
    """When to ask again; None: not at all."""
    assert verdict.full is not None, "nothing else refuses"
    if verdict.losing_to:
        return now + COMPETING  # the winner may still be denied: then this one has its turn
    room = verdict.full.free_at
    patience = each.created_at + timedelta(hours=policy.wait_hours)
    if room is None or patience <= max(room, now):
        return None
    return max(room, now + COMPETING)


def explain(verdict: Verdict) -> dict[str, Any]:
    """What is kept with a message that was held back: the cap, how full it is, until when, and which messages went instead."""
    assert verdict.full is not None, "only refusals are explained"
    return {
        "why": CAPPED, "cap": verdict.full.cap.name, "most": verdict.full.cap.most, "used": verdict.full.used, "free_at": verdict.full.free_at,
        "holders": verdict.full.holders[:20], "losing_to": verdict.losing_to[:20],
    }


async def best_times(service: CampaignService, tx: Transaction, customer_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """When each person is most likely to respond next, within a day, by what they opened and clicked in the last half year.

    People without responses follow everybody's; without anybody's the time is now.
    """
    now = service.clock.now()
    policy = await read_policy(tx)
    since = now - timedelta(days=182)
    person = await pressure.families(tx.db, customer_ids)
    known = await recipients.fetch(tx.db, list(customer_ids))
    mine: dict[UUID, list[datetime]] = {}
    for one, times in (await pressure.responses(tx.db, list(person), since=since)).items():
        mine.setdefault(person[one], []).extend(times)
    everybody = await pressure.responses_by_hour(tx.db, zone=policy.time_zone, since=since)
    found = {}
    for one in customer_ids:
        zone = rules.local_zone(policy, known[one].time_zone if one in known else None)
        hour = rules.best_hour(mine.get(person.get(one, one), []), zone=zone, everybody=everybody)
        found[one] = now if hour is None else rules.next_at_hour(now, hour=hour, zone=zone)
    return found

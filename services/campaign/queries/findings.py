"""The conditions of a message to one person, each with what it is decided on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from chassis.errors import Unavailable
from services.campaign.domain import audiences, channels
from services.campaign.domain import pressure as rules
from services.campaign.domain.eligibility import refuse_reserved
from services.campaign.domain.entities import Campaign, Recipient
from services.campaign.domain.explaining import Finding, Past, smallest_flip
from services.campaign.domain.ledger import is_chosen
from services.campaign.domain.pressure import Contact, Policy
from services.campaign.settings import CampaignService
from services.campaign.store import pressure, recipients, replicas, results
from services.campaign.store.standing import standing


async def in_order(service: CampaignService, campaign: Campaign, customer_id: UUID, *, planned: bool, past: Past | None = None) -> Finding:
    """By what the people of the audience were put in order, what this person's value is made of, and, where only so many were taken, the least that got in."""
    selection = audiences.read_selection(campaign.selection)
    async with service.read() as db:
        recipient = past.recipient if past is not None else (await recipients.fetch(db, [customer_id])).get(customer_id)
        scores = past.scores if past is not None else (await replicas.scores_of(db, [customer_id])).get(customer_id, {})
        least = await results.least_value(db, campaign.id) if selection.at_most is not None else None
    value = audiences.value_of(selection, scores=scores, traits=recipient.traits if recipient else {})
    parts = past.parts if past is not None else await _parts(service, customer_id)
    evidence = {"by": selection.by, "value": value, "scores": scores, "parts": parts, "at_most": selection.at_most, "least_taken": least}
    if selection.at_most is None:
        return Finding("selection", True, "all of the audience are taken, in this order", evidence)
    if planned:
        return Finding("selection", True, f"was among the first {selection.at_most}", evidence)
    if least is None:
        return Finding("selection", None, f"the first {selection.at_most} are taken as soon as it is launched", evidence)
    inside = value is not None and value > least
    return Finding(
        "selection", inside, f"{'above' if inside else 'not above'} the least value that was taken", evidence,
        [f"their value (by {selection.by}) rises above {least}, or at_most rises"],
    )


async def _parts(service: CampaignService, customer_id: UUID) -> dict[str, Any] | None:
    """What each score is made of; None: the analytics service does not answer."""
    try:
        answer = await service.peers["analytics"].call("GET", f"/api/v1/customers/{customer_id}/scores", scopes=["analytics:read"])
    except Unavailable:
        return None
    if answer.status != 200:
        return None
    return {each["score"]: {"value": each["value"], **each["parts"]} for each in answer.json().get("data", [])}


async def is_reserved(service: CampaignService, customer_id: UUID, reserved_for: Mapping[str, Any], *, past: Past | None = None) -> Finding:
    """Whether they may have what is reserved for tiers and stages. Of another time: what they held then."""
    async with service.read() as db:
        tiers, stage = await standing(db, await recipients.same_person(db, customer_id), scores=past.scores if past is not None else None, at=past.at if past is not None else None)
    refused = refuse_reserved(tiers=reserved_for.get("tiers", ()), stages=reserved_for.get("stages", ()), held_tiers=tiers, stage=stage)
    evidence = {"reserved_for": dict(reserved_for), "tiers": sorted(tiers), "stage": stage}
    if refused is None:
        return Finding("reserved", True, "is for everybody" if not reserved_for else "is one of those it is reserved for", evidence)
    wanted = [*reserved_for.get("tiers", ()), *reserved_for.get("stages", ())]
    return Finding("reserved", False, refused.words, evidence, [f"they come into {' or '.join(wanted)}"])


async def in_segment(service: CampaignService, segment_id: str, customer_id: UUID) -> Finding:
    """Membership now, with every clause of the rule and the fewest that would turn it."""
    path = f"/api/v1/segments/{quote(segment_id, safe='')}"
    try:
        answer = await service.peers["analytics"].call("GET", f"{path}/why/{customer_id}", scopes=["analytics:read"])
        defined = await service.peers["analytics"].call("GET", path, scopes=["analytics:read"])
    except Unavailable:
        return Finding("segment", None, "the analytics service does not answer")
    if answer.status != 200:
        return Finding("segment", False if answer.status == 404 else None, "unknown to the segment", {}, ["become known to the segment"])
    why = answer.json()
    member, clauses = why.get("holds"), why.get("clauses", [])
    words = least_turned(defined.json().get("rule") if defined.status == 200 else None, clauses, member=member)
    return Finding(
        "segment", member if isinstance(member, bool) else None, "member of the segment now" if member else "not a member now",
        {"segment_id": segment_id, "version": why.get("version"), "as_of": why.get("as_of"), "clauses": clauses}, words,
    )


def least_turned(rule: Any, clauses: list[dict[str, Any]], *, member: Any) -> list[str]:
    """The fewest clauses that would turn a membership, in words."""
    flips = smallest_flip(rule, {each["pointer"]: each["holds"] for each in clauses}, want=not member) if rule else None
    named = {each["pointer"]: each for each in clauses}
    return [f"clause {each or '/'} ({named[each]['kind']}, seen: {named[each]['seen']}) turns {str(not named[each]['holds']).lower()}" for each in flips or []]


def has_address(recipient: Recipient | None, channel: str) -> Finding:
    """Whether they can be reached there."""
    place, reason = channels.place_of(recipient, channel) if recipient is not None else (None, "no_profile")
    words = {
        None: f"an address for {channel} is known", "no_profile": "nothing is known of this customer",
        "no_address": f"no address for {channel} is known", "address_invalid": "the address cannot be written to",
    }
    return Finding("address", place is not None, words.get(reason, str(reason)), {"reason": reason}, [] if place else [f"learn an address for {channel}"])


def chose(recipient: Recipient | None, *, purpose: str, channel: str) -> Finding:
    if recipient is None or is_chosen(recipient.channels, purpose=purpose, channel=channel):
        return Finding("channel", True, "no other channel was chosen for this purpose")
    return Finding(
        "channel", False, "another channel was chosen for this purpose", {"chosen": dict(recipient.channels)},
        [f"they choose {channel} for {purpose}, or it is sent on the channel they chose"],
    )


async def has_consent(service: CampaignService, customer_id: UUID, *, purpose: str, channel: str, at: datetime | None = None) -> Finding:
    """What the ledger of consent allows now, or allowed at a time, with the entry it stands on."""
    path = f"/api/v1/customers/{customer_id}/consent?limit=1" + (f"&as_of={quote(at.isoformat())}" if at else "")
    try:
        answer = await service.peers["consent"].call("GET", path, scopes=["consent:read"])
    except Unavailable:
        return Finding("consent", None, "the consent service does not answer")
    if answer.status != 200:
        return Finding("consent", None, "nothing is known")
    for each in answer.json().get("purposes", []):
        if each.get("purpose") == purpose:
            standing = each.get("channels", {}).get(channel, {})
            allowed = bool(standing.get("allowed"))
            evidence = {name: standing.get(name) for name in ("state", "since", "until", "entry_id", "reason")}
            remedy = [f"consent to {purpose} by {channel} is {'withdrawn' if allowed else 'given'}"]
            return Finding("consent", allowed, standing.get("reason") or str(standing.get("state", "unspoken")), evidence, remedy)
    return Finding("consent", False, "there is no such purpose", {}, [f"the purpose {purpose} is defined"])


async def within_caps(
    service: CampaignService, recipient: Recipient | None, customer_id: UUID, *, message: dict[str, Any] | None, contact: Contact,
    at: datetime | None = None,
) -> Finding:
    """Contact pressure: for a message that was held back what held it back, else how it stands now."""
    now = at or service.clock.now()
    async with service.read() as db:
        found = await pressure.policy(db, as_of=at)
        policy = Policy.model_validate(found[1]) if found else Policy()
        admitted_at, refusal = await pressure.refusal_of(db, message["id"]) if message else (None, None)
        if at is not None and message is not None and message["state"] == "planned":  # what was found later was not known yet
            admitted_at, refusal = (admitted_at if admitted_at is not None and admitted_at <= at else None), None
        family = list(await pressure.families(db, [customer_id]))
        places = await pressure.taken(db, family) if at is None else await pressure.handed_off(db, family, until=at)
        taken = [each for each in places if message is None or each.message_id != message["id"]]
    version = {"policy_version": found[0] if found else 0}
    if refusal is not None:
        words = f"over the cap: {refusal['cap']}" if refusal["why"] == "capped" else f"quiet time until {refusal['until']}"
        remedy = [f"one message fewer before, or the cap {refusal['cap']} one higher"] if refusal["why"] == "capped" else ["a time that is not quiet"]
        return Finding("pressure", False, words, {**version, **refusal}, remedy)
    if admitted_at is not None:
        return Finding("pressure", True, "admitted", {**version, "admitted_at": admitted_at})
    if message is not None and message["state"] not in ("planned", "permitted"):
        return Finding("pressure", None, "was not asked")
    full = rules.first_full(policy, contact, taken, now)
    quiet = rules.quiet_until(policy, channel=contact.channel, zone=rules.local_zone(policy, recipient.time_zone if recipient else None), at=now)
    if full is not None:
        evidence = {**version, "cap": full.cap.name, "used": full.used, "free_at": full.free_at, "holders": full.holders[:20]}
        return Finding("pressure", False, f"over the cap: {full.cap.name}", evidence, [f"one message fewer before, or the cap {full.cap.name} one higher"])
    return Finding("pressure", True, f"there is room; quiet until {quiet}" if quiet else "there is room", {**version, "quiet_until": quiet})


def as_it_was(message: dict[str, Any], at: datetime) -> dict[str, Any] | None:
    """A message as the ledger had it at a time; None: it was not planned yet."""
    if message["created_at"] > at:
        return None
    if message["finished_at"] is not None and message["finished_at"] <= at:
        return message
    handed = message["handed_off_at"] is not None and message["handed_off_at"] <= at
    return {**message, "state": "handing_off" if handed else "planned", "reason": None, "finished_at": None, "handed_off_at": message["handed_off_at"] if handed else None}


def ledger(message: Mapping[str, Any]) -> Finding:
    stopped = message["state"] in ("failed", "suppressed")
    words = message["state"] + (f": {message['reason']}" if message["reason"] else "")
    evidence = {name: message[name] for name in ("permit_id", "consent_version", "created_at", "handed_off_at", "finished_at")}
    return Finding("ledger", not stopped, words, {"message_id": message["id"], **evidence}, ["another message: this one has ended"] if stopped else [])

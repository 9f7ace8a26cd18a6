"""Why somebody gets a message of a campaign or a journey, or does not, and what would have changed it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from services.campaign import errors
from services.campaign.domain import audiences
from services.campaign.domain.entities import Campaign
from services.campaign.domain.explaining import Finding, would_change
from services.campaign.domain.journeys import conditions
from services.campaign.domain.journeys.conditions import Known
from services.campaign.domain.journeys.definition import Branch, Definition, Message
from services.campaign.domain.pressure import Contact
from services.campaign.queries import campaigns, findings, recalling
from services.campaign.settings import CampaignService
from services.campaign.store import journey_figures, pressure, recipients, replicas, results
from services.campaign.store import journeys as store


class Decision(NamedTuple):
    """The conditions of one message, the message if there is one, and what would turn the decision."""

    receives: bool | None
    message: dict[str, Any] | None
    findings: list[Finding]
    would_change: list[dict[str, Any]]


async def explain(service: CampaignService, *, campaign_id: UUID, customer_id: UUID, as_of: datetime | None = None) -> Decision:
    """Why a customer gets a campaign's message or not: rule, order, control group, reservation, address, channel, consent, pressure, ledger.

    `as_of`: as it stood then, down to the clauses of the rule; tiers of programmes alone are those of now (`recalling`).
    Raises Unknown (campaign).
    """
    campaign = await campaigns.get_campaign(service, campaign_id=campaign_id)
    async with service.read() as db:
        person = await recipients.same_person(db, customer_id)
        recipient = (await recipients.fetch(db, [customer_id])).get(customer_id)
        message = await results.find_in_campaign(db, campaign_id=campaign_id, customer_ids=person)
    if as_of is not None and message is not None:
        message = _as_it_was(message, as_of)
    past = await recalling.recall(service, customer_id, recipient, at=as_of) if as_of is not None else None
    recipient = past.recipient if past is not None else recipient
    contact = Contact(campaign.id, customer_id, campaign.channel, campaign.purpose, str(campaign.id))
    found = [
        await findings.in_segment(service, campaign.segment_id, customer_id) if as_of is None
        else await recalling.was_in_segment(service, campaign.segment_id, customer_id, at=as_of),
        await findings.in_order(service, campaign, customer_id, planned=message is not None, past=past), _arm(service, campaign, customer_id, message),
        await findings.is_reserved(service, customer_id, campaign.reserved_for, past=past), findings.has_address(recipient, campaign.channel),
        findings.chose(recipient, purpose=campaign.purpose, channel=campaign.channel),
        await findings.has_consent(service, customer_id, purpose=campaign.purpose, channel=campaign.channel, at=as_of),
        await findings.within_caps(service, recipient, customer_id, message=message, contact=contact, at=as_of),
    ]
    if message is not None:
        found.append(_ledger(message))
        receives: bool | None = message["state"] not in ("failed", "suppressed")
    elif campaign.audience_complete and (as_of is None or (campaign.launched_at is not None and campaign.launched_at <= as_of)):
        found.append(Finding("ledger", False, "was not in the audience when it was frozen", {}, ["another campaign: the audience of this one is frozen"]))
        receives = False
    else:
        holds = [finding.holds for finding in found]
        receives = False if False in holds else None if None in holds else True
    return Decision(receives, message, found, would_change(found, receives=receives))


def _as_it_was(message: dict[str, Any], at: datetime) -> dict[str, Any] | None:
    """A message as the ledger had it at a time; None: it was not planned yet."""
    if message["created_at"] > at:
        return None
    if message["finished_at"] is not None and message["finished_at"] <= at:
        return message
    handed = message["handed_off_at"] is not None and message["handed_off_at"] <= at
    return {**message, "state": "handing_off" if handed else "planned", "reason": None, "finished_at": None, "handed_off_at": message["handed_off_at"] if handed else None}


def _arm(service: CampaignService, campaign: Campaign, customer_id: UUID, message: Mapping[str, Any] | None) -> Finding:
    """Whether a control group keeps them out, and which arm of a test they fell into."""
    audience = audiences.read_audience(campaign.segment_id, campaign.audience)
    why = audiences.withheld(campaign.id, customer_id, audience, control_percent=service.settings.control_percent)
    if message is not None and message["reason"] in (audiences.CONTROL_GROUP, audiences.HOLDOUT):
        why = message["reason"]
    arm = message["arm"] if message else None
    if why is not None:
        return Finding("arm", False, f"belongs to the {why.replace('_', ' ')}", {"arm": arm, "withheld": why}, ["nothing: the draw is for ever"])
    return Finding("arm", True, f"arm {arm}" if arm else "belongs to no control group", {"arm": arm})


def _ledger(message: Mapping[str, Any]) -> Finding:
    stopped = message["state"] in ("failed", "suppressed")
    words = message["state"] + (f": {message['reason']}" if message["reason"] else "")
    evidence = {name: message[name] for name in ("permit_id", "consent_version", "created_at", "handed_off_at", "finished_at")}
    return Finding("ledger", not stopped, words, {"message_id": message["id"], **evidence}, ["another message: this one has ended"] if stopped else [])


class JourneyDecision(NamedTuple):
    """Why somebody is inside a journey or not, what decided at each branch, and each of its messages."""

    state: str
    findings: list[Finding]
    branches: list[dict[str, Any]]
    messages: list[dict[str, Any]]


async def explain_journey(service: CampaignService, *, journey_id: UUID, customer_id: UUID) -> JourneyDecision:
    """`state`: inside, left or never. Raises Unknown (journey)."""
    async with service.read() as db:
        journey = await store.find(db, journey_id)
        if journey is None:
            raise errors.unknown_journey()
        family = await recipients.same_person(db, customer_id)
        passages = await journey_figures.passages(db, journey_id, family)
        history = await journey_figures.history(db, passages[0]["id"]) if passages else []
        recipient = (await recipients.fetch(db, [customer_id])).get(customer_id)
        scores = (await replicas.scores_of(db, [customer_id])).get(customer_id, {})
        version = passages[0]["version"] if passages else journey.version
        published = await store.definitions(db, [(journey_id, version)])
        sent = {row["id"]: row for row in await journey_figures.messages_of(db, journey_id, family)}
        programme = await pressure.programme_of(db, journey_id)
    definition = Definition.model_validate(published[journey_id, version]) if published else Definition.model_validate(journey.draft)
    inside = bool(passages) and passages[0]["left_at"] is None
    traits = {**recipient.traits, "name": recipient.name, "email": recipient.email, "language": recipient.language} if recipient else {}
    found = [
        Finding("running", journey.status == "active", f"the journey is {journey.status}", {}, ["publish or resume it"]),
        _entry(definition, passages, inside=inside),
    ]
    branches = _branches(definition, Known(traits, scores), passages[0]["data"] if passages else {}, history)
    messages = []
    for name, step in definition.steps.items():
        if not isinstance(step, Message):
            continue
        mine = [row for row in sent.values() if row["step"] == name]
        contact = Contact(journey_id, customer_id, step.channel, step.purpose, programme, step.priority, float(step.value or 0))
        checks = [
            findings.has_address(recipient, step.channel), findings.chose(recipient, purpose=step.purpose, channel=step.channel),
            await findings.has_consent(service, customer_id, purpose=step.purpose, channel=step.channel),
            await findings.within_caps(service, recipient, customer_id, message=mine[0] if mine else None, contact=contact),
        ]
        checks.insert(2, await findings.is_reserved(service, customer_id, step.reserved_for.model_dump(exclude_defaults=True)))
        receives: bool | None = None if not mine else mine[0]["state"] not in ("failed", "suppressed")
        if mine:
            checks.append(_ledger(mine[0]))
        messages.append({"step": name, "receives": receives, "findings": checks, "would_change": would_change(checks, receives=receives)})
    return JourneyDecision("inside" if inside else "left" if passages else "never", found, branches, messages)


def _entry(definition: Definition, passages: list[dict[str, Any]], *, inside: bool) -> Finding:
    """Whether they could come in now."""
    entry = definition.entry.model_dump(mode="json", exclude_none=True, by_alias=True)
    evidence: dict[str, Any] = {"entry": entry, "reentry": definition.model_dump(mode="json")["reentry"], "entered": [one["entered_at"] for one in passages]}
    if inside:
        return Finding("entry", True, f"is inside, at {passages[0]['step']}", evidence)
    if passages and definition.reentry == "never":
        return Finding("entry", False, "was inside, and the journey takes everybody once", evidence, ["reentry: after_exit"])
    return Finding("entry", None, "comes in as soon as the entry happens", evidence, [f"this happens: {msgspec.json.encode(entry).decode()}"])


def _branches(definition: Definition, known: Known, data: Mapping[str, Any], history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each branch: what was taken when they passed it, and how its clauses stand now."""
    taken = {line["step"]: line for line in history if line["did"] == "branch"}
    found = []
    for name, step in definition.steps.items():
        if not isinstance(step, Branch):
            continue
        clauses = [
            {"pointer": each.pointer, "kind": each.kind, "holds": each.holds, "seen": each.seen, "wants": each.wants}
            for number, choice in enumerate(step.choices)
            for each in conditions.clauses(choice.condition, known, data, f"/steps/{name}/choices/{number}/if")
        ]
        passed = taken.get(name)
        found.append({"step": name, "passed_at": passed["at"] if passed else None, "choice": passed["detail"].get("choice") if passed else None, "clauses": clauses})
    return found

"""Why somebody is inside a journey or not, and gets its messages or does not; now or at an earlier moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from services.campaign import errors
from services.campaign.domain.explaining import Finding, would_change
from services.campaign.domain.journeys import checking, conditions
from services.campaign.domain.journeys.conditions import Known
from services.campaign.domain.journeys.definition import Branch, Definition, Message
from services.campaign.domain.pressure import Contact
from services.campaign.queries import findings, recalling
from services.campaign.settings import CampaignService
from services.campaign.store import journey_figures, pressure, recipients, replicas
from services.campaign.store import journeys as store


class JourneyDecision(NamedTuple):
    """Why somebody is inside a journey or not, what decided at each branch, and each of its messages."""

    state: str
    findings: list[Finding]
    branches: list[dict[str, Any]]
    messages: list[dict[str, Any]]


class _Passage(NamedTuple):
    """One stay of somebody: as it is, or as it was."""

    version: int
    step: str
    inside: bool
    data: Mapping[str, Any]
    history: list[dict[str, Any]]


async def explain_journey(service: CampaignService, *, journey_id: UUID, customer_id: UUID, as_of: datetime | None = None) -> JourneyDecision:
    """`state`: inside, left or never. `as_of`: as it stood then: version, step, traits, scores, segments, consent, pressure and messages.

    A draft takes nobody in: while nothing was published then, that is all there is to say. Raises Unknown (journey).
    """
    async with service.read() as db:
        journey = await store.find(db, journey_id)
        if journey is None or (as_of is not None and journey.created_at > as_of):
            raise errors.unknown_journey()
        status, current = (journey.status, journey.version) if as_of is None else await store.stood(db, journey_id, at=as_of)
        family = await recipients.same_person(db, customer_id)
        rows = await journey_figures.passages(db, journey_id, family)
        stays = [row for row in rows if as_of is None or row["entered_at"] <= as_of]
        passage = _at(stays[0], await journey_figures.history(db, stays[0]["id"]), as_of) if stays else None
        recipient = (await recipients.fetch(db, [customer_id])).get(customer_id)
        scores = (await replicas.scores_of(db, [customer_id])).get(customer_id, {})
        version = passage.version if passage else current
        published = await store.definitions(db, [(journey_id, version)])
        sent = await journey_figures.messages_of(db, journey_id, family, until=as_of)
        programme = await pressure.programme_of(db, journey_id)
    running = Finding("running", status == "active", f"the journey {'is' if as_of is None else 'was'} {status}", {"version": current}, ["publish or resume it"])
    if not published and as_of is not None:
        return JourneyDecision("never", [running], [], [])
    definition = Definition.model_validate(published[journey_id, version] if published else journey.draft)
    past = await recalling.recall(service, customer_id, recipient, at=as_of) if as_of is not None else None
    if past is not None:
        recipient, scores = past.recipient, dict(past.scores)
        sent = [row for each in sent if (row := findings.as_it_was(each, past.at)) is not None]
    traits = {**recipient.traits, "name": recipient.name, "email": recipient.email, "language": recipient.language} if recipient else {}
    segments = {one: held for one in sorted(checking.segments_in(definition)) if (held := await _holds(service, one, customer_id, as_of)) is not None}
    found = [running, _entry(definition, passage, [row["entered_at"] for row in stays])]
    branches = _branches(definition, Known(traits, scores, segments), passage)
    messages = []
    for name, step in definition.steps.items():
        if isinstance(step, Message):
            mine = next((row for row in sent if row["step"] == name), None)
            contact = Contact(journey_id, customer_id, step.channel, step.purpose, programme, step.priority, float(step.value or 0))
            checks = [
                findings.has_address(recipient, step.channel), findings.chose(recipient, purpose=step.purpose, channel=step.channel),
                await findings.is_reserved(service, customer_id, step.reserved_for.model_dump(exclude_defaults=True), past=past),
                await findings.has_consent(service, customer_id, purpose=step.purpose, channel=step.channel, at=as_of),
                await findings.within_caps(service, recipient, customer_id, message=mine, contact=contact, at=as_of),
                *([findings.ledger(mine)] if mine else []),
            ]
            receives = None if mine is None else mine["state"] not in ("failed", "suppressed")
            messages.append({"step": name, "receives": receives, "findings": checks, "would_change": would_change(checks, receives=receives)})
    state = "never" if passage is None else "inside" if passage.inside else "left"
    return JourneyDecision(state, found, branches, messages)


def _at(row: Mapping[str, Any], history: list[dict[str, Any]], at: datetime | None) -> _Passage:
    """A stay as its history says it stood: what was done later names the step and the version from which it was done."""
    if at is None:
        return _Passage(row["version"], row["step"], row["left_at"] is None, row["data"], history)
    later = [line for line in history if line["at"] > at]
    before = [line for line in history if line["at"] <= at]
    version = next((int(line["detail"]["before"]) for line in later if line["did"] == "version"), row["version"])
    data = {**row["data"], "goals": [line["detail"]["goal"] for line in before if "goal" in line["detail"]]} if "goals" in row["data"] else row["data"]
    step = later[0]["step"] if later else row["step"]
    return _Passage(version, step, row["left_at"] is None or row["left_at"] > at, data, before)


async def _holds(service: CampaignService, segment_id: str, customer_id: UUID, at: datetime | None) -> bool | None:
    if at is not None:
        return (await recalling.was_in_segment(service, segment_id, customer_id, at=at)).holds
    return (await findings.in_segment(service, segment_id, customer_id)).holds


def _entry(definition: Definition, passage: _Passage | None, entered: list[datetime]) -> Finding:
    """Whether they could come in."""
    entry = definition.entry.model_dump(mode="json", exclude_none=True, by_alias=True)
    evidence: dict[str, Any] = {"entry": entry, "reentry": definition.model_dump(mode="json")["reentry"], "entered": entered}
    if passage is not None and passage.inside:
        return Finding("entry", True, f"is inside, at {passage.step}", {**evidence, "version": passage.version})
    if passage is not None and definition.reentry == "never":
        return Finding("entry", False, "was inside, and the journey takes everybody once", evidence, ["reentry: after_exit"])
    return Finding("entry", None, "comes in as soon as the entry happens", evidence, [f"this happens: {msgspec.json.encode(entry).decode()}"])


def _branches(definition: Definition, known: Known, passage: _Passage | None) -> list[dict[str, Any]]:
    """Each branch: what was taken when they passed it, and how its clauses stand."""
    taken = {line["step"]: line for line in passage.history if line["did"] == "branch"} if passage else {}
    found = []
    for name, step in definition.steps.items():
        if not isinstance(step, Branch):
            continue
        clauses = [
            {"pointer": each.pointer, "kind": each.kind, "holds": each.holds, "seen": each.seen, "wants": each.wants}
            for number, choice in enumerate(step.choices)
            for each in conditions.clauses(choice.condition, known, passage.data if passage else {}, f"/steps/{name}/choices/{number}/if")
        ]
        passed = taken.get(name)
        found.append({"step": name, "passed_at": passed["at"] if passed else None, "choice": passed["detail"].get("choice") if passed else None, "clauses": clauses})
    return found

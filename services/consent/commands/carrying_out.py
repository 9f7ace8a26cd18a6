"""Requests that are carried out here and at once: restriction, objection, rectification; and the end of a restriction."""

from __future__ import annotations

from uuid import UUID

from chassis.ids import new_id
from services.consent import errors
from services.consent.commands.recording import Recorded, Subject, again_on_collision, barrier, record
from services.consent.commands.stating import withdraw_consent
from services.consent.domain import privacy
from services.consent.domain.privacy import Request
from services.consent.domain.statements import ANY, GRANTED, RESTRICTED, WITHDRAWN, Entry
from services.consent.outbound import person
from services.consent.settings import ConsentService
from services.consent.store import privacy as store
from services.consent.store import purposes

#: How an objection stands in the ledger: as a withdrawal whose source says that it is one.
OBJECTION: str = "objection"


async def carry_out(service: ConsentService, *, request_id: UUID, actor: str) -> Request:
    """Do what the request asks and complete it; done again after a crash in between it changes nothing more.

    Raises UnknownRequest, WrongState, WrongKind, UnknownPurpose, UnknownChannel, Unavailable, Conflict, Invalid.
    """
    async with service.read() as db:
        found = await store.find(db, request_id)
    if found is None:
        raise errors.UnknownRequest
    if found.kind not in privacy.CARRIED_OUT:
        raise errors.WrongKind(found.kind)
    if found.state != privacy.VERIFIED:
        raise errors.WrongState(found.state, (privacy.VERIFIED,))
    match found.kind:
        case privacy.RESTRICTION:
            await _restrict(service, found.customer_id, state=WITHDRAWN, evidence={"request": str(found.id)}, actor=actor, language=found.language)
            outcome = "restricted"
        case privacy.OBJECTION:
            done = await withdraw_consent(
                service, subject=Subject(customer_id=found.customer_id), purpose=str(found.details.get("purpose")), channel=found.details.get("channel"),
                source=OBJECTION, evidence={"request": str(found.id), "reason": found.details.get("reason"), "article": "GDPR 21"}, actor=actor,
                language=found.language,
            )
            outcome = f"objection to {done.purpose} in force since {done.effective_at.isoformat()}"
        case _:
            known = await person.fetch(service, customer_id=found.customer_id)
            if known is None:
                raise errors.NothingToCorrect
            await person.correct(service, customer_id=found.customer_id, version=known.version, traits=dict(found.details.get("traits") or {}))
            outcome = "corrected"
    async with service.transaction() as tx:
        now = service.clock.now()
        held = await store.find(tx.db, request_id, lock=True)
        assert held is not None
        if held.state != privacy.VERIFIED:
            return held
        changed = held._replace(state=privacy.COMPLETED, closed_at=now, closed_by=actor, outcome=outcome)
        await store.put(tx.db, changed)
        await store.note(tx.db, step_id=new_id(), request_id=request_id, at=now, step="carried_out", actor=actor)
    return changed


async def lift_restriction(service: ConsentService, *, customer_id: UUID, reason: str, actor: str) -> Recorded:
    """The data may be used again as before the restriction: what was said for each purpose counts."""
    return await _restrict(service, customer_id, state=GRANTED, evidence={"reason": reason}, actor=actor, language=None)


async def _restrict(
    service: ConsentService, customer_id: UUID, *, state: str, evidence: dict[str, str], actor: str, language: str | None
) -> Recorded:
    """A line of the ledger; when this returns no message to the person can start any more (or they may again)."""

    async def act() -> tuple[Recorded, list[str]]:
        async with service.transaction() as tx:
            defined, now = await purposes.newest(tx.db), service.clock.now()
            entry = Entry(
                new_id(), customer_id, None, language, "restriction", dict(evidence), actor, ANY, RESTRICTED, state, 0, "restriction", now, now
            )
            (recorded,) = await record(tx, [entry], defined)
            return recorded, [f"{name}/{channel}" for name, purpose in defined.items() for channel in purpose.channels]

    recorded, scopes = await again_on_collision(act)
    if state == WITHDRAWN:
        await barrier(service, recorded.customer_id, scopes, service.clock.monotonic())
    return recorded

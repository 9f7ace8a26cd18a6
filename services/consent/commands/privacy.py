"""Privacy requests from their asking to their answer; the erasure of a person over all services."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis import telemetry
from chassis.ids import new_id
from chassis.unit_of_work import Transaction
from contracts import consent as facts
from contracts.customer import ErasureState
from contracts.erasure import ErasureAcknowledged
from services.consent import errors
from services.consent.commands.identities import erase_person
from services.consent.domain import privacy
from services.consent.domain.privacy import Receipt, Request
from services.consent.settings import ConsentService
from services.consent.store import privacy as store
from services.consent.store import purposes

OVERDUE = telemetry.gauge("ecrm_privacy_requests_overdue", "Privacy requests that are not answered although their day has come")
DUE_SOON = telemetry.gauge("ecrm_privacy_requests_due_soon", "Privacy requests that are not answered and whose day comes within a week")

_log = telemetry.logger(__name__)


async def ask(
    service: ConsentService, *, customer_id: UUID, kind: str, via: str, language: str | None = None, verified_by: str | None = None,
    details: Mapping[str, Any] | None = None, actor: str = "platform",
) -> Request:
    """Take a request; its answer is due within the settings' days. `verified_by`: how it is known that it is the person.

    Raises RequestOpen, DetailsNeeded, UnknownChannel.
    """
    given = details or {}
    if kind == privacy.OBJECTION:
        async with service.read() as db:
            defined = await purposes.newest(db)
        if given.get("purpose") not in defined:
            raise errors.DetailsNeeded("An objection names in `purpose` one of the purposes that GET /api/v1/purposes lists.")
        if given.get("channel") is not None and given["channel"] not in defined[given["purpose"]].channels:
            raise errors.UnknownChannel(defined[given["purpose"]].channels)
    if kind == privacy.RECTIFICATION and not given.get("traits"):
        raise errors.DetailsNeeded('A rectification says in `traits` what is right: {"city": "Shiraz"}; null takes a trait away.')
    now = service.clock.now()
    made = Request(
        new_id(), customer_id, kind, privacy.VERIFIED if verified_by else privacy.RECEIVED, now, now + timedelta(days=service.settings.answer_days),
        via, language, now if verified_by else None, verified_by, details=given,
    )
    async with service.transaction() as tx:
        if not await store.insert(tx.db, made):
            raise errors.RequestOpen(kind)
        await _note(service, tx, made, "asked", actor)
        if verified_by:
            await _note(service, tx, made, "verified", actor)
    return made


async def verify(service: ConsentService, *, request_id: UUID, verified_by: str, actor: str = "platform") -> Request:
    """It is the person who asks. Raises UnknownRequest, WrongState."""
    async with service.transaction() as tx:
        found = await _open(tx, request_id, privacy.RECEIVED)
        changed = found._replace(state=privacy.VERIFIED, verified_at=service.clock.now(), verified_by=verified_by)
        await store.put(tx.db, changed)
        await _note(service, tx, changed, "verified", actor)
    return changed


async def erase(service: ConsentService, *, request_id: UUID, actor: str = "platform") -> Request:
    """Every service erases the person; when all have said so the request is completed. Raises UnknownRequest, WrongState, WrongKind."""
    async with service.transaction() as tx:
        found = await _open(tx, request_id, privacy.VERIFIED)
        if found.kind != privacy.ERASURE:
            raise errors.WrongKind(found.kind)
        changed = found._replace(state=privacy.RUNNING)
        await store.put(tx.db, changed)
        await _note(service, tx, changed, "erasure_begun", actor)
        tx.tell(facts.ErasureRequested(request_id=str(found.id), customer_id=str(found.customer_id), requested_at=service.clock.now()))
    return changed


async def close(service: ConsentService, *, request_id: UUID, refused: bool, outcome: str, actor: str) -> Request:
    """Answered by hand, or refused, with the reason the person is told. An erasure that runs completes itself. Raises UnknownRequest, WrongState."""
    async with service.transaction() as tx:
        found = await _open(tx, request_id, privacy.VERIFIED, *((privacy.RECEIVED,) if refused else ()), copying=True)
        if not refused and found.kind == privacy.ERASURE:
            raise errors.WrongKind(found.kind)
        changed = found._replace(
            state=privacy.REFUSED if refused else privacy.COMPLETED, closed_at=service.clock.now(), closed_by=actor, outcome=outcome
        )
        await store.put(tx.db, changed)
        await _note(service, tx, changed, changed.state, actor)
    return changed


async def note_step(service: ConsentService, *, request_id: UUID, step: str, actor: str) -> None:
    """Something was done about a request that changes nothing of it, such as a download."""
    async with service.transaction() as tx:
        await store.note(tx.db, step_id=new_id(), request_id=request_id, at=service.clock.now(), step=step, actor=actor)


async def take_erasures(service: ConsentService, tx: Transaction, *, states: Iterable[ErasureState]) -> None:
    """The customer service has erased: this service's own part. Applied again, after a restore too, it finds nothing."""
    for state in states:
        customers = [UUID(one) for one in state.customer_ids]
        identities = [bytes.fromhex(one) for one in state.identities]
        rows = {"entry_person": await erase_person(service, tx, customers=customers, identities=identities)}
        await store.close_copies(tx.db, customers, at=service.clock.now())
        rows |= await store.delete_person(tx.db, customers=customers, identities=identities)
        for customer in customers:
            tx.forget(facts.ConsentState, str(customer))
        await _receive(service, tx, UUID(state.request_id), Receipt("consent", _some(rows), service.clock.now()))


async def receive(service: ConsentService, tx: Transaction, *, sender: str, fact: ErasureAcknowledged) -> None:
    """A service has erased the person."""
    await _receive(service, tx, UUID(fact.request_id), Receipt(sender, fact.erased, fact.acknowledged_at))


async def watch_deadlines(service: ConsentService) -> None:
    """Show how many answers are late."""
    now = service.clock.now()
    async with service.read() as db:
        late = await store.count_overdue(db, now)
        soon = await store.count_overdue(db, now + privacy.WARNED_BEFORE) - late
    OVERDUE.set(late)
    DUE_SOON.set(soon)
    if late:
        _log.error("privacy_requests_overdue", count=late)
    if soon:
        _log.warning("privacy_requests_due_soon", count=soon)


async def _receive(service: ConsentService, tx: Transaction, request_id: UUID, receipt: Receipt) -> None:
    request = await store.find(tx.db, request_id, lock=True)
    if request is None:  # of another installation's ledger, or older than what was restored
        return
    await store.insert_receipt(tx.db, request_id, receipt)
    if request.state != privacy.RUNNING:
        return
    receipts = await store.receipts(tx.db, request_id)
    if privacy.missing(receipts):
        return
    now = service.clock.now()
    await store.put(tx.db, request._replace(state=privacy.COMPLETED, closed_at=now, closed_by="platform", outcome="erased"))
    await _note(service, tx, request, "completed", "platform")
    tx.tell(_completed(request, now))


def _completed(request: Request, now: datetime) -> facts.ErasureCompleted:
    return facts.ErasureCompleted(
        request_id=str(request.id), customer_id=str(request.customer_id), services=list(privacy.SERVICES), completed_at=now,
        log_lapses_at=now + privacy.LOG_LAPSES,
    )


async def _open(tx: Transaction, request_id: UUID, *states: str, copying: bool = False) -> Request:
    """`copying`: a copy that is being made may be answered in another way meanwhile."""
    found = await store.find(tx.db, request_id, lock=True)
    if found is None:
        raise errors.UnknownRequest
    if copying and found.kind in privacy.COPIES:
        states = (*states, privacy.RUNNING)
    if found.state not in states:
        raise errors.WrongState(found.state, states)
    return found


async def _note(service: ConsentService, tx: Transaction, request: Request, step: str, actor: str) -> None:
    await store.note(tx.db, step_id=new_id(), request_id=request.id, at=service.clock.now(), step=step, actor=actor)


def _some(rows: dict[str, int]) -> dict[str, int]:
    return {table: count for table, count in rows.items() if count}

"""Taking requests of other controllers by OpenDSR, cancelling them, beginning what was not cancelled in time."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from contracts.identity import BadIdentity, identity_key
from services.consent import errors
from services.consent.commands import privacy as requests
from services.consent.domain import opendsr, privacy
from services.consent.domain.opendsr import Asked, BadRequest, Taken
from services.consent.settings import ConsentService
from services.consent.store import ledger, people
from services.consent.store import opendsr as store
from services.consent.store import privacy as kept


async def take_request(service: ConsentService, *, asked: Asked, controller: str) -> Taken:
    """Take a request; the controller vouches that it is the person who asks. The same id again answers the same. Raises BadRequest."""
    known = await _known(service, asked, controller)
    if known is not None:
        return known
    customer = await _customer(service, asked)
    now = service.clock.now()
    request_id: UUID | None = None
    if customer is not None:
        try:
            made = await requests.ask(
                service, customer_id=customer, kind=asked.kind, via="opendsr", verified_by=f"vouched for by {controller}", actor=controller
            )
            request_id = made.id
        except errors.RequestOpen:
            async with service.read() as db:
                request_id = await store.open_request(db, customer_id=customer, kind=asked.kind)
    taken = Taken(
        asked.id, asked.kind, controller, asked.regulation, asked.submitted_at, now, now + timedelta(days=service.settings.answer_days), request_id
    )
    async with service.transaction() as tx:
        fresh = await store.insert(tx.db, taken)
    return taken if fresh else (await _known(service, asked, controller) or taken)


async def cancel_request(service: ConsentService, *, subject_request_id: UUID, controller: str) -> Taken:
    """Nobody needs it any more; possible while it is pending. Raises BadRequest."""
    async with service.transaction() as tx:
        taken = await store.find(tx.db, subject_request_id)
        if taken is None or taken.controller != controller:
            raise BadRequest("there is no such request")
        request = await kept.find(tx.db, taken.request_id, lock=True) if taken.request_id else None
        if opendsr.status(taken, request.state if request else None) != opendsr.PENDING:
            raise BadRequest("only a pending request can be cancelled")
        now = service.clock.now()
        await store.cancel(tx.db, subject_request_id, at=now)
        if request is not None and request.via == "opendsr":
            changed = request._replace(state=privacy.REFUSED, closed_at=now, closed_by=controller, outcome="cancelled by the controller who asked")
            await kept.put(tx.db, changed)
    return taken._replace(cancelled_at=now)


async def begin_erasures(service: ConsentService) -> None:
    """Begin erasures that came by OpenDSR and were not cancelled within `opendsr_pending_seconds`."""
    before = service.clock.now() - timedelta(seconds=service.settings.opendsr_pending_seconds)
    async with service.read() as db:
        waiting = await store.to_begin(db, before=before)
    for request_id in waiting:
        with suppress(errors.WrongState):  # cancelled or begun meanwhile
            await requests.erase(service, request_id=request_id, actor="opendsr")


async def _known(service: ConsentService, asked: Asked, controller: str) -> Taken | None:
    async with service.read() as db:
        found = await store.find(db, asked.id)
    if found is not None and (found.controller, found.kind) != (controller, asked.kind):
        raise BadRequest("this subject_request_id was used for another request")
    return found


async def _customer(service: ConsentService, asked: Asked) -> UUID | None:
    """The one person whom all identities that are known belong to."""
    try:
        hashes = [service.hash_identity(str(identity_key(kind, value))) for kind, value in asked.identities]
    except BadIdentity:
        raise BadRequest("an identity_value is not of its identity_type") from None
    async with service.read() as db:
        found = await ledger.customers_of(db, hashes)
        roots = {(await people.members(db, customer))[0] for customer in found.values()}
    if len(roots) > 1:
        raise BadRequest("the identities belong to different people: send one request for each")
    return roots.pop() if roots else None

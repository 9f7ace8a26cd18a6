"""Privacy requests, their receipts and certificates."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from services.consent import errors
from services.consent.domain import privacy
from services.consent.domain.privacy import Receipt, Request, Step
from services.consent.settings import ConsentService
from services.consent.store import privacy as store

_canonical = msgspec.json.Encoder(order="sorted").encode


async def list_requests(
    service: ConsentService, *, before: UUID | None, state: str | None, kind: str | None, overdue: bool, customer_id: UUID | None, limit: int
) -> list[Request]:
    """The newest first; `overdue`: only open ones whose day has come."""
    async with service.read() as db:
        return await store.page(
            db, before=before, state=state, kind=kind, overdue_at=service.clock.now() if overdue else None, customer_id=customer_id, limit=limit
        )


async def get_request(service: ConsentService, *, request_id: UUID) -> tuple[Request, list[Receipt], list[Step]]:
    """A request with the receipts of its erasure, and what was done about it. Raises UnknownRequest."""
    async with service.read() as db:
        found = await store.find(db, request_id)
        if found is None:
            raise errors.UnknownRequest
        return found, await store.receipts(db, request_id), await store.steps(db, request_id)


async def get_certificate(service: ConsentService, *, request_id: UUID) -> dict[str, Any]:
    """What every service has erased and until when copies lie in the event log, signed (Ed25519 over the sorted JSON). Raises UnknownRequest, NotCompleted."""
    request, receipts, _ = await get_request(service, request_id=request_id)
    if request.state != privacy.COMPLETED or request.kind != privacy.ERASURE:
        raise errors.NotCompleted(privacy.missing(receipts) or [request.state])
    content = privacy.certificate(request, receipts)
    signer = service.resources.signer
    return {"certificate": content, "kid": signer.kid, "signature": signer.sign(_canonical(content)).hex()}

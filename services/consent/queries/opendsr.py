"""How far a request is that came by OpenDSR."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.consent.domain import opendsr
from services.consent.domain.opendsr import BadRequest, Taken
from services.consent.queries.copies import copy_link
from services.consent.settings import ConsentService
from services.consent.store import copies, privacy
from services.consent.store import opendsr as store


async def get_status(service: ConsentService, *, subject_request_id: UUID, controller: str) -> tuple[Taken, dict[str, Any]]:
    """(the request, its status with where the results are, if there are any). Raises BadRequest when the controller has none of the id."""
    async with service.read() as db:
        taken = await store.find(db, subject_request_id)
        if taken is None or taken.controller != controller:
            raise BadRequest("there is no such request")
        request = await privacy.find(db, taken.request_id) if taken.request_id else None
        made = await copies.find(db, taken.request_id) if taken.request_id else None
        receipts = await privacy.receipts(db, taken.request_id) if taken.request_id else []
    found: dict[str, Any] = {"request_status": opendsr.status(taken, request.state if request else None)}
    if found["request_status"] != opendsr.COMPLETED:
        return taken, found
    if made is not None and (link := copy_link(service, made)) is not None:
        found["results_url"] = link
    counts = [number for tables in made.counts.values() for number in tables.values()] if made else [number for one in receipts for number in one.erased.values()]
    return taken, found | {"results_count": sum(counts)}

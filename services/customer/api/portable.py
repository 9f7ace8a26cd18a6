"""One customer out of this installation and into another; the file is described in docs/portable.md."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec
from fastapi import APIRouter, Request, Response

from services.customer import commands, errors, queries
from services.customer.api.asking import Here, Reading, Writing
from services.customer.api.views import SENSITIVE
from services.customer.domain.portable import Archive
from services.customer.schemas.portable import ReceivedView

router = APIRouter(prefix="/api/v1/customers", tags=["imports and exports"])

MEDIA_TYPE: Final = "application/vnd.ecrm.customer+json"
MAX_BYTES: Final = 16 * 1024 * 1024


@router.get("/{customer_id}/portable", response_class=Response, responses={200: {"content": {MEDIA_TYPE: {}}}})
async def export_portable(here: Here, asking: Reading, customer_id: UUID) -> Response:
    """Everything kept of one customer, for another installation to take over; the hash in it is that of the state."""
    archive = await queries.export_portable(here, customer_id=customer_id, sees_sensitive=asking.may(SENSITIVE))
    name = f'attachment; filename="customer-{customer_id}.json"'
    return Response(msgspec.json.encode(archive), media_type=MEDIA_TYPE, headers={"content-disposition": name, "cache-control": "no-store"})


@router.post("/portable", status_code=201)
async def receive_portable(here: Here, _asking: Writing, request: Request, response: Response) -> ReceivedView:
    """Take over a customer as the file has it; 200 instead of 201 when it is here already."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise errors.bad_archive(f"it is larger than {MAX_BYTES} bytes")
    try:
        archive = msgspec.json.decode(bytes(body), type=Archive)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise errors.bad_archive(str(error)[:300]) from None
    done = await commands.receive_customer(here, archive=archive)
    if not done.created:
        response.status_code = 200
    return ReceivedView(customer_id=done.customer_id, hash=done.hash, left=done.left)

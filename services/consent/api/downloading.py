"""Archives leave: by a link without a key for the person, or for whoever answers the request."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from chassis.errors import Gone, Unknown
from services.consent import commands, queries
from services.consent.api import showing
from services.consent.api.asking import Here
from services.consent.domain.privacy import Copy
from services.consent.settings import ConsentService

router = APIRouter(tags=["links"])

MEDIA_TYPE: Final = "application/zip"


@router.get("/copy/{token}", response_class=Response, responses={200: {"content": {MEDIA_TYPE: {}}}})
async def download(here: Here, request: Request, token: str) -> Response:
    """The archive of all data of the person the link was handed to."""
    try:
        made = await queries.open_copy(here, token=token)
    except Unknown:
        return showing.notice(request, "unknown", status=404)
    except Gone:
        return showing.notice(request, "lapsed", status=410)
    await commands.note_step(here, request_id=made.request_id, step="copy_downloaded", actor="link")
    return archive(here, made)


def archive(here: ConsentService, made: Copy) -> StreamingResponse:
    """The bytes, never kept on the way."""
    headers = {
        "content-disposition": f'attachment; filename="data-{made.request_id}.zip"', "content-length": str(made.size), "cache-control": "no-store",
        "x-content-type-options": "nosniff", "referrer-policy": "no-referrer",
    }
    return StreamingResponse(queries.read_copy(here, request_id=made.request_id), media_type=MEDIA_TYPE, headers=headers)

"""Inbound mail over HTTP, and the files that came with it."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from chassis import telemetry, web
from chassis.identity import Caller
from services.interaction import commands, errors, queries
from services.interaction.schemas import mail
from services.interaction.settings import InteractionService

router = APIRouter(tags=["mail"])

MIB: Final = 1024 * 1024
TYPES: Final = ("message/rfc822", "message/global", "application/octet-stream", "text/plain")
#: Types a browser may show inside its sandbox; everything else is only ever saved.
SHOWN: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "text/plain"})
SAFE: Final = {
    "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'", "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin", "referrer-policy": "no-referrer", "cache-control": "private, max-age=31536000, immutable",
}

Here = Annotated[InteractionService, Depends(web.service)]
Reader = Annotated[Caller, web.allow("interactions:read")]
Writer = Annotated[Caller, web.allow("interactions:write")]
Recipients = Annotated[list[str], Query(alias="recipient", max_length=1000, description="Recipients of the envelope, where they are known.")]
Sender = Annotated[str | None, Query(max_length=1000, description="Sender of the envelope; empty for a mail without return path.")]

BODY: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "content": {"message/rfc822": {"schema": {"type": "string", "format": "binary"}}}},
}


@router.post("/api/v1/inbound/mail", status_code=202, response_model=mail.TakenMail, openapi_extra=BODY)
async def take_mail(here: Here, caller: Writer, request: Request, recipient: Recipients = [], sender: Sender = None) -> Any:  # noqa: B006
    """Hand a mail over as it is on the wire; 202 when the log has it. A mail that comes again is stored once."""
    type_ = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if type_ and type_ not in TYPES:
        return _problem(415, "mail.not_a_mail", "Send the mail as it is, with Content-Type: message/rfc822.")
    limit = here.settings.mail_size_mib * MIB
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > limit:
            return _problem(413, "mail.too_large", f"A mail has at most {here.settings.mail_size_mib} MiB.")
    if not raw.strip():
        raise errors.empty_mail()
    return _answer(await commands.take_mail(here, raw=bytes(raw), sender=sender, recipients=recipient, trusted=True))


def _problem(status: int, code: str, message: str) -> Response:
    return web.problem(status, code, message, telemetry.correlation.get())


def _answer(taken: commands.Taken) -> mail.TakenMail:
    found = taken.sorted
    report = found.report if found.kind != "email" else None
    people = [
        mail.MailRecipient(
            recipient=each.recipient, kind=found.kind if found.kind == "complaint" else "hard" if each.hard else "soft", status=each.status or None,
            hard=each.hard, reply=each.reply or None, category=each.category or None, action=each.action or None, diagnostic=each.diagnostic or None,
        )
        for each in (report.failed if report else [])
    ]
    return mail.TakenMail(
        kind=found.kind, status=people[0].status if people else None, feedback=(report.feedback or None) if report else None,
        automatic=bool(taken.automatic), automatic_reason=taken.automatic or None, recipients=people, thread=taken.thread,
        message_id=found.message_id, reply_to_message=found.answers, about=(report.about or None) if report else None, ids=taken.ids,
    )


@router.get("/api/v1/attachments/{sha256}", response_class=Response)
async def get_attachment(here: Here, caller: Reader, sha256: str, name: Annotated[str, Query(max_length=300)] = "") -> Response:
    """The content of a file that came with a mail; `name` is what it is saved as. Nothing in it is ever run or trusted."""
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise errors.unknown_attachment()
    media_type, content = await queries.get_attachment(here, sha256=sha256)
    shown = media_type if media_type in SHOWN else "application/octet-stream"
    headers = {
        **SAFE, "content-type": f"{shown}; charset=utf-8" if shown == "text/plain" else shown,
        "content-disposition": f"attachment; filename*=UTF-8''{quote(_saved_as(name) or sha256[:16], safe='')}", "etag": f'"{sha256}"',
    }
    return Response(content, headers=headers)


def _saved_as(name: str) -> str:
    """A file name without folders, controls and marks that turn the direction of reading."""
    return re.sub(r"[^\w .()@+=,\-]", "_", name).strip(" .")[:150]

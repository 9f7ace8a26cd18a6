"""What people ask about their data: access, portability, rectification, erasure, restriction, objection."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from chassis import web
from chassis.identity import Caller
from services.consent import commands, queries
from services.consent.api import downloading
from services.consent.api.asking import Here, actor, before
from services.consent.domain import privacy
from services.consent.domain.privacy import Copy, Receipt, Request, Step
from services.consent.schemas.privacy import (
    AskRequest,
    CertificateView,
    CloseRequest,
    CopyView,
    Kind,
    ReceiptView,
    RequestView,
    RequestWithReceipts,
    StepView,
    VerifyRequest,
)
from services.consent.settings import ConsentService

router = APIRouter(prefix="/api/v1/privacy/requests", tags=["privacy"])

Officer = Annotated[Caller, web.allow("privacy:manage")]
Limit = Annotated[int, Query(ge=1, le=500)]


@router.post("", status_code=201)
async def ask(here: Here, asking: Officer, body: AskRequest) -> RequestView:
    """Take a request; its answer is due within 30 days (a setting)."""
    made = await commands.ask_privacy(
        here, customer_id=body.customer_id, kind=body.kind, via=body.via, language=body.language, verified_by=body.verified_by,
        actor=actor(asking), details=body.model_dump(mode="json", include={"purpose", "channel", "traits", "reason"}, exclude_none=True),
    )
    return _view(here, made)


@router.get("")
async def list_requests(
    here: Here, _asking: Officer, *, state: str | None = None, kind: Kind | None = None, overdue: bool = False, customer_id: UUID | None = None,
    page_token: str | None = None, limit: Limit = 50,
) -> web.Page[RequestView]:
    """The newest first; `overdue=true`: open ones whose day has come."""
    found = await queries.list_privacy_requests(
        here, before=before(page_token), state=state, kind=kind, overdue=overdue, customer_id=customer_id, limit=limit
    )
    return web.Page(data=[_view(here, one) for one in found], next_page_token=web.page_token(str(found[-1].id)) if len(found) == limit else None)


@router.get("/{request_id}")
async def get_request(here: Here, _asking: Officer, request_id: UUID) -> RequestWithReceipts:
    """How far it is; of an erasure who has acknowledged and who has not."""
    request, receipts, steps = await queries.get_privacy_request(here, request_id=request_id)
    made = await queries.find_copy(here, request_id=request_id) if request.kind in privacy.COPIES else None
    return _whole(here, request, receipts, steps, made)


@router.get("/{request_id}/archive", response_class=StreamingResponse, responses={200: {"content": {"application/zip": {}}}})
async def download(here: Here, asking: Officer, request_id: UUID) -> StreamingResponse:
    """The archive of a request for a copy, to be handed over; the link in the request does the same without a key."""
    made = await queries.get_ready_copy(here, request_id=request_id)
    await commands.note_step(here, request_id=request_id, step="copy_downloaded", actor=actor(asking))
    return downloading.archive(here, made)


@router.post("/{request_id}/verify")
async def verify(here: Here, asking: Officer, request_id: UUID, body: VerifyRequest) -> RequestView:
    """It is the person who asks."""
    return _view(here, await commands.verify_privacy(here, request_id=request_id, verified_by=body.verified_by, actor=actor(asking)))


@router.post("/{request_id}/erase", status_code=202)
async def erase(here: Here, asking: Officer, request_id: UUID, response: Response) -> RequestView:
    """Every service erases the person; the request is completed when all have acknowledged."""
    response.headers["location"] = f"/api/v1/privacy/requests/{request_id}"
    return _view(here, await commands.erase_privacy(here, request_id=request_id, actor=actor(asking)))


@router.post("/{request_id}/carry-out")
async def carry_out(here: Here, asking: Officer, request_id: UUID) -> RequestView:
    """Restrict the use, end the use objected to, correct the data: done when this answers."""
    return _view(here, await commands.carry_out(here, request_id=request_id, actor=actor(asking)))


@router.post("/{request_id}/complete")
async def complete(here: Here, asking: Officer, request_id: UUID, body: CloseRequest) -> RequestView:
    """Answered by a person."""
    return _view(here, await commands.close_privacy(here, request_id=request_id, refused=False, outcome=body.outcome, actor=actor(asking)))


@router.post("/{request_id}/refuse")
async def refuse(here: Here, asking: Officer, request_id: UUID, body: CloseRequest) -> RequestView:
    """Not granted, with the reason that the person is told."""
    return _view(here, await commands.close_privacy(here, request_id=request_id, refused=True, outcome=body.outcome, actor=actor(asking)))


@router.get("/{request_id}/certificate")
async def get_certificate(here: Here, _asking: Officer, request_id: UUID) -> CertificateView:
    """What each service has erased, signed."""
    return CertificateView(**await queries.get_certificate(here, request_id=request_id))


def _view(here: ConsentService, request: Request) -> RequestView:
    overdue = request.closed_at is None and request.due_at < here.clock.now()
    soon = request.closed_at is None and not overdue and request.due_at < here.clock.now() + privacy.WARNED_BEFORE
    return RequestView(**request._asdict(), overdue=overdue, due_soon=soon)


def _whole(here: ConsentService, request: Request, receipts: list[Receipt], steps: list[Step], made: Copy | None) -> RequestWithReceipts:
    waiting = privacy.missing(receipts) if request.state == privacy.RUNNING and request.kind == privacy.ERASURE else []
    archive = None
    if made is not None:
        archive = CopyView(
            made_at=made.made_at, expires_at=made.expires_at, size=made.size, sha256=made.sha256.hex() if made.sha256 else None, rows=dict(made.counts),
            tries=made.tries, waits_for=made.waits_for, download_url=queries.copy_link(here, made),
        )
    return RequestWithReceipts(
        **_view(here, request).model_dump(), receipts=[ReceiptView(**receipt._asdict()) for receipt in receipts], waiting_for=waiting, archive=archive,
        steps=[StepView(**step._asdict()) for step in steps],
    )

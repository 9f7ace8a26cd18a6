"""The platform as a processor after OpenDSR 1.0: discovery, requests, status, cancellation. Answers are signed, errors are those of the specification.

Deviations: answers are signed with Ed25519 by the service's published key (JWK set) instead of an RSA certificate; callbacks are refused, since nothing
here calls addresses that a request names.
"""

from __future__ import annotations

import base64
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response

from chassis import web
from chassis.identity import Caller
from services.consent import commands, queries
from services.consent.api.asking import Here, actor
from services.consent.domain import opendsr
from services.consent.domain.opendsr import BadRequest, Taken
from services.consent.settings import ConsentService

router = APIRouter(prefix="/api/v1/privacy/opendsr", tags=["privacy"])

Controller = Annotated[Caller, web.allow("privacy:manage")]


@router.get("/discovery")
async def discover(here: Here, _asking: Controller) -> Response:
    """Which identities and kinds of requests are understood, and where the keys are that sign answers."""
    return _signed(here, {
        "api_version": opendsr.VERSION,
        "supported_identities": [{"identity_type": kind, "identity_format": "raw"} for kind in opendsr.IDENTITIES],
        "supported_subject_request_types": list(opendsr.TYPES),
        "processor_certificate": f"{here.platform.public_url.rstrip('/')}/.well-known/ecrm-permit-keys.json",
    })


@router.post("/requests", status_code=201)
async def take(here: Here, asking: Controller, request: Request) -> Response:
    """Take a controller's request for a person; an erasure begins a minute later (a setting), until then it can be cancelled."""
    body = await request.body()
    try:
        taken = await commands.take_opendsr(here, asked=opendsr.read(body), controller=actor(asking))
    except BadRequest as bad:
        return _refused(here, bad)
    encoded = base64.b64encode(body).decode()
    return _signed(here, {**_common(taken), "received_time": taken.received_at.isoformat(), "encoded_request": encoded}, status=201)


@router.get("/requests/{subject_request_id}")
async def get_status(here: Here, asking: Controller, subject_request_id: UUID) -> Response:
    """pending, in_progress, completed or cancelled; of a completed copy where it is."""
    try:
        taken, found = await queries.get_opendsr_status(here, subject_request_id=subject_request_id, controller=actor(asking))
    except BadRequest as bad:
        return _refused(here, bad)
    return _signed(here, {**_common(taken), "api_version": opendsr.VERSION, **found})


@router.delete("/requests/{subject_request_id}", status_code=202)
async def cancel(here: Here, asking: Controller, subject_request_id: UUID) -> Response:
    """Nobody needs it any more; possible while it is pending."""
    try:
        taken = await commands.cancel_opendsr(here, subject_request_id=subject_request_id, controller=actor(asking))
    except BadRequest as bad:
        return _refused(here, bad)
    return _signed(here, {**_common(taken), "received_time": here.clock.now().isoformat(), "api_version": opendsr.VERSION}, status=202)


def _common(taken: Taken) -> dict[str, Any]:
    return {"controller_id": taken.controller, "expected_completion_time": taken.expected_at.isoformat(), "subject_request_id": str(taken.id)}


def _refused(here: ConsentService, bad: BadRequest) -> Response:
    why = str(bad)
    error = {"code": 400, "message": why, "errors": [{"domain": "Validation", "reason": "IllegalArgumentException", "message": why}]}
    return _signed(here, {"error": error}, status=400)


def _signed(here: ConsentService, content: dict[str, Any], *, status: int = 200) -> Response:
    """The signature (base64, Ed25519) is over the body as it is sent; `X-OpenDSR-Key` names the key."""
    body, signer = msgspec.json.encode(content), here.resources.signer
    headers = {
        "x-opendsr-processor-domain": urlsplit(here.platform.public_url).hostname or "", "x-opendsr-key": signer.kid,
        "x-opendsr-signature": base64.b64encode(signer.sign(body)).decode(), "cache-control": "no-store",
    }
    return Response(body, status, media_type="application/json", headers=headers)

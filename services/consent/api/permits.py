"""Permits, for the campaign service alone; batches and public keys, for audits. Decoded and encoded by msgspec: this is asked before every message."""

from __future__ import annotations

import base64
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from chassis import web
from chassis.errors import Forbidden, Invalid
from chassis.identity import Caller
from services.consent import commands, queries
from services.consent.commands.permitting import Member
from services.consent.queries.audit import Key
from services.consent.settings import ConsentService

router = APIRouter(tags=["permits"])

Here = Annotated[ConsentService, Depends(web.service)]


class AskedMember(msgspec.Struct):
    """One message about to start."""

    customer_id: UUID
    purpose: str
    channel: str
    step: str
    address_hash: str


class AskedPermits(msgspec.Struct):
    members: list[AskedMember]


class Outcomes(msgspec.Struct):
    """Whatever the sender wants to keep with the batch, such as index -> accepted."""

    outcomes: dict[str, Any] = {}


_asked = msgspec.json.Decoder(AskedPermits).decode
_outcomes = msgspec.json.Decoder(Outcomes).decode
_encode = msgspec.json.Encoder().encode


def _sender(asking: Annotated[Caller, web.allow("campaigns:send")]) -> Caller:
    if asking.kind != "service":
        raise Forbidden("consent.inside_only", "Permits are given to services only.")
    return asking


@router.post("/permits", include_in_schema=False)
async def grant_permits(here: Here, request: Request, _asking: Annotated[Caller, Depends(_sender)]) -> Response:
    """Permits for up to 1,000 messages that are about to start; `deadline`: four seconds from when this was asked."""
    asked = _read(_asked, await request.body())
    members = [Member(one.customer_id, one.purpose, one.channel, one.step, one.address_hash) for one in asked.members]
    given = await commands.grant_permits(here, members=members)
    body = {
        "batch_id": given.batch_id,
        "kid": given.kid,
        "size": given.size,
        "root": given.root.hex(),
        "signature": given.signature.hex(),
        "tick": given.stamp.tick, "granted_us": given.stamp.granted_us, "life_ms": given.stamp.life_ms,
        "permits": [
            {
                "asked": one.asked, "permit_id": f"{given.batch_id}:{one.place}", "index": one.place, "leaf": one.leaf.decode(),
                "path": [beside.hex() for beside in one.path], "consent_version": one.consent_version,
            }
            for one in given.granted
        ],
        "denied": [{"asked": asked_at, "reason": reason} for asked_at, reason in given.denied],
    }
    return Response(_encode(body), media_type="application/json")


@router.post("/permits/{batch_id}/close", include_in_schema=False)
async def close_permits(here: Here, request: Request, batch_id: UUID, _asking: Annotated[Caller, Depends(_sender)]) -> dict[str, str]:
    """No message starts under this batch any more."""
    raw = await request.body()
    await commands.close_permits(here, batch_id=batch_id, outcomes=_read(_outcomes, raw).outcomes if raw else {})
    return {"state": "closed"}


@router.get("/permits/{batch_id}", include_in_schema=False)
async def get_permits(here: Here, batch_id: UUID, _asking: Annotated[Caller, web.allow("consent:read")]) -> Response:
    """A batch with all its leaves, for `ecrm audit verify`."""
    found = await queries.get_permits(here, batch_id=batch_id)
    body = {
        "batch_id": found.id, "kid": found.kid, "size": found.size, "root": found.root.hex(), "signature": found.signature.hex(),
        "leaves": [leaf.decode() for leaf in found.leaves], "granted_at": found.granted_at, "closed_at": found.closed_at,
        "outcomes": found.outcomes, "tick": found.tick, "life_ms": found.life_ms,
    }
    return Response(_encode(body), media_type="application/json")


@router.get("/.well-known/ecrm-permit-keys.json", tags=["consent"])
async def list_permit_keys(here: Here) -> dict[str, list[dict[str, str]]]:
    """Public keys (JWK set) that sign permits, roots over the ledger and receipts: with them anybody checks those offline.

    `endorsement` is the signature of the key before it (`endorsed_by`), hex, over a tag and the public key.
    """
    return {"keys": [jwk(key) for key in await queries.list_keys(here)]}


def jwk(key: Key) -> dict[str, str]:
    """A public key as it is published."""
    found = {
        "kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": key.kid, "x": base64.urlsafe_b64encode(key.public).decode().rstrip("="),
    }
    if key.endorsed_by is not None and key.endorsement is not None:
        found |= {"endorsed_by": key.endorsed_by, "endorsement": key.endorsement.hex()}
    return found


def _read(decode: Any, raw: bytes) -> Any:
    try:
        return decode(raw)
    except (ValueError, RecursionError) as error:
        raise Invalid("request.invalid", "The request does not have the form that is asked for.", detail=type(error).__name__) from None

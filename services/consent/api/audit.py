"""What an audit takes home: the chain, roots, keys and batches of permits, page by page; and a manifest signed over all of it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query

from chassis import web
from chassis.identity import Caller
from services.consent import commands, queries
from services.consent.api.asking import Here, number
from services.consent.domain.chain import micros
from services.consent.queries.audit import Batch, OpenedLink
from services.consent.schemas.audit import AskManifest, ManifestView, SealedView

router = APIRouter(prefix="/api/v1/consents/audit", tags=["audit"])

Auditing = Annotated[Caller, web.allow("admin")]
Limit = Annotated[int, Query(ge=1, le=1000)]
Records = web.Page[dict[str, Any]]


@router.post("/seal")
async def seal(here: Here, _asking: Auditing) -> SealedView:
    """Chain what waits and sign a root over it now, so that an export is whole."""
    while await commands.seal(here):
        pass
    await commands.sign_root(here, at_once=True)
    return SealedView(at=here.clock.now(), at_us=micros(here.clock.now()))


@router.get("/keys")
async def list_keys(here: Here, _asking: Auditing) -> Records:
    """All public keys, the oldest first."""
    return web.Page(
        data=[
            {
                "kid": key.kid, "public_key": key.public.hex(), "epoch": key.epoch, "endorsed_by": key.endorsed_by,
                "endorsement": key.endorsement.hex() if key.endorsement else None,
            }
            for key in reversed(await queries.list_keys(here))
        ]
    )


@router.get("/chain")
async def list_links(here: Here, _asking: Auditing, page_token: str | None = None, limit: Limit = 1000) -> Records:
    """Links with the personal parts of their entries; those of erased people come without."""
    found = await queries.page_links(here, after=number(page_token), limit=limit)
    token = web.page_token(found[-1].link.seq) if len(found) == limit else None
    return web.Page(data=[_link(one) for one in found], next_page_token=token)


@router.get("/roots")
async def list_roots(here: Here, _asking: Auditing, page_token: str | None = None, limit: Limit = 1000) -> Records:
    """Signed roots."""
    found = await queries.page_roots(here, after=number(page_token), limit=limit)
    data = [
        {
            "number": root.number, "first": root.first, "last": root.last, "root": root.root.hex(), "head": root.head.hex(),
            "signed_at": msgspec.to_builtins(root.signed_at), "kid": kid, "signature": signature.hex(),
        }
        for root, kid, signature in found
    ]
    return web.Page(data=data, next_page_token=web.page_token(found[-1][0].number) if len(found) == limit else None)


@router.get("/permits")
async def list_batches(here: Here, _asking: Auditing, page_token: str | None = None, limit: Annotated[int, Query(ge=1, le=100)] = 50) -> Records:
    """Batches of permits with all their members and outcomes."""
    found = await queries.page_batches(here, after=number(page_token), limit=limit)
    return web.Page(data=[_batch(one) for one in found], next_page_token=web.page_token(found[-1].tick) if len(found) == limit else None)


@router.post("/keys/rotate", status_code=201)
async def rotate_key(here: Here, _asking: Auditing) -> dict[str, str]:
    """From now on another key signs permits, roots and receipts, endorsed by the last; all earlier ones stay published."""
    before = here.resources.signer.kid
    return {"kid": await commands.rotate_key(here), "endorsed_by": before}


@router.post("/manifest")
async def sign_manifest(here: Here, _asking: Auditing, body: AskManifest) -> ManifestView:
    """A signature over an export's files: how many records each has and their last running hash."""
    manifest = {"at_us": body.at_us, "files": {name: file.model_dump() for name, file in sorted(body.files.items())}}
    signature = commands.sign_manifest(here, manifest)
    return ManifestView(kid=here.resources.signer.kid, signature=signature.hex())


def _link(found: OpenedLink) -> dict[str, Any]:
    personal = found.personal
    return {
        "body": found.link.body, "hash": found.link.hash.hex(),
        "personal": None if personal is None else {
            "customer": str(personal.customer_id) if personal.customer_id else None,
            "identity": personal.identity.hex() if personal.identity else None, "language": personal.language, "source": personal.source,
            "evidence": personal.evidence, "actor": personal.actor, "salt": personal.salt.hex(),
        },
    }


def _batch(found: Batch) -> dict[str, Any]:
    return {
        "batch_id": str(found.id), "kid": found.kid, "size": found.size, "root": found.root.hex(), "signature": found.signature.hex(),
        "tick": found.tick, "granted_us": micros(found.granted_at), "life_ms": found.life_ms,
        "closed_us": micros(found.closed_at) if found.closed_at else None, "outcomes": found.outcomes,
        # 32 bytes are the hash that was left of an erased member; any leaf is longer.
        "leaves": [{"erased": leaf.hex()} if len(leaf) == 32 else leaf.decode() for leaf in found.leaves],
    }

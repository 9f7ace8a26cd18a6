"""The audit log, for privacy officers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel

from chassis import web
from chassis.errors import Invalid
from chassis.identity import Caller
from gateway import commands, queries
from gateway.domain import auditing as rules
from gateway.domain.auditing import Sealed
from gateway.settings import GatewayService
from gateway.store.auditing import Wanted

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])

Here = Annotated[GatewayService, Depends(web.service)]
Officer = Annotated[Caller, web.allow("audit:read", "privacy:manage")]
Limit = Annotated[int, Query(ge=1, le=500)]
Run = Annotated[int, Query(ge=1, le=5000)]


class EntryView(BaseModel):
    """Who did what when. `subject` stands for a customer without naming him; `sees`: contact, cards, sensitive, as far as the actor sees them."""

    seq: int
    at: datetime
    actor: str
    action: Literal["change", "read", "refused"]
    method: str
    object: str
    subject: str
    status: int
    request_id: str
    sees: list[str]
    hash: str


class VerifiedView(BaseModel):
    """`intact`: nothing was changed, removed, inserted or reordered up to `head`; else `fault` says where."""

    intact: bool
    entries: int
    anchors: int
    head: str
    fault: str | None


class ChainedView(BaseModel):
    """An entry as it is chained: `hash` is SHA-256(0x00 ‖ body ‖ hash before)."""

    seq: int
    body: str
    hash: str


class ExportView(BaseModel):
    """`attested`: signed, says where the log ends, and fixes its anchors and keys. `keys`: public keys (JWK) that vouch."""

    attested: str
    keys: list[dict[str, str]]


@router.post("/export")
async def export_audit(here: Here, _asking: Officer) -> ExportView:
    """Begin an export: a signed summary of the log as it is now, to be checked with the entries and anchors up to there."""
    return ExportView(attested=await commands.export_audit(here), keys=here.tokens.public_keys())


@router.get("/entries")
async def list_entries(here: Here, _asking: Officer, page_token: str | None = None, limit: Run = 2000) -> web.Page[ChainedView]:
    """The chain from its beginning, as it is kept."""
    found = await queries.auditing.entries_after(here, seq=_before(page_token) or 0, limit=limit)
    data = [ChainedView(seq=one.seq, body=one.body, hash=one.hash.hex()) for one in found]
    return web.Page(data=data, next_page_token=web.page_token(found[-1].seq) if len(found) == limit else None)


@router.get("/anchors")
async def list_anchors(here: Here, _asking: Officer, page_token: str | None = None, limit: Run = 2000) -> web.Page[str]:
    """The signed heads of the chain from the first on."""
    found = await queries.auditing.anchors_after(here, seq=_before(page_token) or 0, limit=limit)
    return web.Page(data=[attested for _, attested in found], next_page_token=web.page_token(found[-1][0]) if len(found) == limit else None)


@router.get("")
async def list_audit(
    here: Here, _asking: Officer, customer_id: UUID | None = None, actor: str | None = None,
    action: Literal["change", "read", "refused"] | None = None, from_at: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    to_at: Annotated[AwareDatetime | None, Query(alias="to")] = None, page_token: str | None = None, limit: Limit = 100,
) -> web.Page[EntryView]:
    """The newest first; by customer it is what a person is told who asks who has read his data. Entries appear within two seconds."""
    subject = rules.subject_of(here.identity_secret, str(customer_id)) if customer_id else None
    wanted = Wanted(subject, actor, action, _micro(from_at), _micro(to_at))
    found = await queries.auditing.list_audit(here, wanted, before=_before(page_token), limit=limit + 1)
    return web.Page(
        data=[_view(entry) for entry in found[:limit]], next_page_token=web.page_token(found[limit - 1].seq) if len(found) > limit else None
    )


@router.post("/verify")
async def verify_audit(here: Here, _asking: Officer) -> VerifiedView:
    """Reckon the whole chain again and compare it with every anchor."""
    while await commands.write_audit(here):
        pass
    found = await queries.auditing.verify_audit(here)
    return VerifiedView(intact=found.fault is None, entries=found.entries, anchors=found.anchors, head=found.head, fault=found.fault)


def _view(entry: Sealed) -> EntryView:
    told = msgspec.json.decode(entry.body)
    return EntryView.model_validate({**told, "at": datetime.fromtimestamp(told["at"] / 1_000_000, UTC), "hash": entry.hash.hex()})


def _micro(at: datetime | None) -> int | None:
    return int(at.timestamp() * 1_000_000) if at else None


def _before(page_token: str | None) -> int | None:
    if page_token is None:
        return None
    (seq,) = web.read_page_token(page_token, 1)
    if not isinstance(seq, int):
        raise Invalid("page.bad_token", "The page token is not one of ours: begin again without it.")
    return seq

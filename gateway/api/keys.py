"""Keys and sources, for administrators."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Query

from chassis import web
from chassis.errors import Invalid
from chassis.identity import Caller
from gateway import commands, queries, schemas
from gateway.domain.keys import Key, Source
from gateway.domain.quotas import Quota
from gateway.settings import GatewayService

router = APIRouter(prefix="/api/v1", tags=["platform"])

Here = Annotated[GatewayService, Depends(web.service)]
Administrator = Annotated[Caller, web.allow("admin")]
Limit = Annotated[int, Query(ge=1, le=500)]


@router.post("/keys", status_code=201)
async def create_key(here: Here, asking: Administrator, body: schemas.CreateKey) -> schemas.CreatedKeyView:
    """Create an API key; its text is in this answer and nowhere else."""
    made = await commands.create_key(
        here, name=body.name, scopes=body.scopes, source_id=body.source_id, expires_at=body.expires_at, actor=_actor(asking),
        quota=Quota(body.requests_per_day, body.events_per_day),
    )
    return schemas.CreatedKeyView(**_key(made.key).model_dump(), key=made.text)


@router.get("/keys")
async def list_keys(here: Here, _asking: Administrator, page_token: str | None = None, limit: Limit = 100) -> web.Page[schemas.KeyView]:
    """All keys, revoked ones too, oldest first; never their text."""
    found = await queries.list_keys(here, after=_after(page_token), limit=limit + 1)
    more = found[limit - 1] if len(found) > limit else None
    return web.Page(
        data=[_key(key) for key in found[:limit]], next_page_token=web.page_token(more.created_at.isoformat(), more.id) if more else None
    )


@router.get("/keys/{key_id}")
async def get_key(here: Here, _asking: Administrator, key_id: str) -> schemas.KeyView:
    """One key."""
    return _key(await queries.get_key(here, key_id=key_id))


@router.get("/keys/{key_id}/usage")
async def get_key_usage(here: Here, _asking: Administrator, key_id: str, days: Annotated[int, Query(ge=1, le=400)] = 30) -> schemas.KeyUsage:
    """Requests and events of a key by day, and what is left of its quotas today. What other processes have counted is here within seconds."""
    found = await queries.get_key_usage(here, key_id=key_id, limit=days)
    return schemas.KeyUsage(
        requests_per_day=found.quota.requests, events_per_day=found.quota.events,
        requests_left=max(0, found.quota.requests - found.today.requests) if found.quota.requests else None,
        events_left=max(0, found.quota.events - found.today.events) if found.quota.events else None, resets_at=found.resets_at,
        days=[schemas.DayOfUse(day=day, requests=used.requests, events=used.events) for day, used in found.days],
    )


@router.patch("/keys/{key_id}")
async def change_key(here: Here, _asking: Administrator, key_id: str, body: schemas.ChangeKey) -> schemas.KeyView:
    """Change the given fields. Every door knows within five seconds."""
    changes = body.model_dump(exclude_unset=True)
    if empty := sorted(name for name, value in changes.items() if value is None):
        raise Invalid("keys.not_null", f"These cannot be null: {', '.join(empty)}.")
    return _key(await commands.change_key(here, key_id=key_id, changes=changes))


@router.delete("/keys/{key_id}", status_code=204)
async def revoke_key(here: Here, _asking: Administrator, key_id: str) -> None:
    """Make a key worthless, everywhere within five seconds."""
    await commands.revoke_key(here, key_id=key_id)


@router.post("/keys/{key_id}/rotate", status_code=201)
async def rotate_key(here: Here, asking: Administrator, key_id: str, body: schemas.RotateKey) -> schemas.CreatedKeyView:
    """A successor that opens the same doors; the old key goes on for the overlap, then it is worth nothing."""
    made = await commands.rotate_key(here, key_id=key_id, overlap=timedelta(hours=body.overlap_hours), actor=_actor(asking))
    return schemas.CreatedKeyView(**_key(made.key).model_dump(), key=made.text)


@router.post("/sources", status_code=201)
async def create_source(here: Here, asking: Administrator, body: schemas.CreateSource) -> schemas.CreatedSourceView:
    """Create a source of events with its first key; the key's text is in this answer and nowhere else."""
    made = await commands.create_source(here, settings=body.model_dump(exclude_none=True), actor=_actor(asking))
    return schemas.CreatedSourceView(**_source(made.source, [made.created.key]).model_dump(), key=made.created.text)


@router.get("/sources")
async def list_sources(here: Here, _asking: Administrator, page_token: str | None = None, limit: Limit = 100) -> web.Page[schemas.SourceView]:
    """All sources with their keys, oldest first."""
    found = await queries.list_sources(here, after=after_id(page_token), limit=limit + 1)
    return web.Page(
        data=[_source(one.source, one.keys) for one in found[:limit]],
        next_page_token=web.page_token(str(found[limit - 1].source.id)) if len(found) > limit else None,
    )


@router.get("/sources/{source_id}")
async def get_source(here: Here, _asking: Administrator, source_id: UUID) -> schemas.SourceView:
    """One source."""
    found = await queries.get_source(here, source_id=source_id)
    return _source(found.source, found.keys)


@router.patch("/sources/{source_id}")
async def change_source(here: Here, _asking: Administrator, source_id: UUID, body: schemas.ChangeSource) -> schemas.SourceView:
    """Change the given fields; null clears what may be absent. Every door knows within five seconds."""
    changes = body.model_dump(exclude_unset=True)
    clearable = {"default_currency", "default_region", "require_consent", "never", "consent_basis"}
    empty = sorted(name for name, value in changes.items() if value is None and name not in clearable)
    if empty:
        raise Invalid("sources.not_null", f"These cannot be null: {', '.join(empty)}.")
    await commands.change_source(here, source_id=source_id, changes=changes)
    return await get_source(here, _asking, source_id)


@router.post("/sources/{source_id}/keys", status_code=201)
async def add_source_key(here: Here, asking: Administrator, source_id: UUID) -> schemas.CreatedKeyView:
    """A second key, to change over to; then revoke the first."""
    made = await commands.add_source_key(here, source_id=source_id, actor=_actor(asking))
    return schemas.CreatedKeyView(**_key(made.key).model_dump(), key=made.text)


def _actor(asking: Caller) -> str:
    return f"{asking.kind}:{asking.subject}"


def _after(page_token: str | None) -> tuple[datetime, str] | None:
    if page_token is None:
        return None
    at, key_id = web.read_page_token(page_token, 2)
    try:
        return datetime.fromisoformat(str(at)), str(key_id)
    except ValueError:
        raise Invalid("page.bad_token", "The page token is not one of ours: begin again without it.") from None


def after_id(page_token: str | None) -> UUID | None:
    """The id a page token names. Raises Invalid."""
    try:
        return UUID(str(web.read_page_token(page_token, 1)[0])) if page_token else None
    except ValueError:
        raise Invalid("page.bad_token", "The page token is not one of ours: begin again without it.") from None


def _key(key: Key) -> schemas.KeyView:
    values: dict[str, Any] = key._asdict()
    del values["key_hash"]
    return schemas.KeyView(**values, revoked=key.revoked_at is not None)


def _source(source: Source, keys: list[Key]) -> schemas.SourceView:
    settings = source.settings
    return schemas.SourceView(
        id=source.id, name=settings.name, kind=settings.kind, enabled=settings.enabled, origins=settings.origins,
        default_currency=settings.default_currency, default_region=settings.default_region, order_namespace=settings.order_namespace,
        ip=settings.ip, rate_per_second=settings.rate_per_second, require_subject=settings.require_subject,
        require_consent=settings.require_consent, consent_categories=settings.consent_categories,
        disclosure=settings.disclosure, disclosed=settings.disclosed,
        never=schemas.NeverCollected.model_validate(msgspec.structs.asdict(settings.never)) if settings.never else None,
        trust=settings.trust,
        consent_basis=schemas.ConsentBasis.model_validate(msgspec.structs.asdict(settings.consent_basis)) if settings.consent_basis else None,
        version=settings.version,
        created_at=source.created_at, changed_at=source.changed_at, keys=[_key(key) for key in keys],
    )

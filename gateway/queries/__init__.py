"""What can be asked: one async function for each read."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from chassis.errors import Refusal, Unavailable, Unknown
from chassis.identity import Caller
from gateway import errors, store
from gateway.domain.keys import Key, Source
from gateway.domain.operations import Operation
from gateway.domain.people import Person
from gateway.domain.quotas import Day, Quota, Used, seconds_left
from gateway.queries import auditing, webhooks
from gateway.settings import GatewayService
from gateway.store import people as stored_people
from gateway.store import usage as stored_usage

__all__ = [
    "PARTS",
    "KeyUsage",
    "Progress",
    "SourceWithKeys",
    "View",
    "auditing",
    "get_key",
    "get_key_usage",
    "get_operation",
    "get_source",
    "get_view",
    "list_keys",
    "list_operations",
    "list_people",
    "list_sources",
    "webhooks",
]

VIEW_SECONDS: Final = 3.0

#: Part of the 360 view -> service and path under the customer.
PARTS: Final = {
    "profile": ("customer", ""),
    "identities": ("customer", "/identities"),
    "timeline": ("interaction", "/timeline?limit=20"),
    "orders": ("interaction", "/orders?limit=20"),
    "cases": ("interaction", "/cases?limit=20"),
    "notes": ("interaction", "/notes?limit=20"),
    "scores": ("analytics", "/scores"),
    "consent": ("consent", "/consent?limit=20"),
    "messages": ("campaign", "/messages?limit=20"),
}


class SourceWithKeys(NamedTuple):
    source: Source
    keys: list[Key]


class Progress(NamedTuple):
    """An operation and what its owner says of it; `resource` None with the reason when that could not be had."""

    operation: Operation
    resource: dict[str, Any] | None
    missing: str


class KeyUsage(NamedTuple):
    """How a key stands: what it may do, what it did today, when the next day begins, and the days, the newest first."""

    quota: Quota
    today: Used
    resets_at: datetime
    days: list[tuple[date, Used]]


class View(NamedTuple):
    """The parts that answered, and why the others did not."""

    parts: dict[str, Any]
    missing: dict[str, str]


async def list_keys(service: GatewayService, *, after: tuple[datetime, str] | None, limit: int) -> list[Key]:
    """All keys, revoked ones too, oldest first."""
    async with service.read() as db:
        return await store.list_keys(db, after=after, limit=limit)


async def get_key(service: GatewayService, *, key_id: str) -> Key:
    """Raises UnknownKey."""
    async with service.read() as db:
        found = await store.find_key(db, key_id)
    if found is None:
        raise errors.UnknownKey
    return found


async def get_key_usage(service: GatewayService, *, key_id: str, limit: int) -> KeyUsage:
    """What is written and what is on its way there. Raises UnknownKey."""
    usage, now = service.resources.usage, service.clock.now()
    async with service.read() as db:
        key = await store.find_key(db, key_id)
        if key is None:
            raise errors.UnknownKey
        written = dict(await stored_usage.of_key(db, key_id, limit=limit))
    written[usage.today()] = written.get(usage.today(), Used()).plus(usage.waiting(Day(key_id, usage.today())))
    return KeyUsage(
        Quota(key.requests_per_day, key.events_per_day), written[usage.today()], now + timedelta(seconds=seconds_left(now)),
        sorted(written.items(), reverse=True)[:limit],
    )


async def list_people(service: GatewayService) -> list[Person]:
    """Everybody who signs in here, by name."""
    async with service.read() as db:
        return await stored_people.everybody(db)


async def list_sources(service: GatewayService, *, after: UUID | None, limit: int) -> list[SourceWithKeys]:
    """All sources with their keys, oldest first."""
    async with service.read() as db:
        sources = await store.list_sources(db, after=after, limit=limit)
        keys = await store.keys_of_sources(db, [source.id for source in sources])
    return [SourceWithKeys(source, [key for key in keys if key.source_id == source.id]) for source in sources]


async def get_source(service: GatewayService, *, source_id: UUID) -> SourceWithKeys:
    """Raises UnknownSource."""
    async with service.read() as db:
        source = await store.find_source(db, source_id)
        if source is None:
            raise errors.UnknownSource
        return SourceWithKeys(source, await store.keys_of(db, source_id))


async def list_operations(service: GatewayService, *, asking: Caller, before: UUID | None, limit: int) -> list[Operation]:
    """The caller's own, an administrator's: all; the newest first."""
    async with service.read() as db:
        return await store.list_operations(db, asked_by=None if "admin" in asking.scopes else asking.subject, before=before, limit=limit)


async def get_operation(service: GatewayService, *, operation_id: UUID, asking: Caller) -> Progress:
    """How far it is, asked of its owner in the caller's name and scopes. Raises UnknownOperation."""
    async with service.read() as db:
        found = await store.find_operation(db, operation_id)
    if found is None or (found.asked_by != asking.subject and "admin" not in asking.scopes):
        raise errors.UnknownOperation
    if found.service == service.name:
        return Progress(found, await _own(service, found.resource), "")
    resource, missing = await _ask(service, found.service, found.resource, asking)
    return Progress(found, resource, missing)


async def _own(service: GatewayService, resource: str) -> dict[str, Any] | None:
    """Long work of the gateway itself: replays of webhooks."""
    parts = resource.split("/")
    try:
        replay = await webhooks.get_replay(service, webhook_id=UUID(parts[4]), replay_id=UUID(parts[6]))
    except Unknown:
        return {"state": "cancelled"}  # it went with its webhook
    return {"state": replay.state, "progress": replay.progress, "planned": replay.planned, "from": replay.from_at, "to": replay.to_at}


async def get_view(service: GatewayService, *, customer_id: UUID, asking: Caller) -> View:
    """The 360 view: all parts asked at once, in the caller's name and scopes. Raises Unknown when the customer service knows nobody."""
    found = await asyncio.gather(*(_part(service, customer_id, asking, name) for name in PARTS))
    parts = {name: body for name, (body, _) in zip(PARTS, found, strict=True) if body is not None}
    missing = {name: reason for name, (body, reason) in zip(PARTS, found, strict=True) if body is None}
    if missing.get("profile") == "absent":
        raise Unknown("customer.unknown", "There is no such customer.")
    return View(parts, missing)


async def _part(service: GatewayService, customer_id: UUID, asking: Caller, name: str) -> tuple[Any, str]:
    """One part, or why it is missing."""
    owner, path = PARTS[name]
    return await _ask(service, owner, f"/api/v1/customers/{customer_id}{path}", asking)


async def _ask(service: GatewayService, owner: str, path: str, asking: Caller) -> tuple[Any, str]:
    """What a service answers to a GET in the caller's name, or why there is nothing."""
    if owner not in service.peers:
        return None, "unavailable"
    try:
        token = service.tokens.mint(owner, asking)
        answer = await service.peers[owner].call("GET", path, timeout=VIEW_SECONDS, token=token)
        if answer.status == 200:
            return answer.json(), ""
    except (Unavailable, ValueError):
        return None, "unavailable"
    except Refusal as refusal:
        return None, refusal.kind
    return None, {403: "forbidden", 404: "absent"}.get(answer.status, "unavailable")

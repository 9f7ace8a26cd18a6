"""Keys are made, shown once, and revoked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from chassis.keys import key_hash
from chassis.unit_of_work import Transaction
from contracts.gateway import KeyRevoked, KeyState, SourceSettings
from gateway import errors, store
from gateway.domain import keys
from gateway.domain.keys import Key
from gateway.domain.quotas import Quota
from gateway.settings import GatewayService


class Created(NamedTuple):
    """A new key; `text` is never known again."""

    key: Key
    text: str


async def create_key(
    service: GatewayService, *, name: str, scopes: Sequence[str], actor: str, source_id: UUID | None = None,
    expires_at: datetime | None = None, text: str | None = None, quota: Quota | None = None,
) -> Created:
    """An API key; with `source_id` and the scope collect:write it collects for that source.

    Raises UnknownScope, UnknownSource, BadKey, KeyTaken.
    """
    if set(scopes) - set(keys.SCOPES):
        raise errors.UnknownScope(list(keys.SCOPES))
    new = keys.by_hand(keys.API, text) if text is not None else keys.new_key(keys.API)
    if new is None:
        raise errors.BadKey
    async with service.transaction() as tx:
        source = await store.find_source(tx.db, source_id) if source_id else None
        if source_id and source is None:
            raise errors.UnknownSource
        key = Key(
            new.id, key_hash(new.text), keys.API, name, sorted(set(scopes)), source_id, service.clock.now(), actor, expires_at, None,
            requests_per_day=quota.requests if quota else 0, events_per_day=quota.events if quota else 0,
        )
        state = await add_key(tx, key, source.settings if source else None)
    take_over(service, [state])
    return Created(key, new.text)


async def change_key(service: GatewayService, *, key_id: str, changes: Mapping[str, Any]) -> Key:
    """Set `name`, `requests_per_day`, `events_per_day`; every process knows within seconds. Raises UnknownKey."""
    async with service.transaction() as tx:
        known = await store.find_key(tx.db, key_id, lock=True)
        if known is None:
            raise errors.UnknownKey
        key = known._replace(**changes)
        await store.change_key(tx.db, key)
        source = await store.find_source(tx.db, key.source_id) if key.source_id else None
        state = state_of(key, source.settings if source else None)
        tx.tell(state)
    take_over(service, [state])
    return key


async def revoke_key(service: GatewayService, *, key_id: str) -> None:
    """Worthless here at once, in every process within seconds. Revoking again changes nothing. Raises UnknownKey."""
    now = service.clock.now()
    async with service.transaction() as tx:
        key = await store.find_key(tx.db, key_id, lock=True)
        if key is None:
            raise errors.UnknownKey
        if key.revoked_at is not None:
            return
        await store.revoke_key(tx.db, key_id, at=now)
        source = await store.find_source(tx.db, key.source_id) if key.source_id else None
        state = state_of(key._replace(revoked_at=now), source.settings if source else None)
        tx.tell(state)
        tx.tell(KeyRevoked(key_id=key.id, kind=key.kind, revoked_at=now))
    take_over(service, [state])


async def rotate_key(service: GatewayService, *, key_id: str, overlap: timedelta, actor: str) -> Created:
    """A successor that opens the same; the old key goes on for the overlap. Raises UnknownKey, KeyNotLive, TooManyKeys."""
    now = service.clock.now()
    async with service.transaction() as tx:
        key = await store.find_key(tx.db, key_id, lock=True)
        if key is None:
            raise errors.UnknownKey
        if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
            raise errors.KeyNotLive
        source = await store.find_source(tx.db, key.source_id, lock=True) if key.source_id else None
        if source is not None and key.kind == keys.SOURCE:
            siblings = await store.keys_of(tx.db, source.id)
            if any(one.id != key.id and one.kind == keys.SOURCE and _live(one, now) for one in siblings):
                raise errors.TooManyKeys
        settings = source.settings if source else None
        new = keys.new_key(key.kind)
        successor = key._replace(
            id=new.id, key_hash=key_hash(new.text), created_at=now, created_by=actor, last_used_at=None,
        )
        ends = min(key.expires_at, now + overlap) if key.expires_at else now + overlap
        await store.expire_key(tx.db, key.id, at=ends)
        old = state_of(key._replace(expires_at=ends), settings)
        tx.tell(old)
        state = await add_key(tx, successor, settings)
    take_over(service, [old, state])
    return Created(successor, new.text)


async def note_key_use(service: GatewayService) -> None:
    """Write down when keys were last shown here."""
    used = dict(service.resources.used)
    if not used:
        return
    async with service.transaction() as tx:
        await store.note_use(tx.db, list(used), [datetime.fromtimestamp(at, UTC) for at in used.values()])
    for key_id, at in used.items():
        if service.resources.used.get(key_id) == at:
            del service.resources.used[key_id]


def _live(key: Key, now: datetime) -> bool:
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > now)


async def add_key(tx: Transaction, key: Key, settings: SourceSettings | None) -> KeyState:
    """Store a key and publish its state. Raises KeyTaken."""
    if not await store.insert_key(tx.db, key):
        raise errors.KeyTaken
    state = state_of(key, settings)
    tx.tell(state)
    return state


def state_of(key: Key, settings: SourceSettings | None) -> KeyState:
    """What every door must know of a key."""
    return KeyState(
        key_hash=key.key_hash, key_id=key.id, kind=key.kind, name=key.name, scopes=key.scopes, source=settings,
        revoked=key.revoked_at is not None, expires_at=key.expires_at, requests_per_day=key.requests_per_day, events_per_day=key.events_per_day,
    )


def take_over(service: GatewayService, states: Sequence[KeyState]) -> None:
    """This process knows at once what it has just committed; the others hear it from the log."""
    for state in states:
        service.resources.keys.put(state)

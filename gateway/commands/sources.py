"""Sources are made with their first key, changed, and given a second key to change over to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from chassis.ids import new_id
from chassis.keys import key_hash
from chassis.unit_of_work import Transaction
from contracts.gateway import KeyState, SourceChanged, SourceSettings
from gateway import errors, store
from gateway.commands.keys import Created, add_key, state_of, take_over
from gateway.domain import keys
from gateway.domain.keys import Key, Source
from gateway.settings import GatewayService

LIVE_KEYS = 2


class CreatedSource(NamedTuple):
    """A new source and its key; the key's text is never known again."""

    source: Source
    created: Created


async def create_source(
    service: GatewayService, *, settings: Mapping[str, Any], actor: str, text: str | None = None
) -> CreatedSource:
    """`settings` are fields of SourceSettings but the id. Raises BadKey, KeyTaken, BasisNeeded."""
    now, source_id = service.clock.now(), new_id()
    source = Source(source_id, _checked({**settings, "source_id": str(source_id), "version": 1}), now, now)
    async with service.transaction() as tx:
        await store.insert_source(tx.db, source)
        created, state = await _add(service, tx, source, actor=actor, text=text)
        _tell(tx, source)
    take_over(service, [state])
    return CreatedSource(source, created)


async def change_source(service: GatewayService, *, source_id: UUID, changes: Mapping[str, Any]) -> Source:
    """Set the given fields; every process knows within seconds. Raises UnknownSource, BasisNeeded."""
    async with service.transaction() as tx:
        known = await store.find_source(tx.db, source_id, lock=True)
        if known is None:
            raise errors.UnknownSource
        fields = {**msgspec.to_builtins(known.settings), **changes, "version": known.settings.version + 1}
        settings = _checked(fields)
        source = known._replace(settings=settings, changed_at=service.clock.now())
        await store.update_source(tx.db, source)
        states = [state_of(key, settings) for key in await store.keys_of(tx.db, source_id)]
        for state in states:
            tx.tell(state)
        _tell(tx, source)
    take_over(service, states)
    return source


async def add_source_key(service: GatewayService, *, source_id: UUID, actor: str) -> Created:
    """A second key, to change over to without a gap. Raises UnknownSource, TooManyKeys."""
    async with service.transaction() as tx:
        source = await store.find_source(tx.db, source_id, lock=True)
        if source is None:
            raise errors.UnknownSource
        now = service.clock.now()
        live = [
            key
            for key in await store.keys_of(tx.db, source_id)
            if key.kind == keys.SOURCE and key.revoked_at is None and (key.expires_at is None or key.expires_at > now)
        ]
        if len(live) >= LIVE_KEYS:
            raise errors.TooManyKeys
        created, state = await _add(service, tx, source, actor=actor)
    take_over(service, [state])
    return created


async def _add(
    service: GatewayService, tx: Transaction, source: Source, *, actor: str, text: str | None = None
) -> tuple[Created, KeyState]:
    new = keys.by_hand(keys.SOURCE, text) if text is not None else keys.new_key(keys.SOURCE)
    if new is None:
        raise errors.BadKey
    key = Key(
        new.id, key_hash(new.text), keys.SOURCE, source.settings.name, ["collect:write"], source.id, service.clock.now(), actor, None, None
    )
    return Created(key, new.text), await add_key(tx, key, source.settings)


def _checked(fields: Mapping[str, Any]) -> SourceSettings:
    settings = msgspec.convert(fields, SourceSettings)
    basis = settings.consent_basis
    if (settings.kind == "external" and basis is None) or (basis is not None and basis.basis == "consent" and not settings.require_consent):
        raise errors.BasisNeeded
    return settings


def _tell(tx: Transaction, source: Source) -> None:
    settings = source.settings
    tx.tell(
        SourceChanged(
            source_id=settings.source_id, name=settings.name, kind=settings.kind, enabled=settings.enabled, changed_at=source.changed_at
        )
    )

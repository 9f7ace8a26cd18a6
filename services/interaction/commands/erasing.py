"""Erasing people, and dropping what of them comes late."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec

from chassis.erasing import erase_set_aside
from chassis.unit_of_work import Transaction
from contracts import collected
from contracts.customer import ErasureState
from contracts.identity import BadIdentity, identity_key
from contracts.interaction import ErasureAcknowledged
from services.interaction.settings import InteractionService
from services.interaction.store import erasing as store
from services.interaction.store import sessions


async def erase_people(service: InteractionService, tx: Transaction, *, states: Iterable[ErasureState]) -> None:
    """Contacts and everything written about the person go; orders and cases stay for books and figures without anybody. Applied again, after
    a restore too, it finds nothing. An identity that is no longer listed belongs to somebody who registered again.
    """
    for state in states:
        await store.hold_still(tx.db, alone=True)
        now = service.clock.now()
        identities = [bytes.fromhex(one) for one in state.identities]
        if not await store.note(tx.db, request_id=UUID(state.request_id), identities=identities, at=now):
            continue
        attached = await store.delete_attachments(tx.db, identities)
        await sessions.alone(tx.db)
        await sessions.forget(tx.db, [*(UUID(one) for one in state.customer_ids), *(UUID(bytes=identity) for identity in identities)])
        rows = await store.erase_person(tx.db, customers=[UUID(one) for one in state.customer_ids], identities=identities)
        rows["attachment"] = attached
        rows["quarantine"] = await _quarantine(service, tx, frozenset(identities))
        rows |= await erase_set_aside(tx.db, [*state.customer_ids, *state.identities])
        rows["dead_letter"] += await _dead_letters(service, tx, frozenset(identities))
        tx.tell(
            ErasureAcknowledged(
                request_id=state.request_id, customer_id=state.customer_ids[0], erased={table: count for table, count in rows.items() if count},
                acknowledged_at=now,
            )
        )


async def _quarantine(service: InteractionService, tx: Transaction, identities: frozenset[bytes]) -> int:
    """Payloads that name one of the identities, as far as that can be read."""
    found = [entry async for entry, payload, stamp in store.open_payloads(tx.db) if _named(service, payload, stamp) & identities]
    return await store.delete_quarantined(tx.db, found)


async def _dead_letters(service: InteractionService, tx: Transaction, identities: frozenset[bytes]) -> int:
    """Records of the collected log are kept under the identity itself."""
    found = [letter async for letter, key in store.set_aside(tx.db) if service.hash_identity(key.decode("utf-8", "replace")) in identities]
    return await store.delete_dead_letters(tx.db, found)


def _named(service: InteractionService, payload: bytes, stamp: bytes | None) -> frozenset[bytes]:
    keys: set[str] = set()
    if stamp is not None:
        keys.update(collected.read_stamp(bytes(stamp)).keys)
    try:
        body = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        body = {}
    if isinstance(body, dict):
        keys.update(_keys_of(body))
    return frozenset(service.hash_identity(key) for key in keys)


def _keys_of(body: dict[str, Any]) -> Iterable[str]:
    context = body.get("context")
    inner = context.get("traits") if isinstance(context, dict) else None
    traits = [part for part in (body.get("traits"), inner, body.get("properties"), body) if isinstance(part, dict)]
    told = [("user", body.get("userId")), ("anon", body.get("anonymousId")), ("user", body.get("previousId"))]
    told += [(kind, part.get(kind)) for part in traits for kind in ("email", "phone")]
    for kind, value in told:
        if isinstance(value, str | int) and str(value).strip():
            try:
                yield str(identity_key(kind, str(value).strip()))
            except BadIdentity:
                continue

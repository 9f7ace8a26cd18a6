"""Requests with an `Idempotency-Key`: done once, answered the same for a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import msgspec

from chassis import sealing
from gateway import errors
from gateway.settings import GatewayService
from gateway.store import repeating as store

KEPT: Final = timedelta(hours=24)
#: Longer than any answer takes to begin.
LEASE: Final = timedelta(seconds=120)
MOST_BYTES: Final = 1024 * 1024
PURPOSE: Final = "answer"


class Kept(msgspec.Struct, frozen=True):
    """An answer as it was given; `body` None: too large to be kept."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes | None


_decode = msgspec.msgpack.Decoder(Kept).decode


async def begin_once(service: GatewayService, *, owner: str, key: str, request_hash: bytes) -> Kept | None:
    """None: it is ours to do. Else the answer that was given. Raises OtherRequest, InProgress, AnswerNotKept."""
    now = service.clock.now()
    async with service.transaction() as tx:
        begun = await store.begin(tx.db, owner, key, request_hash, now=now, lease_until=now + LEASE)
    if begun is None:
        return None
    if begun.request_hash != request_hash:
        raise errors.OtherRequest
    if begun.answer is None:
        raise errors.InProgress
    kept = _decode(sealing.unseal(service.link_secret, begun.answer, purpose=PURPOSE))
    if kept.body is None:
        raise errors.AnswerNotKept
    return kept


async def end_once(service: GatewayService, *, owner: str, key: str, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes | None) -> None:
    """Keep the answer if something was done; what was refused may be asked again under the same key."""
    async with service.transaction() as tx:
        if not 200 <= status < 400:
            await store.undone(tx.db, owner, key)
            return
        kept = msgspec.msgpack.encode(Kept(status, list(headers), body))
        await store.done(tx.db, owner, key, sealing.seal(service.link_secret, kept, purpose=PURPOSE))


async def forget_answers(service: GatewayService) -> None:
    """After a day."""
    async with service.transaction() as tx:
        await store.forget(tx.db, service.clock.now() - KEPT)

"""Entries of the audit log: noted at the door, written a moment later, chained each second, anchored each minute."""

from __future__ import annotations

import json
from collections import deque
from typing import Final

import asyncpg

from chassis import telemetry
from chassis.clock import Clock
from chassis.database import INFRASTRUCTURE
from contracts.gateway import AuditAnchored
from gateway.domain import auditing as rules
from gateway.domain.auditing import Noted
from gateway.settings import GatewayService
from gateway.store import auditing as store

A_RUN: Final = 500
PURPOSE: Final = "audit"
EXPORT: Final = "audit-export"

_log = telemetry.logger(__name__)


class Trail:
    """What is noted and not yet written. When the database is away it fills up, and then what must be noted is not done."""

    MOST: Final = 10_000

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._noted: deque[Noted] = deque()

    def __len__(self) -> int:
        return len(self._noted)

    @property
    def full(self) -> bool:
        return len(self._noted) >= self.MOST

    def note(self, noted: Noted) -> None:
        self._noted.append(noted)

    def take(self) -> list[Noted]:
        """What is to be written now."""
        return [self._noted.popleft() for _ in range(min(A_RUN, len(self._noted)))]

    def back(self, noted: list[Noted]) -> None:
        """It could not be written."""
        self._noted.extendleft(reversed(noted))


async def write_audit(service: GatewayService) -> bool:
    """Write what was noted. True: there is more."""
    trail: Trail = service.resources.trail
    noted = trail.take()
    if not noted:
        return False
    try:
        async with service.transaction() as tx:
            await store.note(tx.db, noted)
    except BaseException:
        trail.back(noted)
        raise
    return len(noted) == A_RUN


async def seal_audit(service: GatewayService) -> bool:
    """Chain what waits; one process at a time. True: there is more."""
    async with service.transaction() as tx:
        noted = await store.take_waiting(tx.db, limit=A_RUN)
        if noted:
            await store.add(tx.db, rules.sealed(noted, last=await store.last(tx.db)))
    return len(noted) == A_RUN


async def anchor_audit(service: GatewayService) -> None:
    """Sign the head of the chain and tell it, so that it stands outside of the database, too."""
    async with service.transaction() as tx:
        head = await store.last(tx.db)
        if head is None or head.seq <= await store.anchored(tx.db):
            return
        attested = service.tokens.attest({"seq": head.seq, "head": head.hash.hex()}, purpose=PURPOSE)
        await store.anchor(tx.db, head.seq, attested, now=service.clock.now())
        tx.tell(AuditAnchored(chain="gateway", seq=head.seq, head=head.hash.hex(), attested=attested, anchored_at=service.clock.now()))


async def export_audit(service: GatewayService) -> str:
    """A signed summary of the log as it is now: its head, its anchors and the keys that vouch for them. It proves an export whole, also at its end."""
    while await write_audit(service):
        pass
    while await seal_audit(service):
        pass
    await anchor_audit(service)
    async with service.read() as db:
        head, anchors = await store.last(db), await store.anchors(db)
    keys = rules.digest_of(json.dumps(key, sort_keys=True, separators=(",", ":")) for key in service.tokens.public_keys())
    claims = {
        "entries": head.seq if head else 0, "head": head.hash.hex() if head else "", "anchors": len(anchors), "anchors_hash": rules.digest_of(anchors),
        "keys_hash": keys, "at": service.clock.now().isoformat(),
    }
    return service.tokens.attest(claims, purpose=EXPORT)


async def finish_audit(service: GatewayService) -> None:
    """Write the rest before the gateway ends; what cannot be written is said."""
    try:
        while await write_audit(service):
            pass
    except (*INFRASTRUCTURE, asyncpg.PostgresError) as error:
        _log.error("audit_not_written", error=error, entries=len(service.resources.trail))

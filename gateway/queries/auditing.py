"""Reading the audit log, and proving that it is whole."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from chassis.eventlog import Partition
from chassis.identity import Unauthenticated
from contracts import catalogue, decoding
from contracts.envelope import header
from contracts.gateway import AuditAnchored
from gateway.domain import auditing as rules
from gateway.domain.auditing import Sealed
from gateway.settings import GatewayService
from gateway.store import auditing as store
from gateway.store.auditing import Wanted

A_RUN: Final = 2000


class Verified(NamedTuple):
    """`fault` says where the log does not hold; None: it is whole up to `head`, and `anchors` signatures vouch for it."""

    entries: int
    anchors: int
    head: str
    fault: str | None


async def list_audit(service: GatewayService, wanted: Wanted, *, before: int | None, limit: int) -> list[Sealed]:
    """The newest first."""
    async with service.read() as db:
        return await store.page(db, wanted, before=before, limit=limit)


async def entries_after(service: GatewayService, *, seq: int, limit: int) -> list[Sealed]:
    """As they are chained, the oldest first."""
    async with service.read() as db:
        return await store.after(db, seq, limit=limit)


async def anchors_after(service: GatewayService, *, seq: int, limit: int) -> list[tuple[int, str]]:
    """Signed heads and their places, the oldest first."""
    async with service.read() as db:
        return await store.anchors_after(db, seq, limit=limit)


async def verify_audit(service: GatewayService) -> Verified:
    """Every hash of the chain again, every gap, every anchor in the database and on the log."""
    last: Sealed | None = None
    while True:
        async with service.read() as db:
            entries = await store.after(db, last.seq if last else 0, limit=A_RUN)
        fault = rules.fault_in(entries, before=last)
        if fault is not None:
            return Verified(last.seq if last else 0, 0, last.hash.hex() if last else "", fault)
        if not entries:
            break
        last = entries[-1]
    head = last.hash.hex() if last else ""
    async with service.read() as db:
        attested = set(await store.anchors(db))
    attested |= await _told(service)
    for one in attested:
        fault = await _anchor_fault(service, one)
        if fault is not None:
            return Verified(last.seq if last else 0, len(attested), head, fault)
    return Verified(last.seq if last else 0, len(attested), head, None)


async def _anchor_fault(service: GatewayService, attested: str) -> str | None:
    try:
        claims: dict[str, Any] = service.tokens.attested(attested, purpose="audit")
    except Unauthenticated:
        return "an anchor was not signed by this deployment"
    async with service.read() as db:
        found = await store.at(db, int(claims["seq"]))
    if found is None:
        return f"the log ends before entry {claims['seq']}, which was anchored"
    return None if found.hash.hex() == claims["head"] else f"entry {claims['seq']} or one before it is not what was anchored"


async def _told(service: GatewayService) -> set[str]:
    """Anchors on the log, as far back as it reaches."""
    entry = catalogue.entry_of(AuditAnchored)
    found: set[str] = set()
    for number in range(await service.log.partitions(entry.topic)):
        partition = Partition(entry.topic, number)
        position = (await service.log.bounds(partition))[0]
        while records := await service.log.read(partition, position):
            found |= {
                decoding.decode(AuditAnchored, record.value).attested
                for record in records
                if record.value is not None and header(record.headers, "ce_type") == entry.wire.encode()
            }
            position = records[-1].next
    return found

"""What an operator looks at: how far each reader is behind, what waits in the outbox, what was set aside, whether clocks agree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from chassis import migrating, telemetry
from chassis.database import Connection
from chassis.eventlog import NotConfirmed, Partition, Stored
from chassis.version import VERSION
from contracts.envelope import header

if TYPE_CHECKING:
    from chassis.manifest import Manifest
    from chassis.reacting import ReaderLoop
    from chassis.service import Service

SECONDS: Final = 15.0

_OUTBOX: Final = "SELECT count(*) AS rows, coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS oldest FROM outbox"
_ASIDE: Final = "SELECT (SELECT count(*) FROM dead_letter WHERE state = 'open') AS open, (SELECT count(*) FROM parked) AS parked"


def delays(service: Service[Any, Any], reader: str, batches: Iterable[Sequence[Stored]]) -> None:
    """Note how old the oldest record of each batch was when it was applied."""
    for records in batches:
        delay(service, reader, since=happened(records[0]))


def delay(service: Service[Any, Any], reader: str, *, since: float) -> None:
    """Note how long ago this was (seconds since the epoch); where clocks differ, never less than nothing."""
    telemetry.DELAY_SECONDS.labels(service.name, reader).observe(max(0.0, service.clock.timestamp() - since))


def happened(record: Stored) -> float:
    """When what a record tells of happened, or an event was received: seconds since the epoch."""
    said = header(record.headers, "ce_time")
    if said is not None:
        with suppress(ValueError):
            return datetime.fromisoformat(said.decode()).timestamp()
    return record.appended_at


async def measure(service: Service[Any, Any], loops: Sequence[ReaderLoop]) -> None:
    """Bring the gauges of this service up to date."""
    telemetry.BUILD.labels(service.name, VERSION).set(1)
    async with service.read() as db:
        outbox, aside = await db.fetchrow(_OUTBOX), await db.fetchrow(_ASIDE)
        clock = await _clock_off(service, db)
    assert outbox is not None
    assert aside is not None
    telemetry.OUTBOX_PENDING.labels(service.name).set(outbox["rows"])
    telemetry.OUTBOX_OLDEST.labels(service.name).set(outbox["oldest"])
    for state in ("open", "parked"):
        telemetry.DEAD_LETTERS.labels(service.name, state).set(aside[state])
    telemetry.CLOCK_OFF.labels(service.name).set(clock)
    for loop in loops:
        name = loop.subscription.reader
        telemetry.READER_STOPPED.labels(service.name, name).set(1 if loop.stopped_by else 0)
        telemetry.READER_LAG.labels(service.name, name).set(await behind(service, loop))


async def behind(service: Service[Any, Any], loop: ReaderLoop) -> int:
    """Records appended that nobody of the reader's group has applied yet (packed topics: packs). Raises NotConfirmed."""
    partitions = [Partition(topic, number) for topic in loop.subscription.topics for number in range(await service.log.partitions(topic))]
    return await service.log.behind(await loop.positions(partitions))


async def state(service: Service[Any, Any], manifest: Manifest, loops: Sequence[ReaderLoop]) -> dict[str, Any]:
    """All of it for a person who asks what is wrong. Nothing in it names a customer or tells a secret."""
    async with service.read() as db:
        found, outbox, aside = await migrating.schema(db), await db.fetchrow(_OUTBOX), await db.fetchrow(_ASIDE)
        clock = await _clock_off(service, db)
    assert outbox is not None
    assert aside is not None
    readers: list[dict[str, Any]] = []
    missing: set[str] = set()
    for loop in loops:
        line: dict[str, Any] = {"reader": loop.group, "stopped_by": loop.stopped_by, "behind": None}
        try:
            line["behind"] = await behind(service, loop)
        except (NotConfirmed, LookupError):
            missing.update(await _missing_topics(service, loop.subscription.topics))
        readers.append(line)
    return {
        "service": service.name, "version": VERSION, "schema": found.revision, "schema_needed": migrating.head(manifest.migrations),
        "outbox": {"rows": outbox["rows"], "oldest_seconds": round(outbox["oldest"], 1)},
        "dead_letters": {"open": aside["open"], "parked": aside["parked"]},
        "clock_off_seconds": round(clock, 3), "readers": readers, "missing_topics": sorted(missing),
        "settings": {"public_url": service.platform.public_url, "mail_domain": service.platform.mail_domain, "secrets": _print_of(service)},
    }


async def _clock_off(service: Service[Any, Any], db: Connection) -> float:
    """Seconds this process's clock is ahead of its database's."""
    theirs: datetime = await db.fetchval("SELECT clock_timestamp()")
    return (service.clock.now() - theirs).total_seconds()


async def _missing_topics(service: Service[Any, Any], topics: Sequence[str]) -> list[str]:
    found = []
    for topic in topics:
        try:
            await service.log.partitions(topic)
        except (NotConfirmed, LookupError):
            found.append(topic)
    return found


def _print_of(service: Service[Any, Any]) -> str:
    """Eight letters that are equal where the shared secrets are, and tell nothing of them."""
    return service.hash_identity("deployment:" + service.hash_identity("secrets:" + service.link_secret.hex()).hex()).hex()[:8]

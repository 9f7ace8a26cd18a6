"""Facts as the other services tell them, on a real log, for tests of the analytics service."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from chassis.clock import Clock
from chassis.eventlog import EventLog, Partition, Record
from contracts import catalogue
from contracts.envelope import Envelope
from contracts.fact import Fact
from tests.support.platform import TestPlatform

NOW = Clock().now()
DAY = timedelta(days=1)
_numbers = itertools.count(1)


async def tell(log: EventLog, *facts: Fact) -> None:
    """Append facts to their topics as their owner's outbox does."""
    records = []
    for fact in facts:
        entry = catalogue.entry_of(type(fact))
        key = str(getattr(fact, entry.key))
        envelope = Envelope(id=f"fact-{next(_numbers)}", type=entry.wire, source=f"/{entry.owner}", subject=key, time=datetime.now(UTC))
        headers = (("ce_type", entry.wire.encode()),) if entry.topic.startswith("ecrm.state.") else envelope.headers()
        records.append(Record(entry.topic, key.encode(), msgspec.json.encode(fact), headers))
    await log.append(records)


async def heard(log: EventLog, wire: str) -> list[dict[str, Any]]:
    """What the analytics service told, in order of partitions."""
    found = []
    for number in range(await log.partitions("ecrm.analytics")):
        offset = (await log.bounds(Partition("ecrm.analytics", number)))[0]
        while batch := await log.read(Partition("ecrm.analytics", number), offset):
            offset = batch[-1].next
            found += [msgspec.json.decode(record.value) for record in batch if record.value and dict(record.headers)["ce_type"] == wire.encode()]
    return found


async def until(check: Callable[[], Awaitable[bool]], *, seconds: float = 10) -> None:
    """Wait for something; fails when it does not come true in time."""
    async with asyncio.timeout(seconds):
        while not await check():
            await asyncio.sleep(0.1)


async def ask(platform: TestPlatform, method: str, path: str, body: Any = None, *, status: int = 200, **options: Any) -> Any:
    """The answer's JSON, after checking its status."""
    answer = await platform["analytics"].call(method, path if path.startswith("/schemas") else f"/api/v1{path}", json=body, **options)
    assert answer.status == status, (answer.status, answer.body)
    return answer.json() if answer.body else None

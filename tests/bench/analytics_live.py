"""Live membership from fact to told: segments, customers with a year behind them, events each second on a real log, one analytics process.

`SCALE`: customers with ten events each (default 50,000; `full`: 1,000,000, which takes about ten minutes). `SECONDS`: how long events come (default 40); `SEGMENTS`: 50.

    .venv/bin/python -m tests.bench.analytics_live
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from chassis.eventlog import EventLog, Partition
from contracts import catalogue
from contracts.analytics import SegmentEntered
from launcher.embedded_postgres import PrivateCluster
from services.analytics.store.warehouse import Warehouse
from tests.bench import alone, analytics_facts
from tests.bench.analytics_queries import RULES
from tests.integration.analytics.story import ask, tell
from tests.support.platform import TestPlatform, started
from tests.unit.analytics.shop import event

SEGMENTS = int(os.environ.get("SEGMENTS", "50"))
EVENTS_A_SECOND = 200
MEMORY_MB = 700
TOLD = catalogue.entry_of(SegmentEntered).wire.encode()


async def _fill(path: str, customers: int) -> list[str]:
    """Facts up to now; the identities (hex) of some customers."""
    warehouse = Warehouse(path, memory_mb=MEMORY_MB, threads=2)
    await warehouse.open()
    await analytics_facts.fill(warehouse, customers, since=datetime.now(UTC).date() - timedelta(days=366))
    found = await warehouse.read(lambda c: c.execute("SELECT identity FROM identity USING SAMPLE 20000 ROWS (reservoir, 7)").fetchall())
    await warehouse.close()
    return [format(row[0], "032x") for row in found]


async def _define(platform: TestPlatform) -> None:
    """Segments that hold for whoever sends a signal and fits an ordinary rule: every kind of rule is asked, few are members before."""
    rules = list(RULES.values())
    for number in range(SEGMENTS):
        signal = {"event": f"Signal {number}", "count": 1, "within_days": 1}
        rule = signal if number % 2 else {"all": [signal, rules[number // 2 % len(rules)]]}
        await ask(platform, "POST", "/segments", {"name": f"Signal {number}", "rule": rule}, status=201)
    while True:
        found = (await ask(platform, "GET", "/segments?limit=200"))["data"]
        if all(one["members"] is not None for one in found):
            return
        await asyncio.sleep(1)


async def _signal(log: EventLog, identities: list[str], seconds: float) -> int:
    """Events at an even pace, twenty at a time; how many."""
    draw, begun, sent = random.Random(7), time.monotonic(), 0
    while time.monotonic() - begun < seconds:
        facts = []
        for _ in range(20):
            moment = datetime.now(UTC)
            told = event("somebody", f"Signal {draw.randrange(SEGMENTS)}", at=moment, event_id=f"live-{sent}-{draw.random()}")
            facts.append(msgspec.structs.replace(told, identity=draw.choice(identities)))
            sent += 1
        await tell(log, *facts)
        await asyncio.sleep(max(0.0, begun + sent / EVENTS_A_SECOND - time.monotonic()))
    return sent


async def _delays(log: EventLog, offsets: dict[int, int], sent: dict[tuple[str, str], datetime]) -> list[float]:
    """Seconds from the fact to when its segment's entry stood in the log."""
    found = []
    for number, offset in offsets.items():
        while batch := await log.read(Partition("ecrm.analytics", number), offset):
            offset = batch[-1].next
            for record in batch:
                if record.value is not None and dict(record.headers)["ce_type"] == TOLD:
                    fact = msgspec.json.decode(record.value, type=SegmentEntered)
                    if (moment := sent.get((fact.segment_id, fact.customer_id))) is not None:
                        found.append(record.appended_at - moment.timestamp())
    return found


async def _firsts(platform: TestPlatform) -> dict[tuple[str, str], datetime]:
    """(segment, customer) -> when the signal for it happened first."""
    names = {one["name"]: one["id"] for one in (await ask(platform, "GET", "/segments?limit=200"))["data"]}
    rows = await platform["analytics"].service.resources.read(
        lambda c: c.execute("SELECT name, customer::VARCHAR, min(occurred_at) FROM event_of WHERE starts_with(name, 'Signal ') GROUP BY ALL").fetchall()
    )
    return {(names[name], customer): moment.replace(tzinfo=UTC) for name, customer, moment in rows}


async def measure(cluster: PrivateCluster) -> dict[str, Any]:
    """Seconds from fact to told, and CPU of this process (service, log client and load) while events come."""
    customers = {"full": 1_000_000}.get(os.environ.get("SCALE", "50000")) or int(os.environ.get("SCALE", "50000"))
    seconds = float(os.environ.get("SECONDS", "40"))
    with tempfile.TemporaryDirectory(prefix="ecrm-bench-") as folder:
        path = str(Path(folder) / "facts.duckdb")
        identities = await _fill(path, customers)
        given = {"analytics": {"warehouse_path": path, "warehouse_memory_mb": MEMORY_MB, "warehouse_threads": 2}}
        async with started(cluster, "analytics", given=given) as platform:
            await _define(platform)
            log = platform.log
            offsets = {number: (await log.bounds(Partition("ecrm.analytics", number)))[1] for number in range(await log.partitions("ecrm.analytics"))}
            wall, cpu = time.monotonic(), time.process_time()
            sent = await _signal(log, identities, seconds)
            wall, cpu = time.monotonic() - wall, time.process_time() - cpu
            await asyncio.sleep(10)
            delays = await _delays(log, offsets, await _firsts(platform))
    return {
        "customers": customers, "segments": SEGMENTS, "events": sent, "events_a_second": round(sent / wall), "told": len(delays), "cpu_of_a_core": cpu / wall,
        "p50_s": alone.percentile(delays, 0.5), "p95_s": alone.percentile(delays, 0.95), "worst_s": max(delays),
    }


def show(found: dict[str, Any]) -> None:
    """Beside the goals: told in 5 s, less than one core."""
    print(json.dumps(found, indent=1))
    print(f"from fact to told: p50 {found['p50_s']:.1f} s, p95 {found['p95_s']:.1f} s (goal 5), worst {found['worst_s']:.1f} s; {found['cpu_of_a_core']:.0%} of a core, load included (goal: one)")


if __name__ == "__main__":
    alone.run("live", measure, show)

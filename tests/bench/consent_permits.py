"""Permits: how long one call for 1,000 of them takes, alone and while people withdraw; wall-clock and CPU time of this process.

Promise: p95 below 50 ms on the machine by itself.
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import time
from pathlib import Path
from uuid import UUID

from rich.console import Console
from rich.table import Table

from chassis.ids import new_text_id
from launcher import process
from launcher.embedded_postgres import PrivateCluster
from services.consent import commands
from services.consent.commands import Grant, Subject
from services.consent.commands.permitting import Member
from services.consent.settings import ConsentService
from tests.support.cluster import running_cluster
from tests.support.platform import started

PEOPLE = 20_000
BATCH = 1000
CALLS = 60

screen = Console(width=120)


def main() -> int:
    with running_cluster(in_memory=True) as cluster:
        return asyncio.run(measure(cluster))


async def measure(cluster: PrivateCluster) -> int:
    async with started(cluster, "consent") as platform:
        service = platform["consent"].service
        people = [new_text_id() for _ in range(PEOPLE)]
        for start in range(0, PEOPLE, BATCH):
            grants = [Grant(Subject(UUID(one)), "marketing", "email", "bench", {}) for one in people[start : start + BATCH]]
            await commands.grant_consents(service, grants=grants, actor="bench")
        async with asyncio.timeout(120):  # what is chained in the background after so many grants is not what is measured
            while await service.database.fetch_value("SELECT count(*) FROM unsealed"):
                await asyncio.sleep(0.2)
        await platform.drain(timeout=120)
        for _ in range(5):
            await one_call(service, people)
        process.settle_memory()  # as every process of the platform does once it has started
        alone = [await one_call(service, people) for _ in range(CALLS)]
        stop = asyncio.Event()
        withdrawing = asyncio.create_task(withdraw(service, people, stop))
        busy = [await one_call(service, people) for _ in range(CALLS)]
        stop.set()
        withdrawn = await withdrawing
    table = Table("1,000 permits in one call", "p50 ms", "p95 ms", "max ms", "CPU ms of this process, p50", "p95")
    results = {}
    for name, calls in (("alone", alone), (f"while {withdrawn} people withdraw", busy)):
        wall, cpu = sorted(one[0] for one in calls), sorted(one[1] for one in calls)
        results[name] = figures = [statistics.median(wall), quantile(wall), wall[-1], statistics.median(cpu), quantile(cpu)]
        table.add_row(name, *(f"{figure:.1f}" for figure in figures))
    screen.print(table)
    target = Path("build")
    target.mkdir(exist_ok=True)
    (target / "bench-consent-permits.json").write_text(json.dumps(results, indent=1))
    return 0 if results["alone"][1] < 50 else 1


def quantile(ordered: list[float]) -> float:
    return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]


async def one_call(service: ConsentService, people: list[str]) -> tuple[float, float]:
    members = [Member(UUID(one), "marketing", "email", "step", "ab" * 16) for one in random.sample(people, BATCH)]
    begin, used = time.perf_counter(), time.process_time()
    given = await commands.grant_permits(service, members=members)
    took = (time.perf_counter() - begin) * 1000, (time.process_time() - used) * 1000
    assert given.batch_id is not None
    await commands.close_permits(service, batch_id=given.batch_id, outcomes={})
    return took


async def withdraw(service: ConsentService, people: list[str], stop: asyncio.Event) -> int:
    count = 0
    for one in people:
        if stop.is_set():
            break
        await commands.withdraw_consent(
            service, subject=Subject(UUID(one)), purpose="marketing", channel="email", source="bench", evidence={}, actor="bench"
        )
        count += 1
    return count


if __name__ == "__main__":
    raise SystemExit(main())

"""People inside one journey, through it and out again: memory that does not grow with them, and CPU time each.

    python -m tests.bench.campaign_journeys        10,000 people; SCALE=full: 100,000

Promise: less than 40 MiB more at the peak than with the first tenth of them. Memory and CPU time are of this process (the service with its
HTTP door; PostgreSQL is apart).
"""

from __future__ import annotations

import asyncio
import os
import resource
import time
from pathlib import Path
from typing import Final, NamedTuple

from rich.console import Console
from rich.table import Table

from launcher.embedded_postgres import PrivateCluster
from services.campaign import commands
from tests.integration.campaign.stage import Stage, stage
from tests.integration.campaign.travelling import Journeys
from tests.support.cluster import running_cluster

PEOPLE: Final = 100_000 if os.environ.get("SCALE") == "full" else 10_000
PROMISE_MIB: Final = 40.0
MIB: Final = 1024 * 1024

screen = Console(width=120)


class Figures(NamedTuple):
    """`first_mib`: resident with the first tenth inside; `peak_mib`: the most the process ever had; `grown_mib`: the most after the first tenth, less that."""

    people: int
    first_mib: float
    peak_mib: float
    grown_mib: float
    cpu_ms: float


def main() -> int:
    with running_cluster(in_memory=True) as cluster:
        found = asyncio.run(measure(cluster))
    table = Table("people", "MiB with the first tenth", "peak MiB", "grown by MiB", "CPU ms each", "promise")
    table.add_row(
        f"{found.people:,}", f"{found.first_mib:.0f}", f"{found.peak_mib:.0f}", f"{found.grown_mib:.1f}", f"{found.cpu_ms:.2f}",
        f"grows < {PROMISE_MIB:.0f}",
    )
    screen.print(table)
    return 0 if found.grown_mib < PROMISE_MIB else 1


async def measure(cluster: PrivateCluster, people: int = PEOPLE) -> Figures:
    async with stage(cluster, smtp=False) as play:
        return await through(play, people)


async def through(play: Stage, people: int) -> Figures:
    """Let everybody in over the API, let everybody's timer run out at once, and let everybody out; none may be lost."""
    journeys = Journeys(play)
    journey = await journeys.published({
        "entry": {"api": {}}, "start": "halves", "steps": {
            "halves": {"type": "split", "arms": [{"name": "a", "next": "rest"}, {"name": "b", "next": "rest"}]},
            "rest": {"type": "wait", "for": {"days": 1}, "next": "won"}, "won": {"type": "goal", "name": "there"},
        },
    })
    used, marks = time.process_time(), []
    for start in range(0, people, 1000):
        ids = [f"00000000-0000-7000-8000-{number:012x}" for number in range(start, start + 1000)]
        assert len((await journeys.call("POST", f"/{journey}/people", customer_ids=ids, key="all")).json()["entered"]) == 1000
        while await commands.run_journeys(play.service):
            pass
        marks.append(resident())
    assert (await journeys.figures(journey))["at_step"] == {"rest": people}
    async with play.service.transaction() as tx:
        await tx.db.execute("UPDATE journey_person SET due_at = now()")
    while await commands.run_journeys(play.service):
        marks.append(resident())
    assert (await journeys.figures(journey))["left"] == {"goal": people}
    first = marks[people // 10_000 - 1]
    spent = time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Figures(people, first / MIB, peak, (max(marks) - first) / MIB, 1000 * spent / people)


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


if __name__ == "__main__":
    raise SystemExit(main())

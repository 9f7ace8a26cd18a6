"""How many bytes an event takes where it is kept: the log, the interaction store, profiles, the warehouse.

    python -m tests.bench.storage

Starts `ecrm up`, posts 12,000 events of the usual load in batches of 100 (after half as many, so that what is there anyway does not count) and
reads the sizes. The figures of docs/scale.md are these, times events a day.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Final

import asyncpg
import httpx2
from rich.console import Console
from rich.table import Table

from launcher import everything
from launcher.embedded_postgres import PrivateCluster
from tests.bench import load
from tests.support.upright import Upright, upright

BATCH: Final = 100
BATCHES: Final = 120
PEOPLE: Final = 3_000

screen = Console(width=110)


def post(up: Upright, bodies: list[bytes]) -> None:
    for body in bodies:
        while (answer := httpx2.post(f"{up.url}/v1/batch", content=body, auth=(up.source_key, ""), headers={"content-type": "application/json"}, timeout=30)).status_code != 200:
            assert answer.status_code in {429, 503}, answer.text
            time.sleep(0.5)


async def sizes(data: Path, *, events: int) -> dict[str, int]:
    """Bytes by place once all of them are stored and loaded."""
    cluster = PrivateCluster(data, everything.databases())
    found: dict[str, int] = {}
    for name in everything.databases():
        db = await asyncpg.connect(cluster.url(name, role="owner"))
        try:
            if name == "interaction":
                until = time.monotonic() + 120
                while await db.fetchval("SELECT count(*) FROM interaction") < events:
                    assert time.monotonic() < until
                    await asyncio.sleep(0.5)
                await asyncio.sleep(10)  # the others, who read it from there
            found[name] = int(await db.fetchval("SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'public' AND relkind IN ('r', 'p', 'm')"))
        finally:
            await db.close()
    found["warehouse (DuckDB)"] = sum(path.stat().st_size for path in (data / "analytics").rglob("*") if path.is_file())
    return found


def main() -> None:
    bodies = load.bodies(tag="size", count=BATCHES, batch=BATCH, people=PEOPLE)
    half = BATCHES // 2
    with upright() as up:
        post(up, [*load.greetings(PEOPLE), *bodies[:half]])
        before = asyncio.run(sizes(up.data, events=PEOPLE + half * BATCH))
        post(up, bodies[half:])
        after = asyncio.run(sizes(up.data, events=PEOPLE + BATCHES * BATCH))
    table = Table("kept in", "bytes an event", "GB a day at 1,000 events/s")
    posted = sum(len(body) for body in bodies[half:])
    measured = (BATCHES - half) * BATCH
    lines = {"as posted": posted, **{name: after[name] - before[name] for name in after}}
    for name, grown in lines.items():
        each = grown / measured
        table.add_row(name, f"{each:,.0f}", f"{each * 86_400_000 / 1e9:,.1f}")
    screen.print(table)


if __name__ == "__main__":
    main()

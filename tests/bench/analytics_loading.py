"""How fast facts get into the warehouse, and how much memory that takes. `SCALE`: events (default 400,000; `full`: 10,000,000).

    .venv/bin/python -m tests.bench.analytics_loading
"""

from __future__ import annotations

import asyncio
import os
import resource
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from chassis.eventlog import Partition, Stored
from services.analytics.store import loading
from services.analytics.store.warehouse import Warehouse
from tests.unit.analytics.shop import NOW, event, identity, stored

#: As the reader's: most records of one transaction.
BATCH = 4000
MEMORY_MB = 256


def prepare(first: int) -> list[Stored]:
    """A micro-batch of page views of many people, as they come from the log."""
    template = stored(event("PERSON", "Product Viewed", at=NOW, event_id="EVENT", sku="sku-1", price=9.5, category="Books"))
    value = template.value or b""
    found = []
    for number in range(first, first + BATCH):
        at = (NOW - timedelta(seconds=number % 8_000_000)).isoformat().replace("+00:00", "Z").encode()
        own = value.replace(b"EVENT", str(number).encode()).replace(identity("PERSON").encode(), f"{number % 250_000:032x}".encode())
        found.append(template._replace(offset=number, value=own.replace(NOW.isoformat().replace("+00:00", "Z").encode(), at)))
    return found


async def main() -> None:
    scale = {"full": 10_000_000}.get(os.environ.get("SCALE", "")) or int(os.environ.get("SCALE", "400000"))
    partition = Partition("ecrm.interaction", 0)
    with tempfile.TemporaryDirectory(prefix="ecrm-bench-") as folder:
        warehouse = Warehouse(str(Path(folder) / "facts.duckdb"), memory_mb=MEMORY_MB, threads=2)
        await warehouse.open()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        wall = cpu = 0.0
        for first in range(0, scale, BATCH):
            batch = {partition: prepare(first)}
            begun, used = time.perf_counter(), time.process_time()
            await warehouse.write(lambda c, batch=batch: loading.apply_batch(c, "bench", batch))  # type: ignore[misc]
            wall, cpu = wall + time.perf_counter() - begun, cpu + time.process_time() - used
        rows = await warehouse.read(lambda c: c.execute("SELECT count(*) FROM event").fetchall()[0][0])
        await warehouse.close()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
    assert rows == scale // BATCH * BATCH + (BATCH if scale % BATCH else 0)
    print(f"loading: {rows:,} events, {rows / wall:,.0f} events/s of wall time, {rows / cpu:,.0f} events/s of CPU time (aim 50,000)")
    print(f"memory: {before // 1024} MB before, peak {peak // 1024} MB (aim 600 MB); file {size / 2**20:,.0f} MB")


if __name__ == "__main__":
    asyncio.run(main())

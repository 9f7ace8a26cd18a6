"""Importing customers through the service against a bare COPY of the same rows into one plain table, on the same cluster in the same run.

    python -m tests.bench.customers_import        20,000 rows; SCALE=full: 1,000,000

The import does what it does for everybody: pieces over HTTP, identities resolved, values with provenance and history, search words, facts in
the outbox. The COPY stores each row once and looks at nothing. Seconds are from the start of the import to its end; CPU is that of
this process (the service, and the little client in it) and of all PostgreSQL processes, memory the growth of this process's peak.
"""

from __future__ import annotations

import asyncio
import csv
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Final

import asyncpg
import psutil
from rich.console import Console
from rich.table import Table

from launcher import process
from launcher.embedded_postgres import PrivateCluster
from tests.bench.customers_search import People
from tests.support.cluster import running_cluster
from tests.support.platform import TestPlatform, started

ROWS: Final = 1_000_000 if os.environ.get("SCALE") == "full" else 20_000
PIECE: Final = 2 * 1024 * 1024
GOAL: Final = 0.3
COLUMNS: Final = ("user_id", "email", "phone", "given_name", "family_name", "city", "plan")
CLEAR_PEAK: Final = "5"

screen = Console(width=110)


def write_rows(path: Path) -> None:
    """The people of the search bench as a CSV file."""
    people = People()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(ROWS):
            writer.writerow([f"u{number}", *(people.profile(number)[name] for name in COLUMNS[1:])])


class Meter:
    """CPU seconds of this process and of the database's, and this process's peak of memory."""

    def __init__(self, backend: int) -> None:
        """`backend`: the number of any of the database's processes."""
        self._postmaster = psutil.Process(psutil.Process(backend).ppid())
        self._own = psutil.Process()

    def begin(self) -> None:
        Path("/proc/self/clear_refs").write_text(CLEAR_PEAK)
        self._memory = self._own.memory_info().rss
        self._cpu = self.cpu()
        self._at = time.perf_counter()

    def end(self) -> dict[str, float]:
        cpu, seconds = self.cpu(), time.perf_counter() - self._at
        peak = next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")) * 1024
        return {
            "seconds": seconds, "rows_s": ROWS / seconds, "own_us": 1e6 * (cpu[0] - self._cpu[0]) / ROWS,
            "database_us": 1e6 * (cpu[1] - self._cpu[1]) / ROWS, "growth_mib": (peak - self._memory) / 2**20,
        }

    def cpu(self) -> tuple[float, float]:
        own = self._own.cpu_times()
        # What ended is counted with its parent.
        database = sum(_seconds(one) for one in (self._postmaster, *self._postmaster.children(recursive=True)))
        return own.user + own.system, database


def _seconds(one: psutil.Process) -> float:
    try:
        times = one.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


async def copy(cluster: PrivateCluster, path: Path, meter: Meter) -> dict[str, float]:
    """The floor: COPY, nothing else."""
    await cluster.ensure_database("floor")
    db = await asyncpg.connect(cluster.url("floor", role="owner"))
    await db.execute(f"CREATE TABLE floor ({', '.join(f'{column} text' for column in COLUMNS)})")
    meter.begin()
    await db.copy_to_table("floor", source=path, columns=COLUMNS, format="csv", header=True)
    found = meter.end()
    assert await db.fetchval("SELECT count(*) FROM floor") == ROWS
    await db.close()
    return found


async def bring(platform: TestPlatform, path: Path, meter: Meter) -> dict[str, float]:
    """The file in pieces, then until the import is done."""
    customer = platform["customer"]
    declared = (await customer.call("POST", "/api/v1/imports", json={"name": "bench"})).json()
    place = f"/api/v1/imports/{declared['id']}"
    meter.begin()
    number = 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            number += 1
            await customer.call("PUT", f"{place}/parts/{number}", body=piece)
    await customer.call("POST", f"{place}/start", json={"parts": number})
    while (found := (await customer.call("GET", place)).json())["state"] in {"queued", "running"}:
        await asyncio.sleep(0.05)
    measured = meter.end()
    assert (found["state"], found["done"], found["refused"]) == ("done", ROWS, 0), found
    return measured | {"created": found["created"], "updated": found["updated"], "unchanged": found["unchanged"]}


async def measure(cluster: PrivateCluster, path: Path) -> dict[str, dict[str, float]]:
    """Floor, import, import of the same file again."""
    async with started(cluster, "customer") as platform:
        meter = Meter(await platform["customer"].service.database.fetch_value("SELECT pg_backend_pid()"))
        process.settle_memory()  # as every process of the platform does after its start
        found = {"bare COPY": await copy(cluster, path, meter)}
        found["import"] = await bring(platform, path, meter)
        found["the same again"] = await bring(platform, path, meter)
    return found


def show(found: dict[str, dict[str, float]], size: int) -> None:
    table = Table("", "rows/s", "of the COPY", "service CPU µs/row", "database CPU µs/row", "memory growth MiB", title=f"{ROWS:,} rows, {size / 2**20:.0f} MiB")
    for name, measured in found.items():
        table.add_row(
            name, f"{measured['rows_s']:,.0f}", f"{measured['rows_s'] / found['bare COPY']['rows_s']:.3f}", f"{measured['own_us']:.1f}",
            f"{measured['database_us']:.1f}", f"{measured['growth_mib']:.0f}",
        )
    screen.print(table)
    screen.print(f"The goal is {GOAL} of the COPY.")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="bench-import-") as folder, running_cluster() as cluster:
        path = Path(folder) / "people.csv"
        write_rows(path)
        found = asyncio.run(measure(cluster, path))
        show(found, path.stat().st_size)
    target = Path("build")
    target.mkdir(exist_ok=True)
    (target / "bench-customers-import.json").write_text(json.dumps({"rows": ROWS, **found}, indent=1))


if __name__ == "__main__":
    main()

"""`make bench`: the collection path against the floor on the cluster shape, side by side in one run.

(a) events/s accepted by the gateway in batches of 1, 20 and 100 while all readers run; (b) events/s from post to stored, resolved and
loaded in all three readers; (c) the floor for both, with packed records as the platform has them and without; the ratios to the packed one; CPU microseconds per event and peak memory per process.
SCALE=full posts a million events in (b).
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench import measuring

screen = Console(width=120)
ROUNDS = int(os.environ.get("ROUNDS", "3"))
BATCHES = (1, 20, 100)
FULL = os.environ.get("SCALE") == "full"
END_TO_END_REQUESTS = 10_000 if FULL else 500
SECONDS = 8.0 if FULL else 5.0


async def main() -> int:
    port = 18080
    with tempfile.TemporaryDirectory(prefix="ecrm-bench-", ignore_cleanup_errors=True) as folder:
        data = Path(folder)
        data.chmod(0o755)
        screen.print(f"starting the cluster shape in {data}")
        async with (
            measuring.cluster(data, port) as system,
            measuring.floor(system, port + 60, packed=True) as floor,
            measuring.floor(system, port + 61, packed=False) as plain,
        ):
            results = await measure(system, floor, plain)
    show(results)
    target = Path("build")
    target.mkdir(exist_ok=True)
    (target / "bench.json").write_text(json.dumps(results, indent=1))
    return 0


async def measure(system: measuring.System, floor: measuring.Target, plain: measuring.Target) -> dict[str, Any]:
    """Ours and the floors in turn, so that the machine's moods hit all."""
    ours: dict[str, list[float]] = {}
    bare: dict[str, list[float]] = {}
    unpacked: dict[str, list[float]] = {}
    p99: dict[str, list[float]] = {}
    runs: list[measuring.EndToEnd] = []
    await measuring.post(system.door, batch=100, tag="greet", greet=True)
    await system.caught_up()
    await measuring.post(system.door, batch=100, seconds=3, tag="warm")
    for number, one in enumerate((floor, plain)):
        await measuring.post(one, batch=100, seconds=2, tag=f"warmf{number}")
    await system.caught_up()
    for number in range(ROUNDS):
        for batch in BATCHES:
            key = f"accepted_{batch}"
            mine = await measuring.post(system.door, batch=batch, seconds=SECONDS, tag=f"a{batch}r{number}{os.getpid()}")
            ours.setdefault(key, []).append(mine["accepted"] / mine["seconds"])
            p99.setdefault(key, []).append(mine["p99_ms"])
            await system.caught_up()
            theirs = await measuring.post(floor, batch=batch, seconds=SECONDS, tag=f"f{batch}r{number}{os.getpid()}")
            bare.setdefault(key, []).append(theirs["accepted"] / theirs["seconds"])
            without = await measuring.post(plain, batch=batch, seconds=SECONDS, tag=f"u{batch}r{number}{os.getpid()}")
            unpacked.setdefault(key, []).append(without["accepted"] / without["seconds"])
            say(number, f"accepted, batches of {batch}", ours[key][-1], bare[key][-1], unpacked[key][-1])
        runs.append(await system.end_to_end(END_TO_END_REQUESTS, tag=f"e{number}{os.getpid()}"))
        ours.setdefault("end_to_end", []).append(runs[-1].per_second)
        bare.setdefault("end_to_end", []).append(await measuring.floor_end_to_end(floor, END_TO_END_REQUESTS, tag=f"g{number}{os.getpid()}"))
        unpacked.setdefault("end_to_end", []).append(await measuring.floor_end_to_end(plain, END_TO_END_REQUESTS, tag=f"h{number}{os.getpid()}"))
        say(number, "end to end", ours["end_to_end"][-1], bare["end_to_end"][-1], unpacked["end_to_end"][-1])
    return {
        "machine": facts(),
        "rows": {
            key: {
                "ours": statistics.median(ours[key]), "floor": statistics.median(bare[key]),
                "ratio": statistics.median(mine / theirs for mine, theirs in zip(ours[key], bare[key], strict=True)),
                "unpacked_floor": statistics.median(unpacked[key]),
                "ratio_to_unpacked": statistics.median(mine / theirs for mine, theirs in zip(ours[key], unpacked[key], strict=True)),
                "p99_ms": statistics.median(p99[key]) if key in p99 else None,
            }
            for key in ours
        },
        "cpu_us_per_event": {name: statistics.median(run.cpu_us[name] for run in runs) for name in runs[0].cpu_us},
        "peak_mib": system.peak_memory(),
        "events_end_to_end": END_TO_END_REQUESTS * 100,
    }


def say(number: int, what: str, mine: float, packed: float, unpacked: float) -> None:
    screen.print(f"round {number + 1}: {what}: {mine:,.0f}/s, floor {packed:,.0f}/s, without packing {unpacked:,.0f}/s")


def facts() -> dict[str, Any]:
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "?")
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release(), "python": sys.version.split()[0], "at": time.strftime("%Y-%m-%d", time.gmtime())}


def show(results: dict[str, Any]) -> None:
    table = Table("measure (events/s)", "ours", "floor", "ratio", "floor unpacked", "ratio", "p99 ms", title=f"{results['machine']['cores']} cores, {results['machine']['cpu']}")
    for key, row in results["rows"].items():
        table.add_row(key.replace("_", " "), f"{row['ours']:,.0f}", f"{row['floor']:,.0f}", f"{row['ratio']:.2f}",
            f"{row['unpacked_floor']:,.0f}", f"{row['ratio_to_unpacked']:.2f}", f"{row['p99_ms']:.0f}" if row["p99_ms"] else "")
    screen.print(table)
    costs = Table("process", "CPU µs/event, end to end", "peak MiB")
    for name, used in results["cpu_us_per_event"].items():
        costs.add_row(name, f"{used:.1f}", f"{results['peak_mib'].get(name, 0):.0f}")
    screen.print(costs)


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))

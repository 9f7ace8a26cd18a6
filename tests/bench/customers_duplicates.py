"""Looking for duplicates: profiles per second, memory, and whether twice the profiles cost twice the time.

    python -m tests.bench.customers_duplicates        25,000 and 50,000 profiles; SCALE=full: 250,000 and 1,000,000

Made-up people (tests/support/people.py) of whom a part registered more than once; the comparing process alone, as a scan starts it.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.table import Table

from services.customer.commands.scan_process import COMMAND, Profile, Summary, encode, framed, items
from tests.support import people

SIZES: Final = (250_000, 1_000_000) if os.environ.get("SCALE") == "full" else (25_000, 50_000)

screen = Console(width=110)


def measure(count: int) -> dict[str, Any]:
    """One scan: seconds of wall clock and CPU, peak memory so far of all scans, and what was found."""
    with tempfile.TemporaryDirectory(prefix="ecrm-bench-") as folder:
        profiles, pairs = Path(folder) / "profiles", Path(folder) / "pairs"
        with profiles.open("wb") as file:
            for place, record in enumerate(people.records(count)):
                file.write(framed(encode(Profile(place.to_bytes(16, "big"), True, dict(record.traits)))))
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        with subprocess.Popen([*COMMAND, str(profiles), str(pairs)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
            if process.wait():
                raise RuntimeError("the comparing process failed")
        seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        *_, last = items(pairs)
        summary = msgspec.msgpack.decode(last, type=Summary)
    return {
        "profiles": count, "seconds": seconds, "cpu_seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "peak_mib": after.ru_maxrss / 1024, "compared": summary.compared, "pairs": summary.pairs,
    }


def main() -> None:
    results = [measure(size) for size in SIZES]
    table = Table("profiles", "seconds", "CPU s", "profiles/s", "minutes a million", "peak MiB", "compared", "pairs")
    for found in results:
        rate = found["profiles"] / found["seconds"]
        table.add_row(
            f"{found['profiles']:,}", f"{found['seconds']:.1f}", f"{found['cpu_seconds']:.1f}", f"{rate:,.0f}", f"{1e6 / rate / 60:.1f}",
            f"{found['peak_mib']:.0f}", f"{found['compared']:,}", f"{found['pairs']:,}",
        )
    screen.print(table)
    first, last = results[0], results[-1]
    growth = (last["cpu_seconds"] / first["cpu_seconds"]) / (last["profiles"] / first["profiles"])
    screen.print(f"CPU time a profile grows by the factor {growth:.2f} from {first['profiles']:,} to {last['profiles']:,} profiles")
    target = Path("build")
    target.mkdir(exist_ok=True)
    (target / "bench-customers-duplicates.json").write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()

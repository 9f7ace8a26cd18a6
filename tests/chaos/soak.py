"""Hours under load: 70 % of what the cluster takes is posted, and no process and no table grows for ever.

    python -m tests.chaos.soak [--seconds 7200]

Measures first, for 20 s, how many events a second are taken, then posts 0.7 of them. Exit code 1 when a process grows by more than 1 MiB in
10 minutes (the slope over the time after the first third, in which caches fill) or when something is left in an outbox, set aside or parked.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from contextlib import suppress
from typing import Any

import aiohttp
import numpy as np
import psutil

from tests.chaos import checking, shapes
from tests.support import proofs

SHARE, MOST_SLOPE, EVERY = 0.7, 1.0, 10.0
BATCH, CONNECTIONS = 50, 4
MUST_BE_EMPTY = ("outbox", "dead_letter", "parked")


class Load:
    """Posts batches as fast as allowed; `rate` is events a second, 0: without a limit."""

    def __init__(self, port: int, key: str) -> None:
        self._url, self._auth = f"http://127.0.0.1:{port}/v1/batch", {"authorization": aiohttp.encode_basic_auth(key, "")}
        self.answers: Counter[int] = Counter()
        self.number = 0

    async def run(self, seconds: float, *, rate: float = 0.0) -> float:
        """Events a second that were taken."""
        before, began = self.answers[200], time.monotonic()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
            await asyncio.gather(*(self._post(session, began, seconds, rate / CONNECTIONS) for _ in range(CONNECTIONS)))
        return (self.answers[200] - before) * BATCH / (time.monotonic() - began)

    async def _post(self, session: aiohttp.ClientSession, began: float, seconds: float, rate: float) -> None:
        sent = 0
        while (now := time.monotonic() - began) < seconds:
            if rate and sent * BATCH / rate > now:
                await asyncio.sleep(min(1.0, sent * BATCH / rate - now))
                continue
            sent += 1
            with suppress(aiohttp.ClientError, TimeoutError):
                async with session.post(self._url, json={"batch": self._events()}, headers=self._auth) as answer:
                    self.answers[answer.status] += 1

    def _events(self) -> list[dict[str, Any]]:
        self.number += BATCH
        return [
            {"type": "track", "event": "Seen", "anonymousId": f"soak-{number % 2000}", "messageId": f"soak-{number}", "properties": {"n": number}}
            for number in range(self.number, self.number + BATCH)
        ]


def memory(shape: shapes.SevenProcesses) -> dict[str, float]:
    """Resident MiB of each process."""
    return {name: psutil.Process(pid).memory_info().rss / 2**20 for name, pid in {**shape.pids(), "broker": shape.broker_pid}.items()}


def slopes(samples: list[tuple[float, dict[str, float]]]) -> dict[str, float]:
    """MiB in 10 minutes for each process, after the first third of the time."""
    late = samples[len(samples) // 3 :]
    at = np.array([when for when, _ in late])
    return {name: round(float(np.polyfit(at, [found[name] for _, found in late], 1)[0]) * 600, 2) for name in late[0][1]}


async def left(shape: shapes.SevenProcesses) -> dict[str, int]:
    """Rows where in the end there must be none."""
    found = {}
    for database in checking.ALL:
        for table in MUST_BE_EMPTY:
            found[f"{database}.{table}"] = (await checking.rows(shape, database, f'SELECT count(*) AS n FROM "{table}"'))[0]["n"]
    return {name: rows for name, rows in found.items() if rows}


async def sampled(shape: shapes.SevenProcesses, samples: list[tuple[float, dict[str, float]]]) -> None:
    while True:
        samples.append((time.monotonic(), memory(shape)))
        await asyncio.sleep(EVERY)


async def soak(shape: shapes.SevenProcesses, seconds: float) -> dict[str, Any]:
    load = Load(shape.port, json.loads((shape.data / "keys.json").read_text())["source_key"])
    capacity = await load.run(20)
    samples: list[tuple[float, dict[str, float]]] = []
    sampling = asyncio.create_task(sampled(shape, samples))
    taken = await load.run(seconds, rate=capacity * SHARE)
    sampling.cancel()
    await checking.settle(shape, 0, 0)
    deadline = time.monotonic() + 300
    while (rest := await left(shape)) and time.monotonic() < deadline:
        await asyncio.sleep(1)
    return {
        "seconds": seconds, "capacity": round(capacity), "taken_a_second": round(taken), "answers": dict(load.answers), "mib_in_10_minutes": slopes(samples),
        "mib_first": {name: round(size) for name, size in samples[0][1].items()}, "mib_last": {name: round(size) for name, size in samples[-1][1].items()},
        "left": rest,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=7200)
    seconds = parser.parse_args().seconds
    shape = shapes.SevenProcesses(shapes.free_base())
    try:
        shape.start(shape.port + 30)
        figures = asyncio.run(soak(shape, seconds))
    finally:
        shape.stop()
    path = proofs.keep("soak", figures)
    sys.stdout.write(f"{path}\n{json.dumps(figures, indent=1)}\n")
    growing = {name: slope for name, slope in figures["mib_in_10_minutes"].items() if slope > MOST_SLOPE}
    if growing or figures["left"]:
        sys.exit(f"growing: {growing}; left behind: {figures['left']}")


if __name__ == "__main__":
    main()

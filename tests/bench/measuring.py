"""Starting what is measured, posting, waiting until readers have caught up, reading CPU and memory of processes."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from chassis import settings
from chassis.clock import Clock
from chassis.identity import Caller
from launcher import secrets, wiring
from launcher.embedded_postgres import PrivateCluster

#: How many requests are prepared for each second of posting, by events a request: more than any of the two can take.
MOST_A_SECOND = {1: 4000, 20: 2000, 100: 600}
READERS = {
    "interaction": ("interaction.recorder", "ecrm.collected"),
    "customer": ("customer.profiles", "ecrm.interaction"),
    "analytics": ("analytics.warehouse", "ecrm.interaction"),
}


@dataclass(frozen=True)
class Target:
    """Something that takes events."""

    port: int
    key: str


@dataclass(frozen=True)
class EndToEnd:
    per_second: float
    cpu_us: dict[str, float]


async def post(target: Target, *, batch: int, tag: str, seconds: float = 60.0, requests: int | None = None, greet: bool = False) -> dict[str, Any]:
    """Run the load in a process of its own; its summary. Fails when anything was refused."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.load", "--port", str(target.port), "--key", target.key, "--batch", str(batch), "--tag", tag,
        "--seconds", str(seconds), "--requests", str(requests or int(seconds * MOST_A_SECOND[batch])), "--greet", str(int(greet)), stdout=subprocess.PIPE,
    )
    said, _ = await process.communicate()
    found: dict[str, Any] = json.loads(said)
    if found["refused"]:
        raise RuntimeError(f"{found['refused']} of {found['requests']} requests were refused")
    return found


class System:
    """The cluster shape while it is measured."""

    def __init__(self, data: Path, state: dict[str, Any], keys: dict[str, str]) -> None:
        self.data = data
        self.state = state
        self.door = Target(state["port"], keys["source_key"])
        self.database = PrivateCluster(data / "postgres", []).url("customer", role="owner")
        found = secrets.load_or_create(data)
        self._tokens = wiring.tokens(secrets.platform_settings(found, "gateway"), Clock())

    async def applied(self) -> dict[str, int]:
        """How many records each of the three readers has applied since the beginning."""
        found = {}
        async with aiohttp.ClientSession() as session:
            for service, (reader, topic) in READERS.items():
                token = self._tokens.mint(service, Caller(subject="bench", kind="service", scopes=frozenset({"admin"})))
                url = f"http://127.0.0.1:{self.state['ports'][service]}/internal/readers?ends=false"
                async with session.get(url, headers={"authorization": f"Bearer {token}"}) as answer:
                    answer.raise_for_status()
                    listed = {one["reader"]: one["applied"].get(topic) for one in (await answer.json())["data"]}
                found[service] = listed[reader]
        return found

    async def caught_up(self, goal: dict[str, int] | None = None) -> float:
        """Return the moment (of the wall clock) at which all three readers had reached the goal; without one, when they stand still."""
        before: dict[str, int] = {}
        while True:
            now = await self.applied()
            moment = time.time()
            if goal is not None and all(now[service] >= goal[service] for service in goal):
                return moment
            if goal is None and now == before:
                return moment
            before = now
            await asyncio.sleep(0.05 if goal is not None else 1.5)

    async def end_to_end(self, requests: int, *, tag: str) -> EndToEnd:
        """Post batches of 100 and wait until stored, resolved and loaded."""
        await self.caught_up()
        start = await self.applied()
        before = self.cpu()
        summary = await post(self.door, batch=100, tag=tag, requests=requests, seconds=600)
        events = summary["accepted"]
        done = await self.caught_up({service: applied + events for service, applied in start.items()})
        after = self.cpu()
        took = done - summary["first_post_at"]
        return EndToEnd(events / took, {name: 1e6 * (after[name] - before.get(name, 0.0)) / events for name in after})

    def processes(self) -> dict[str, list[psutil.Process]]:
        found = {name: [psutil.Process(pid)] for name, pid in self.state["processes"].items()}
        postmaster = psutil.Process(int((next(self.data.glob("postgres/**/postmaster.pid"))).read_text().split()[0]))
        found["postgresql"] = [postmaster, *postmaster.children(recursive=True)]
        found["kafka"] = [psutil.Process(int((self.data / "kafka" / "kafka.pid").read_text()))]
        return found

    def cpu(self) -> dict[str, float]:
        """Seconds of CPU by process name."""
        used = {}
        for name, listed in self.processes().items():
            times = [process.cpu_times() for process in listed if process.is_running()]
            used[name] = sum(t.user + t.system + t.children_user + t.children_system for t in times)
        return used

    def peak_memory(self) -> dict[str, float]:
        """Peak resident MiB of the platform's processes."""
        peak = {}
        for name, pid in self.state["processes"].items():
            line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
            peak[name] = int(line.split()[1]) / 1024
        return peak


@asynccontextmanager
async def cluster(data: Path, port: int) -> AsyncIterator[System]:
    """The cluster shape, started and stopped."""
    supervisor = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "launcher.cluster", "start", "--data", str(data), "--port", str(port),
        env={**settings.environment(), "KAFKA_JIT_TIER": "4"},
    )
    if await supervisor.wait() != 0:
        raise RuntimeError("the cluster did not start")
    try:
        state = json.loads((data / "cluster.json").read_text())
        yield System(data, state, json.loads((data / "keys.json").read_text()))
    finally:
        stopper = await asyncio.create_subprocess_exec(sys.executable, "-m", "launcher.cluster", "stop", "--data", str(data))
        await stopper.wait()


@asynccontextmanager
async def floor(system: System, port: int, *, packed: bool) -> AsyncIterator[Target]:
    """The floor on the same broker and the same PostgreSQL server."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.floor", "--port", str(port), "--log", f"kafka://{system.state['kafka']}", "--database", system.database,
        *(["--packed"] if packed else []),
    )
    target = Target(port, "none")
    async with aiohttp.ClientSession() as session:
        for _ in range(100):
            try:
                async with session.get(f"http://127.0.0.1:{port}/stored"):
                    break
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)
    try:
        yield target
    finally:
        process.send_signal(signal.SIGINT)
        await process.wait()


async def floor_end_to_end(target: Target, requests: int, *, tag: str) -> float:
    """Events per second from the first post to the last row in the table."""
    async with aiohttp.ClientSession() as session:

        async def stored() -> int:
            async with session.get(f"http://127.0.0.1:{target.port}/stored") as answer:
                return int(await answer.text())

        before = await stored()
        summary = await post(target, batch=100, tag=tag, requests=requests, seconds=600)
        while await stored() < before + summary["accepted"]:
            await asyncio.sleep(0.02)
        return float(summary["accepted"] / (time.time() - summary["first_post_at"]))

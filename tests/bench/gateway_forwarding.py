"""How fast the door forwards, beside a bare ASGI-plus-aiohttp forwarder to the same service, in turn in one run.

    python -m tests.bench.gateway_forwarding

Promise: small GETs at least 0.5, bodies of 60 KB at least 0.6 of the bare forwarder's requests a second; one connection waits less than 1 ms more
than at the service itself (half of the requests). CPU time a request says the same on a busy machine.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import psutil
import uvloop
from rich.console import Console
from rich.table import Table

from chassis.ids import new_text_id
from chassis.peers import Remote, new_session
from gateway import commands
from launcher import process
from launcher.embedded_postgres import PrivateCluster
from tests.bench import alone, gateway_serving
from tests.support.platform import TestPlatform, started

ROUNDS: Final = int(os.environ.get("ROUNDS", "3"))
SECONDS: Final = 2.0
GOALS: Final = {"small GET": 0.5, "body of 60 KB": 0.6}

screen = Console(width=120)


@asynccontextmanager
async def door(cluster: PrivateCluster, upstream: str) -> AsyncIterator[tuple[TestPlatform, int, dict[str, str]]]:
    """The gateway with its neighbours at `upstream`: its port and its first keys."""
    given = {"gateway": {"api_requests_per_minute": 100_000_000}}
    async with AsyncExitStack() as stack:
        platform = await stack.enter_async_context(started(cluster, "gateway", given=given))
        session = await stack.enter_async_context(new_session())
        service = platform["gateway"].service
        for name in service.peers.names:
            service.peers[name]._transport = Remote(upstream, lambda: session)
        keys = await commands.ensure_first_keys(service)
        listener = process.listen("127.0.0.1", 0)
        await stack.enter_async_context(process.serving(platform["gateway"].running.app, listener))
        process.settle_memory()
        yield platform, listener.getsockname()[1], keys


def requests(keys: dict[str, str]) -> dict[str, dict[str, Any]]:
    """What is asked: an answer of half a KB, a body of 60 KB for the collector, and what is entered into the audit log."""
    allowed = {"authorization": f"Bearer {keys['admin_key']}"}
    event = {"type": "track", "event": "Seen", "userId": "u", "properties": {"text": "x" * 500}}
    body = json.dumps({"batch": [event] * 106, "writeKey": "none"})
    write = {"x-write-key": keys["source_key"], "content-type": "application/json"}
    return {
        "small GET": {"method": "GET", "path": "/api/v1/segments?limit=6", "headers": allowed},
        "body of 60 KB": {"method": "POST", "path": "/v1/batch", "headers": write, "body": body},
        "read of a person": {"method": "GET", "path": f"/api/v1/customers/{new_text_id()}", "headers": allowed},
    }


async def measure(cluster: PrivateCluster) -> dict[str, Any]:
    ports = [gateway_serving.free_port() for _ in range(2)]
    upstream = f"http://127.0.0.1:{ports[0]}"
    me, rows = psutil.Process(), {}
    async with (
        gateway_serving.started("answering", ports[0]), gateway_serving.started("forwarding", ports[1], upstream) as bare,
        door(cluster, upstream) as (_, port, keys),
    ):
        for name, one in requests(keys).items():
            ours: list[tuple[float, float]] = []
            theirs: list[tuple[float, float]] = []
            for number in range(ROUNDS + 1):
                for found, target, used in ((ours, port, me), (theirs, ports[1], bare)):
                    before = sum(used.cpu_times()[:2])
                    said = await gateway_serving.load(target, [one], seconds=SECONDS if number else 0.5, connections=16)
                    if set(said["statuses"]) != {"200"}:
                        raise RuntimeError(f"{name}: {said['statuses']}")
                    if number:
                        cpu = (sum(used.cpu_times()[:2]) - before) / said["statuses"]["200"]
                        found.append((said["per_second"], 1e6 * cpu))
            waits = {who: [await one_at_a_time(target, one) for _ in range(ROUNDS)] for who, target in (("door", port), ("service", ports[0]))}
            rows[name] = {
                "per_second": statistics.median(one[0] for one in ours), "bare": statistics.median(one[0] for one in theirs),
                "ratio": statistics.median(mine[0] / bare[0] for mine, bare in zip(ours, theirs, strict=True)),
                "cpu_us": min(one[1] for one in ours), "bare_cpu_us": min(one[1] for one in theirs),
                "cpu_ratio": min(one[1] for one in theirs) / min(one[1] for one in ours),
                "added_p50_ms": statistics.median(waits["door"]) - statistics.median(waits["service"]), "goal": GOALS.get(name),
            }
    return {"rows": rows}


async def one_at_a_time(port: int, one: dict[str, Any]) -> float:
    """Milliseconds that half of the requests on one connection take."""
    said = await gateway_serving.load(port, [one], seconds=1.0, connections=1)
    return float(said["p50_ms"])


def show(result: dict[str, Any]) -> None:
    table = Table("forwarding", "door /s", "bare /s", "ratio", "goal", "door CPU µs", "bare CPU µs", "CPU ratio", "added p50 ms, one connection")
    for name, row in result["rows"].items():
        table.add_row(
            name, f"{row['per_second']:,.0f}", f"{row['bare']:,.0f}", f"{row['ratio']:.2f}", f"{row['goal'] or ''}", f"{row['cpu_us']:.0f}",
            f"{row['bare_cpu_us']:.0f}", f"{row['cpu_ratio']:.2f}", f"{row['added_p50_ms']:.2f}",
        )
    screen.print(table)


if __name__ == "__main__":
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    alone.run("gateway-forwarding", measure, show)

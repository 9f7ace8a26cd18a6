"""Single events through the door: the gateway and the collector as processes, small requests brought together and each by itself, in turn in one run.

    python -m tests.bench.gateway_singles

CPU microseconds a request of both processes say the same on a busy machine. No reader runs beside them; `make bench` measures it with all of them.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import psutil
import uvloop
from rich.console import Console
from rich.table import Table

from chassis.bundling import Bundled, bundles
from chassis.ids import new_text_id
from chassis.peers import Remote, Transport, new_session
from gateway import commands
from launcher import process
from launcher.embedded_postgres import PrivateCluster
from tests.bench import alone, gateway_serving
from tests.support import platform as support
from tests.support.platform import started

ROUNDS: Final = 3
#: Eight are let in on a busy machine, too.
CONNECTIONS: Final = (1, 8, 32)
WAYS: Final = ("apart", "together")

screen = Console(width=120)


async def measure(cluster: PrivateCluster, *, seconds: float = 3.0, rounds: int = ROUNDS) -> dict[str, Any]:
    """Requests a second, latencies, and what each cost."""
    port, run = gateway_serving.free_port(), new_text_id()[-8:]
    async with AsyncExitStack() as stack:
        told = (str(cluster.directory), run, str(port), json.dumps(support.KEYS))
        collector = await stack.enter_async_context(gateway_serving.process_of("tests.bench.gateway_singles", *told, port=port))
        platform = await stack.enter_async_context(started(cluster, "gateway", run=run))
        service, session = platform["gateway"].service, await stack.enter_async_context(new_session())
        remote = Remote(f"http://127.0.0.1:{port}", lambda: session)
        ways: dict[str, Transport] = {"apart": remote, "together": Bundled(remote)}
        keys = await commands.ensure_first_keys(service)
        listener = process.listen("127.0.0.1", 0)
        await stack.enter_async_context(process.serving(platform["gateway"].running.app, listener))
        await asyncio.sleep(2)  # the collector's table of keys follows every half second
        process.settle_memory()
        stack.callback(process.unsettle_memory)
        here, there = psutil.Process(), collector
        asked = requests(keys["source_key"])
        rows: dict[str, list[dict[str, float]]] = {}
        for _ in range(rounds):
            for connections in CONNECTIONS:
                for way in WAYS:
                    service.peers["collector"]._transport = ways[way]
                    before = used(here), used(there)
                    said = await gateway_serving.load(listener.getsockname()[1], asked, seconds=seconds, connections=connections)
                    count = said["statuses"].get("200", 0)
                    refused = sum(said["statuses"].values()) - count
                    rows.setdefault(f"{connections} {way}", []).append(
                        {
                            "per_second": said["per_second"], "p50_ms": said["p50_ms"], "p99_ms": said["p99_ms"], "refused": refused,
                            "gateway_us": 1e6 * (used(here) - before[0]) / count, "collector_us": 1e6 * (used(there) - before[1]) / count,
                        }
                    )
    return {name: {key: statistics.median(row[key] for row in found) for key in found[0]} for name, found in rows.items()}


def used(one: psutil.Process) -> float:
    times = one.cpu_times()
    return float(times.user + times.system)


def requests(source_key: str) -> list[dict[str, Any]]:
    event = {
        "type": "track", "event": "Product Viewed", "messageId": "@", "anonymousId": "a-1", "userId": "u-1", "properties": {"product_id": "p-1", "price": 19.9},
        "context": {"locale": "fa-IR", "page": {"path": "/shoes", "url": "https://shop.example/", "referrer": "https://search.example/"}},
    }
    headers = {"x-write-key": source_key, "content-type": "application/json"}
    return [{"method": "POST", "path": "/v1/track", "headers": headers, "body": json.dumps(event)}]


async def collecting(directory: str, run: str, port: int, keys: dict[str, Any]) -> None:
    """The collector behind a socket, without readers, until told to stop."""
    support.KEYS.update(keys)
    async with AsyncExitStack() as stack:
        platform = await stack.enter_async_context(started(PrivateCluster(Path(directory), []), "interaction", run=run, read=False))
        await stack.enter_async_context(process.serving(bundles(platform["interaction"].running.app), process.listen("127.0.0.1", port)))
        process.settle_memory()
        await process.until_told()


def show(result: dict[str, Any]) -> None:
    table = Table("connections, way", "requests/s", "p50 ms", "p99 ms", "refused", "gateway CPU µs", "collector CPU µs")
    for name, row in result.items():
        table.add_row(name, f"{row['per_second']:,.0f}", f"{row['p50_ms']:.1f}", f"{row['p99_ms']:.1f}", f"{row['refused']:.0f}", f"{row['gateway_us']:.0f}", f"{row['collector_us']:.0f}")
    screen.print(table)


if __name__ == "__main__":
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    if len(sys.argv) > 1:
        asyncio.run(collecting(sys.argv[1], sys.argv[2], int(sys.argv[3]), json.loads(sys.argv[4])))
        raise SystemExit(0)
    alone.run("gateway-singles", measure, show)

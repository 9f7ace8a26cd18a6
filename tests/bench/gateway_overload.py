"""What the door does when three times as much comes as can be done: the gateway and its neighbours as processes, a database, the load.

    python -m tests.bench.gateway_overload

Promise: what is accepted stays at 0.9 of what can be done at most, 99 of 100 accepted requests are answered within a second, everybody else is
told when to come back, and withdrawals go through meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp
import uvloop
from rich.console import Console
from rich.table import Table

from chassis.ids import new_text_id
from chassis.peers import Remote, new_session
from gateway import commands
from launcher import process
from launcher.embedded_postgres import PrivateCluster
from tests.bench import alone, gateway_serving
from tests.support import platform as support
from tests.support.platform import started

TIMES: Final = 3.0
CONNECTIONS: Final = 300
PEOPLE: Final = 50
EVENTS: Final = 20
NEIGHBOURS: Final = ("interaction", "customer", "consent")

screen = Console(width=120)


@asynccontextmanager
async def door(cluster: PrivateCluster) -> AsyncIterator[tuple[int, list[dict[str, Any]], str]]:
    """The gateway behind a socket, and its neighbours in processes of their own: its port, the requests it gets, and an administrator's key."""
    ports = {name: gateway_serving.free_port() for name in NEIGHBOURS}
    async with AsyncExitStack() as stack:
        run = new_text_id()[-8:]
        for name, port in ports.items():
            told = (str(cluster.directory), run, name, str(port), json.dumps(support.KEYS))
            await stack.enter_async_context(gateway_serving.process_of("tests.bench.gateway_overload", *told, port=port))
        given = {"gateway": {"api_requests_per_minute": 100_000_000}}
        platform = await stack.enter_async_context(started(cluster, "gateway", given=given, run=run))
        service, session = platform["gateway"].service, await stack.enter_async_context(new_session())
        for name, port in ports.items():
            for known in (name, "collector") if name == "interaction" else (name,):
                service.peers[known]._transport = Remote(f"http://127.0.0.1:{port}", lambda: session)
        keys = await commands.ensure_first_keys(service)
        listener = process.listen("127.0.0.1", 0)
        await stack.enter_async_context(process.serving(platform["gateway"].running.app, listener))
        people = []
        async with aiohttp.ClientSession(headers={"authorization": f"Bearer {keys['admin_key']}"}) as client:
            for number in range(PEOPLE):
                body = {"identities": [f"user:reader-{number}"], "traits": {"name": "Ada"}}
                async with client.post(f"http://127.0.0.1:{listener.getsockname()[1]}/api/v1/customers", json=body) as answer:
                    answer.raise_for_status()
                    people.append((await answer.json())["id"])
        await asyncio.sleep(2)  # the collector's table of keys follows every half second
        process.settle_memory()
        try:
            yield listener.getsockname()[1], requests(keys, people), keys["admin_key"]
        finally:
            process.unsettle_memory()


async def neighbour(directory: str, run: str, name: str, port: int, keys: dict[str, Any]) -> None:
    """A service behind a socket, until told to stop; it trusts whom the gateway's process trusts."""
    support.KEYS.update(keys)
    given: dict[str, dict[str, Any]] = {"consent": {"barrier_seconds": 0.1}}
    async with AsyncExitStack() as stack:
        platform = await stack.enter_async_context(started(PrivateCluster(Path(directory), []), name, given=given, run=run))
        await stack.enter_async_context(process.serving(platform[name].running.app, process.listen("127.0.0.1", port)))
        process.settle_memory()
        await process.until_told()


def requests(keys: dict[str, str], people: list[str]) -> list[dict[str, Any]]:
    """A profile and a batch of events in turn."""
    allowed, write = {"authorization": f"Bearer {keys['admin_key']}"}, {"x-write-key": keys["source_key"], "content-type": "application/json"}
    events = [{"type": "track", "event": "Seen", "userId": f"buyer-{number}", "messageId": f"@-{number}", "properties": {"price": 19.9}} for number in range(EVENTS)]
    found: list[dict[str, Any]] = []
    for person in people:
        found.append({"method": "GET", "path": f"/api/v1/customers/{person}", "headers": allowed})
        found.append({"method": "POST", "path": "/v1/batch", "headers": write, "body": json.dumps({"batch": events})})
    return found


async def measure(cluster: PrivateCluster, *, seconds: float = 8.0, rounds: int = 2) -> dict[str, Any]:
    """Capacity before and after each flood, and what came of the flood."""
    async with door(cluster) as (port, asked, key):
        await gateway_serving.load(port, asked, seconds=min(2.0, seconds), connections=16)
        capacity = [await able(port, asked, seconds / 2)]
        floods, withdrawn = [], []
        for _ in range(rounds):
            most = capacity[-1]
            trickle = asyncio.create_task(withdrawals(port, key, seconds))
            flood = await gateway_serving.load(port, asked, seconds=seconds, connections=CONNECTIONS, rate=TIMES * most)
            withdrawn += await trickle
            capacity.append(await able(port, asked, seconds / 2))
            floods.append({**flood, "share": flood["per_second"] / statistics.mean(capacity[-2:])})
    return {"capacity": capacity, "floods": floods, "withdrawals": withdrawn}


async def able(port: int, asked: list[dict[str, Any]], seconds: float) -> float:
    """What can be done at most: requests a second when each waits for its answer."""
    said = await gateway_serving.load(port, asked, seconds=seconds, connections=16)
    if set(said["statuses"]) != {"200"}:  # on a machine that others use, sixteen at once may be too many already
        screen.print(f"refused while only sixteen asked at once: {said['statuses']}")
    return float(said["per_second"])


async def withdrawals(port: int, key: str, seconds: float) -> list[tuple[int, float]]:
    """Some people withdraw meanwhile: status and seconds of each."""
    found, until = [], time.monotonic() + seconds * 0.8
    async with aiohttp.ClientSession(headers={"authorization": f"Bearer {key}"}) as session:
        await asyncio.sleep(seconds * 0.1)
        while time.monotonic() < until:
            began = time.monotonic()
            body = {"customer_id": new_text_id(), "purpose": "marketing"}
            async with session.post(f"http://127.0.0.1:{port}/api/v1/consents/withdrawals", json=body) as answer:
                found.append((answer.status, time.monotonic() - began))
            await asyncio.sleep(seconds / 20)
    return found


def show(result: dict[str, Any]) -> None:
    table = Table("overload", "can be done /s", "offered /s", "accepted /s", "share (goal 0.9)", "p50 ms", "p99 ms (goal 1000)", "answers", "Retry-After s")
    for number, flood in enumerate(result["floods"]):
        before, after = result["capacity"][number : number + 2]
        answers = ", ".join(f"{count:,} × {status}" for status, count in sorted(flood["statuses"].items()))
        table.add_row(
            f"round {number + 1}", f"{before:,.0f}, then {after:,.0f}", f"{flood['offered']:,.0f}", f"{flood['per_second']:,.0f}", f"{flood['share']:.2f}",
            f"{flood['p50_ms']:.0f}", f"{flood['p99_ms']:.0f}", answers, f"{flood['waits'][0]} to {flood['waits'][1]}; without: {flood['without_retry_after']}",
        )
    screen.print(table)
    slowest = max((seconds for _, seconds in result["withdrawals"]), default=0.0)
    taken = sum(status == 200 for status, _ in result["withdrawals"])
    screen.print(f"withdrawals meanwhile: {taken} of {len(result['withdrawals'])} taken, the slowest after {slowest:.2f} s")


if __name__ == "__main__":
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    if len(sys.argv) > 1:
        asyncio.run(neighbour(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), json.loads(sys.argv[5])))
        raise SystemExit(0)
    alone.run("gateway-overload", measure, show)

"""Files through the collector, the interaction service and the customer service: once, however often they are imported."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import uvicorn
from typer.testing import CliRunner

from chassis.eventlog import Record
from chassis.identity import Caller
from chassis.keys import TOPIC as KEYS
from chassis.keys import key_hash
from chassis.peers import Receive, Scope, Send
from contracts.gateway import KeyState, SourceSettings
from launcher import importing
from launcher.embedded_postgres import PrivateCluster
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio

KEY = "ecrm_wk_shop_secret_crc"
EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "examples"


@asynccontextmanager
async def serving(platform: TestPlatform) -> AsyncIterator[str]:
    """The collector on a port of the loopback, asked as the gateway asks it."""
    state = KeyState(key_hash=key_hash(KEY), key_id="k1", kind="source", source=SourceSettings(source_id="shop", name="Shop"))
    await platform.log.append([Record(KEYS, state.key_hash.encode(), msgspec.json.encode(state), (("ce_type", b"ecrm.state.keys.v1"),))])

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        token = platform.tokens.mint("collector", Caller(subject="", kind="source"))
        headers = [*scope["headers"], (b"x-ecrm-internal", token.encode())]
        await platform["interaction"].running.app(dict(scope, headers=headers), receive, send)

    server = uvicorn.Server(uvicorn.Config(door, host="127.0.0.1", port=0, lifespan="off", log_level="error", access_log=False))
    task = asyncio.create_task(server.serve())
    try:
        while not server.started or platform["interaction"].service.resources.keys.find(KEY) is None:
            await asyncio.sleep(0.02)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


async def run(url: str, kind: str, path: Path, *options: str) -> int:
    arguments = [kind, str(path), "--url", url, "--key", KEY, *options]
    result = await asyncio.to_thread(lambda: CliRunner().invoke(importing.app, arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code


async def count(platform: TestPlatform, service: str, sql: str) -> Any:
    return await platform[service].service.database.fetch_value(sql)


async def test_customers_and_events_twice(cluster: PrivateCluster, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text("user_id,email,First Name,plan\n1,ada@example.com,Ada,gold\n2,bob@example.com,Bob,free\n,eve@example.com,Eve,free\n")
    events = tmp_path / "events.jsonl"
    events.write_text('{"event":"Signed Up","userId":"1","timestamp":"2024-01-02T03:04:05Z"}\n' * 2)
    async with started(cluster, "interaction", "customer") as platform, serving(platform) as url:
        for _ in range(2):
            assert await run(url, "customers", people) == 0
            assert await run(url, "events", events) == 0
            await platform.drain()
        listed = (await platform["customer"].call("GET", "/api/v1/customers")).json()["data"]
        assert sorted((row["email"], row["name"], row["traits"]["plan"]) for row in listed) == [
            ("ada@example.com", "Ada", "gold"), ("bob@example.com", "Bob", "free"), ("eve@example.com", "Eve", "free"),
        ]
        assert await count(platform, "interaction", "SELECT count(*) FROM interaction") == 5


async def test_orders_and_credit_notes_twice(cluster: PrivateCluster, tmp_path: Path) -> None:
    invoices = tmp_path / "invoices.csv"
    invoices.write_text(
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID\n"
        "536365,85123A,HOLDER,6,2010-12-01 08:26:00,2.55,17850.0\n536365,71053,LANTERN,6,2010-12-01 08:26:00,3.39,17850.0\n"
        "C536379,85123A,HOLDER,-1,2010-12-01 09:41:00,2.55,17850.0\n536366,22633,WARMER,1,2010-12-01 08:28:00,1.85,\n"
    )
    async with started(cluster, "interaction", "customer") as platform, serving(platform) as url:
        for _ in range(2):
            assert await run(url, "orders", invoices, "--mapping", str(EXAMPLES / "online-retail.toml")) == 3
            await platform.drain()
        listed = (await platform["customer"].call("GET", "/api/v1/customers?identity=user:17850")).json()["data"]
        (customer,) = listed
        orders = (await platform["interaction"].call("GET", f"/api/v1/customers/{customer['id']}/orders")).json()["data"]
        assert [(order["order_id"], order["paid_minor"], order["currency"], len(order["lines"])) for order in orders] == [("536365", 3564, "GBP", 2)]
        assert await count(platform, "interaction", "SELECT sum(amount_minor) FROM credit_note") == 255


async def test_cdnow_twice(cluster: PrivateCluster, example_file: Callable[[str], Path], tmp_path: Path) -> None:
    path = tmp_path / "cdnow.txt"
    path.write_bytes(example_file("purchases/cdnow/CDNOW_sample.txt").read_bytes())
    async with started(cluster, "interaction", "customer") as platform, serving(platform) as url:
        for _ in range(2):
            assert await run(url, "orders", path, "--mapping", str(EXAMPLES / "cdnow.toml")) == 0
            await platform.drain(timeout=90)
            assert await count(platform, "customer", "SELECT count(*) FROM customer") == 2357
            assert await count(platform, "interaction", "SELECT count(*) FROM interaction") == 6919
            assert await count(platform, "interaction", "SELECT count(*) FROM orders") == 6919
        assert await count(platform, "interaction", "SELECT sum(paid_minor) FROM orders") == 24409194

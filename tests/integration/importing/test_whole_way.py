"""Files through the gateway: customers by imports, orders and events by the collector; once, however often they are imported."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner

from gateway import commands
from launcher import importing, process
from launcher.embedded_postgres import PrivateCluster
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio

EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "examples"


class Door(NamedTuple):
    """The gateway on a port of the loopback, and its first keys."""

    url: str
    admin_key: str
    source_key: str


@asynccontextmanager
async def serving(platform: TestPlatform) -> AsyncIterator[Door]:
    keys = await commands.ensure_first_keys(platform["gateway"].service)
    listener = process.listen("127.0.0.1", 0)
    async with process.serving(platform["gateway"].running.app, listener), asyncio.timeout(120):
        while any(platform[name].service.resources.keys.find(keys["source_key"]) is None for name in ("gateway", "interaction")):
            await asyncio.sleep(0.02)
        yield Door(f"http://127.0.0.1:{listener.getsockname()[1]}", keys["admin_key"], keys["source_key"])


async def run(door: Door, kind: str, path: Path, *options: str) -> int:
    key = door.admin_key if kind == "customers" else door.source_key
    result = await asyncio.to_thread(lambda: CliRunner().invoke(importing.app, [kind, str(path), "--url", door.url, "--key", key, *options]))
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
    async with started(cluster, "gateway", "interaction", "customer") as platform, serving(platform) as door:
        for _ in range(2):
            assert await run(door, "customers", people) == 0
            assert await run(door, "events", events) == 0
            await platform.drain()
        listed = (await platform["customer"].call("GET", "/api/v1/customers")).json()["data"]
        assert sorted((row["email"], row["name"], row["traits"]["plan"]) for row in listed) == [
            ("ada@example.com", "Ada", "gold"), ("bob@example.com", "Bob", "free"), ("eve@example.com", "Eve", "free"),
        ]
        assert await count(platform, "interaction", "SELECT count(*) FROM interaction") == 2
        assert await count(platform, "customer", "SELECT count(*) FROM trait_value WHERE source = 'import:people'") == 9


async def test_orders_by_address_are_those_of_the_customer_of_the_list(cluster: PrivateCluster, tmp_path: Path) -> None:
    people, orders = tmp_path / "people.csv", tmp_path / "orders.csv"
    people.write_text("user_id,email,plan\n7,ada@example.com,gold\n,eve@example.com,free\n")
    orders.write_text("email,order_id,ordered_at,total\nAda@Example.com,A,2024-01-02,5\neve@example.com,B,2024-01-02,7\neve@example.com,C,2024-01-03,9\n")
    async with started(cluster, "gateway", "interaction", "customer") as platform, serving(platform) as door:
        for _ in range(2):
            assert await run(door, "orders", orders, "--currency", "EUR") == 0
            assert await run(door, "customers", people) == 0
            await platform.drain()
        listed = (await platform["customer"].call("GET", "/api/v1/customers")).json()["data"]
        assert len(listed) == 2
        found = {}
        for row in listed:
            answer = await platform["interaction"].call("GET", f"/api/v1/customers/{row['id']}/orders")
            found[row["traits"]["plan"]] = sorted(order["order_id"] for order in answer.json()["data"])
        assert found == {"gold": ["A"], "free": ["B", "C"]}


async def test_orders_and_credit_notes_twice(cluster: PrivateCluster, tmp_path: Path) -> None:
    invoices = tmp_path / "invoices.csv"
    invoices.write_text(
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID\n"
        "536365,85123A,HOLDER,6,2010-12-01 08:26:00,2.55,17850.0\n536365,71053,LANTERN,6,2010-12-01 08:26:00,3.39,17850.0\n"
        "C536379,85123A,HOLDER,-1,2010-12-01 09:41:00,2.55,17850.0\n536366,22633,WARMER,1,2010-12-01 08:28:00,1.85,\n"
    )
    async with started(cluster, "gateway", "interaction", "customer") as platform, serving(platform) as door:
        for _ in range(2):
            assert await run(door, "orders", invoices, "--mapping", str(EXAMPLES / "online-retail.toml")) == 3
            await platform.drain()
        listed = (await platform["customer"].call("GET", "/api/v1/customers?identity=user:17850")).json()["data"]
        (customer,) = listed
        orders = (await platform["interaction"].call("GET", f"/api/v1/customers/{customer['id']}/orders")).json()["data"]
        assert [(order["order_id"], order["paid_minor"], order["currency"], len(order["lines"])) for order in orders] == [("536365", 3564, "GBP", 2)]
        assert await count(platform, "interaction", "SELECT sum(amount_minor) FROM credit_note") == 255


async def test_cdnow_twice(cluster: PrivateCluster, example_file: Callable[[str], Path], tmp_path: Path) -> None:
    path = tmp_path / "cdnow.txt"
    path.write_bytes(example_file("purchases/cdnow/CDNOW_sample.txt").read_bytes())
    async with started(cluster, "gateway", "interaction", "customer") as platform, serving(platform) as door:
        for _ in range(2):
            assert await run(door, "orders", path, "--mapping", str(EXAMPLES / "cdnow.toml")) == 0
            await platform.drain(timeout=90)
            assert await count(platform, "customer", "SELECT count(*) FROM customer") == 2357
            assert await count(platform, "interaction", "SELECT count(*) FROM interaction") == 6919
            assert await count(platform, "interaction", "SELECT count(*) FROM orders") == 6919
        assert await count(platform, "interaction", "SELECT sum(paid_minor) FROM orders") == 24409194

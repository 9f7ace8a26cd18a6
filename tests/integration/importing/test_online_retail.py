"""A slice of the Online Retail file through the gateway, twice: every customer's total to the last penny."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.e2e import online_retail
from tests.integration.importing.test_whole_way import EXAMPLES, run, serving
from tests.support.platform import started

pytestmark = pytest.mark.asyncio


async def test_two_days_twice_and_every_customers_total(
    cluster: PrivateCluster, tmp_path: Path, example_file: Callable[[str], Path]
) -> None:
    """D1 D12"""
    path = tmp_path / "online_retail.csv"
    invoices = online_retail.write(example_file("purchases/online_retail_by_day.tar.gz"), path, first=2)
    expected = online_retail.expected(invoices)
    async with started(cluster, "gateway", "interaction") as platform, serving(platform) as door:
        service = platform["interaction"]
        for _ in range(2):
            assert await run(door, "orders", path, "--mapping", str(EXAMPLES / "online-retail.toml")) == 3
            await platform.drain()
            async with service.service.read() as db:
                paid = await db.fetch("SELECT identity, count(*) AS orders, sum(paid_minor) AS minor FROM orders WHERE placed GROUP BY 1")
                noted = await db.fetch("SELECT identity, count(*) AS credits, sum(amount_minor) AS minor FROM credit_note GROUP BY 1")
            assert {row["identity"]: (row["orders"], row["minor"]) for row in paid} == {
                service.service.hash_identity(f"user:{name}"): (sums["orders"], sums["paid_minor"]) for name, sums in expected.items() if sums["orders"]
            }
            assert {row["identity"]: (row["credits"], row["minor"]) for row in noted} == {
                service.service.hash_identity(f"user:{name}"): (sums["credits"], sums["credited_minor"])
                for name, sums in expected.items() if sums["credits"]
            }
    refused = (tmp_path / "online_retail.csv.errors.csv").read_text().splitlines()[1:]
    assert len(refused) == sum(len(invoice.lines) for invoice in invoices if not invoice.customer) > 0
    assert {row.split(",")[1] for row in refused} == {"missing_customer"}
    assert sum(sums["credits"] for sums in expected.values()) > 0

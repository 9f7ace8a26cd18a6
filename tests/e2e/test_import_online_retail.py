"""The whole Online Retail file imported twice: every customer's total to the last penny."""

from __future__ import annotations

import csv
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e import online_retail
from tests.e2e.journey import until
from tests.support.upright import ROOT, Upright, upright

#: Of the importing process; the file itself has 46 MB.
MEMORY_MIB = 400


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_541909_lines_twice_and_every_customers_total(example_file: Callable[[str], Path], tmp_path: Path) -> None:
    """D1"""
    archive = example_file("purchases/online_retail_by_day.tar.gz")
    path = tmp_path / "online_retail.csv"
    invoices = online_retail.write(archive, path)
    expected = online_retail.expected(invoices)
    lines = [line for invoice in invoices for line in invoice.lines]
    everything = sum((invoice.amount for invoice in invoices), Decimal(0))
    assert (len(lines), len(invoices), len(expected)) == (online_retail.LINES, online_retail.INVOICES, online_retail.CUSTOMERS)
    assert everything.quantize(online_retail.CENT) == online_retail.EVERYTHING
    assert online_retail.sales(invoices).quantize(online_retail.CENT) == online_retail.SALES
    orders = sum(found["orders"] for found in expected.values())
    credits = sum(found["credits"] for found in expected.values())
    with upright() as up:
        for again in (False, True):
            begun = time.monotonic()
            peak = run(up, path)
            if not again:
                until(lambda: counted(up) == (orders, credits), "all orders and credit notes are there", seconds=240)
            time.sleep(2)  # a second import that counted twice would show now
            print(f"import {1 + again}: {time.monotonic() - begun:.0f} s, peak {peak:.0f} MiB, platform {used(up):.0f} s of CPU in all")
            assert peak < MEMORY_MIB
            assert totals(up, names(up, tmp_path)) == expected
        refused = (tmp_path / "online_retail.csv.errors.csv").read_text().splitlines()
        assert len(refused) == 1 + online_retail.WITHOUT_CUSTOMER
        assert {row.split(",")[1] for row in refused[1:]} == {"missing_customer"}
        largest = max((invoice for invoice in invoices if invoice.customer), key=lambda invoice: len(invoice.lines))
        shown = up.ask("GET", f"/api/v1/orders/{largest.number}")
        assert (shown["paid_minor"], shown["notes"]) == (largest.minor, [])
        assert len(shown["lines"]) == sum(line["StockCode"] not in {"POST", "DOT", "C2", "D"} for line in largest.lines)


def run(up: Upright, path: Path) -> float:
    """Import the file; the peak of the importing process in MiB."""
    command = [
        sys.executable, "-m", "launcher", "import", "orders", str(path), "--mapping", "docs/examples/online-retail.toml", "--url", up.url,
        "--key", up.source_key,
    ]
    process = psutil.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    peak = 0.0
    while process.poll() is None:
        try:
            peak = max(peak, process.memory_info().rss / 2**20)
        except psutil.NoSuchProcess:
            break
        time.sleep(0.25)
    output = process.communicate()[0]
    assert process.returncode == 3, output  # done, with the rows refused that name no customer
    return peak


def counted(up: Upright) -> tuple[int, int]:
    found = totals(up, {}).values()
    return sum(each["orders"] for each in found), sum(each["credits"] for each in found)


def names(up: Upright, folder: Path) -> dict[str, str]:
    """Customer's id -> id in the file, as the platform exports it."""
    path = folder / "customers.csv"
    command = ["export", "customers", str(path), "--fields", "id,user_id", "--force", "--url", up.url, "--key", up.admin_key]
    done = subprocess.run([sys.executable, "-m", "launcher", *command], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {row["id"]: row["user_id"] for row in csv.DictReader(file)}


def totals(up: Upright, names: dict[str, str]) -> dict[str, dict[str, int]]:
    """What the platform says of each customer, by the id of the file."""
    found: dict[str, dict[str, int]] = {}
    for each in up.all("/api/v1/order-totals", limit=500):
        if not each["currencies"]:
            continue
        assert [total["currency"] for total in each["currencies"]] == ["GBP"]
        sums: dict[str, Any] = each["currencies"][0]
        assert sums["kept_minor"] == sums["paid_minor"] - sums["credited_minor"]
        found[names.get(each["customer_id"], each["customer_id"])] = {name: sums[name] for name in ("orders", "credits", "paid_minor", "credited_minor")}
    return found


def used(up: Upright) -> float:
    """Seconds of CPU of the platform and its database until now."""
    me = psutil.Process(up.pid)
    return sum(sum(each.cpu_times()[:2]) for each in [me, *me.children(recursive=True)])

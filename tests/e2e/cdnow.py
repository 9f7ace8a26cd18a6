"""Real purchases imported twice, seen once: the CDNOW sample of 2,357 customers and 6,919 purchases, in any shape."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.e2e.journey import until
from tests.support.upright import ROOT, Upright

CUSTOMERS, ORDERS, MINOR = 2357, 6919, 24_409_194
WINDOW = {"from": "1997-01-01", "to": "1998-07-01"}
LOOKED_AT = 40


def import_twice(up: Upright, sample: Path, folder: Path) -> None:
    """Counts in customers, interactions and analytics, and every purchase of some customers, after each of two imports."""
    purchases: dict[str, list[int]] = defaultdict(list)
    for line in sample.read_text().splitlines():
        master_id, _, _, _, dollars = line.split()
        purchases[master_id].append(int(Decimal(dollars) * 100))
    assert (len(purchases), sum(len(found) for found in purchases.values())) == (CUSTOMERS, ORDERS)
    path = folder / "cdnow.txt"
    path.write_bytes(sample.read_bytes())
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-m", "launcher", "import", "orders", str(path), "--mapping", "docs/examples/cdnow.toml", "--url", up.url,
             "--key", up.source_key],
            cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert not (folder / "cdnow.txt.errors.csv").exists()
        until(lambda: revenue(up)[1] >= ORDERS, "analytics has all orders", seconds=180)
        time.sleep(2)  # a second import that counted twice would show now
        assert revenue(up) == (MINOR, ORDERS)
        customers = up.all("/api/v1/customers", limit=200)
        assert len(customers) == CUSTOMERS
        for master_id in sorted(purchases)[:: CUSTOMERS // LOOKED_AT]:
            look(up, master_id, purchases[master_id])


def look(up: Upright, master_id: str, amounts: list[int]) -> None:
    """One customer's timeline, orders and scores."""
    customer = up.customer(f"user:{master_id}")["id"]
    entries = up.timeline(customer, 2 * len(amounts))
    for wanted in (True, False):  # each purchase as it was told, and as an order
        assert len([entry for entry in entries if (entry["kind"] == "order") is wanted]) == len(amounts)
    orders = up.all(f"/api/v1/customers/{customer}/orders")
    assert sorted(order["paid_minor"] for order in orders) == sorted(amounts)
    assert {order["currency"] for order in orders} == {"USD"}
    assert up.ask("GET", f"/api/v1/customers/{customer}/scores")["known"] is True


def revenue(up: Upright) -> tuple[Any, int]:
    """Over the whole time of the sample: minor units and the number of orders."""
    found = up.ask("GET", "/api/v1/metrics/revenue", params=WINDOW)
    return found["numerator"], int(found["denominator"] or 0)

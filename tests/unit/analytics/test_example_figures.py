"""Published and computed figures of real purchase data, reproduced by the warehouse's own loading function and queries."""

from __future__ import annotations

import csv
import io
import tarfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

import pytest

from contracts.interaction import OrderPlaced
from services.analytics.domain import calendars
from services.analytics.store import decoding, loading, metric_sql, score_sql
from services.analytics.store.decoding import Loaded
from services.analytics.store.warehouse import Warehouse
from tests.unit.analytics.shop import identity

Find = Callable[[str], Path]


def _customer(name: str) -> str:
    return str(UUID(int=int(name) + (7 << 76) + (1 << 63)))


async def _load(path: Path, orders: Iterator[tuple[str, OrderPlaced]]) -> Warehouse:
    """Load orders with their customers, in batches as large as the reader's."""
    warehouse = Warehouse(str(path / "facts.duckdb"))
    await warehouse.open()
    loaded = Loaded()
    for name, order in orders:
        loaded.orders[order.order_id] = order
        loaded.identities[decoding.hash_of(order.identity)] = ("user", _customer(name))
        loaded.profiles[_customer(name)] = (_customer(name), 1, order.ordered_at, None, True, True, False, False, None, "{}", "person")
        if len(loaded.orders) >= 4000:
            await warehouse.write(lambda c, part=loaded: loading.store(c, part))  # type: ignore[misc]
            loaded = Loaded()
    await warehouse.write(lambda c: loading.store(c, loaded))
    return warehouse


def _order(order_id: str, name: str, at: datetime, minor: int, currency: str) -> OrderPlaced:
    return OrderPlaced(
        order_id=order_id, identity=identity(f"user:{name}"), source="import", status="placed", currency=currency, ordered_at=at, paid_minor=minor,
        net_minor=minor,
    )


def _cdnow(path: Path) -> Iterator[tuple[str, OrderPlaced]]:
    for number, line in enumerate(path.read_text(encoding="ascii").splitlines()):
        _, name, day, _, dollars = line.split()
        at = datetime(int(day[:4]), int(day[4:6]), int(day[6:]), tzinfo=UTC)
        yield name, _order(f"cdnow-{number}", name, at, int((Decimal(dollars) * 100).to_integral_value()), "USD")


async def _scores(warehouse: Warehouse, as_of: datetime, currency: str, *, by_days: bool) -> list[tuple[Any, ...]]:
    def read(connection: Any) -> list[tuple[Any, ...]]:
        score_sql.compute(connection, as_of=as_of, currency=currency, zone="UTC", by_days=by_days)
        found: list[tuple[Any, ...]] = connection.execute(
            "SELECT customer::VARCHAR, recency, days, orders, monetary, r, f, m FROM fresh"
        ).fetchall()
        return found

    return await warehouse.read(read)


async def _cohorts(warehouse: Warehouse, first: date, last: date) -> dict[str, list[int]]:
    spans = calendars.months(first, last, "gregorian")
    edges = [calendars.midnight(span.first, "UTC") for span in spans]

    def read(connection: Any) -> list[tuple[int, int, int, int]]:
        metric_sql.gather_cohorts(connection, edges, currency="EUR")
        return metric_sql.cohorts(connection)

    cells = await warehouse.read(read)
    table: dict[str, list[int]] = {span.label: [0] * len(spans) for span in spans}
    for cohort, after, count, _ in cells:
        table[spans[cohort].label][after] = count
    return table


@pytest.mark.asyncio
async def test_cdnow_counts_rfm_and_cohorts(tmp_path: Path, example_file: Find) -> None:
    """A1, K4, U25: CDNOW sample, figures as published with the data."""
    warehouse = await _load(tmp_path, _cdnow(example_file("purchases/cdnow/CDNOW_sample.txt")))
    try:
        rows = await _scores(warehouse, datetime(1998, 7, 1, tzinfo=UTC), "USD", by_days=True)
        assert len(rows) == 2357
        assert sum(row[3] for row in rows) == 6919
        assert sum(row[2] for row in rows) == 6696
        assert sum(row[4] for row in rows) == 24409194
        recency, days, money = ([row[column] for row in rows] for column in (1, 2, 4))
        assert sum(recency) / 2357 == pytest.approx(372.564, abs=0.001)
        assert sum(days) / 2357 == pytest.approx(2.841, abs=0.001)
        assert sum(money) / 2357 / 100 == pytest.approx(103.56, abs=0.01)
        assert (median(recency), median(days), median(money)) == (474, 1, 4306)
        assert max(rows, key=lambda row: row[4])[0] == _customer("1901")
        assert max(money) == 655270
        assert max(rows, key=lambda row: row[2])[0] == _customer("157")
        assert max(days) == 44
        assert {row[5] for row in rows} == {1, 2, 3, 4, 5}
        table = await _cohorts(warehouse, date(1997, 1, 1), date(1998, 7, 1))
        assert table["1997-01"][:7] == [781, 124, 95, 70, 65, 77, 65]
        assert table["1997-02"][:7] == [857, 134, 110, 75, 77, 75, 61]
        assert table["1997-03"][:7] == [719, 87, 84, 78, 63, 64, 55]
    finally:
        await warehouse.close()


def _online_retail(path: Path) -> Iterator[tuple[str, OrderPlaced]]:
    """Sales lines only; the lines of one invoice are one order, summed exactly."""
    invoices: dict[str, tuple[str, datetime, Decimal]] = {}
    with tarfile.open(path) as archive:
        for member in archive:
            found = archive.extractfile(member) if member.name.endswith(".csv") else None
            if found is None:
                continue
            for row in csv.DictReader(io.TextIOWrapper(found, "utf-8")):
                quantity, price = int(row["Quantity"]), Decimal(row["UnitPrice"])
                if not row["CustomerID"] or row["InvoiceNo"].startswith("C") or quantity <= 0 or price <= 0:
                    continue
                name, at = row["CustomerID"].split(".")[0], datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=UTC)
                _, first, total = invoices.get(row["InvoiceNo"], (name, at, Decimal(0)))
                invoices[row["InvoiceNo"]] = (name, min(first, at), total + quantity * price)
    for number, (name, at, total) in invoices.items():
        yield name, _order(f"invoice-{number}", name, at, int((total * 100).to_integral_value()), "GBP")


@pytest.mark.asyncio
async def test_online_retail_rfm_and_cohorts(tmp_path: Path, example_file: Find) -> None:
    """U25, K4: sales lines of a British web shop."""
    warehouse = await _load(tmp_path, _online_retail(example_file("purchases/online_retail_by_day.tar.gz")))
    try:
        rows = await _scores(warehouse, datetime(2011, 12, 10, tzinfo=UTC), "GBP", by_days=False)
        assert len(rows) == 4338
        assert sum(row[3] for row in rows) == 18532
        assert sum(row[4] for row in rows) / 100 == pytest.approx(8911407.90, abs=0.5)  # four lines have prices below a penny
        assert median(row[1] for row in rows) == 50
        assert median(row[3] for row in rows) == 2
        assert median(row[4] for row in rows) / 100 == pytest.approx(674.485, abs=0.01)
        by_name = {row[0]: row for row in rows}
        assert by_name[_customer("12347")][1:5] == (2, by_name[_customer("12347")][2], 7, 431000)
        assert by_name[_customer("17850")][1:5] == (372, by_name[_customer("17850")][2], 34, 539121)
        table = await _cohorts(warehouse, date(2010, 12, 1), date(2012, 1, 1))
        assert table["2011-01"][:12] == [417, 92, 111, 96, 134, 120, 103, 101, 125, 136, 152, 49]
    finally:
        await warehouse.close()

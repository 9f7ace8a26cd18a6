"""The Online Retail file: what its lines say by themselves, computed apart from the platform with decimals."""

from __future__ import annotations

import csv
import io
import tarfile
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

#: The open totals that are published with the file.
LINES, INVOICES, CUSTOMERS, WITHOUT_CUSTOMER = 541_909, 25_900, 4_372, 135_080
EVERYTHING, SALES = Decimal("9747747.93"), Decimal("8911407.90")
CENT = Decimal("0.01")


class Invoice(NamedTuple):
    """An invoice with its customer (empty: none)."""

    number: str
    customer: str
    lines: list[dict[str, str]]

    @property
    def amount(self) -> Decimal:
        return sum((Decimal(line["Quantity"]) * Decimal(line["UnitPrice"]) for line in self.lines), Decimal(0))

    @property
    def minor(self) -> int:
        """Pence, as anybody would pay it: rounded once, half-even."""
        return int((self.amount * 100).to_integral_value())


def days(archive: Path) -> Iterable[tuple[str, str]]:
    """(name, text) of the file of each day, in order."""
    with tarfile.open(archive) as found:
        for member in sorted((each for each in found if each.name.endswith(".csv")), key=lambda each: each.name):
            content = found.extractfile(member)
            assert content is not None
            yield member.name, content.read().decode("utf-8")


def write(archive: Path, target: Path, *, first: int | None = None) -> list[Invoice]:
    """One file of all days, or of the first ones; returns the invoices in it."""
    invoices: dict[str, Invoice] = {}
    with target.open("w", encoding="utf-8", newline="") as file:
        writer: Any = None
        for number, (_, text) in enumerate(days(archive)):
            if number == first:
                break
            for row in csv.DictReader(io.StringIO(text, newline="")):
                if writer is None:
                    writer = csv.DictWriter(file, row.keys())
                    writer.writeheader()
                writer.writerow(row)
                invoice = invoices.setdefault(row["InvoiceNo"], Invoice(row["InvoiceNo"], row["CustomerID"].removesuffix(".0"), []))
                invoice.lines.append(row)
    return list(invoices.values())


def expected(invoices: Iterable[Invoice]) -> dict[str, dict[str, int]]:
    """Customer -> orders, credits, and pence paid and credited."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: {"orders": 0, "credits": 0, "paid_minor": 0, "credited_minor": 0})
    for invoice in invoices:
        if not invoice.customer:
            continue
        customer = found[invoice.customer]
        if invoice.minor < 0:
            customer["credits"] += 1
            customer["credited_minor"] -= invoice.minor
        else:
            customer["orders"] += 1
            customer["paid_minor"] += invoice.minor
    return dict(found)


def sales(invoices: Iterable[Invoice]) -> Decimal:
    """The lines with a customer, no cancelling invoice, quantity and price above zero."""
    return sum(
        (
            Decimal(line["Quantity"]) * Decimal(line["UnitPrice"])
            for invoice in invoices
            for line in invoice.lines
            if invoice.customer and not invoice.number.startswith("C") and Decimal(line["Quantity"]) > 0 and Decimal(line["UnitPrice"]) > 0
        ),
        Decimal(0),
    )

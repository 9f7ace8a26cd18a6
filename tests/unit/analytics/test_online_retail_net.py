"""Every line of the Online Retail file in the warehouse: totals as published, net of cancellations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from contracts.interaction import CreditNoted, OrderLine, OrderPlaced
from services.analytics.domain import rules
from services.analytics.store import decoding, loading, measures, metric_sql
from services.analytics.store.decoding import Loaded
from services.analytics.store.measures import Ask, Window
from services.analytics.store.warehouse import Warehouse
from tests.e2e import online_retail
from tests.e2e.online_retail import Invoice
from tests.unit.analytics.shop import customer_id, identity

EVER = Window(date(2010, 12, 1), date(2012, 1, 1), datetime(2010, 12, 1, tzinfo=UTC), datetime(2012, 1, 1, tzinfo=UTC))


def _minor(line: dict[str, str]) -> int:
    return int((Decimal(line["Quantity"]) * Decimal(line["UnitPrice"]) * 100).to_integral_value())


def _load(loaded: Loaded, invoice: Invoice) -> None:
    """What was billed is an order, what was taken back a credit note; without a customer it is nobody's."""
    at = datetime.fromisoformat(invoice.lines[0]["InvoiceDate"]).replace(tzinfo=UTC)
    who = identity(f"user:{invoice.customer or invoice.number}")
    if invoice.customer:
        loaded.identities[decoding.hash_of(who)] = ("user", customer_id(int(invoice.customer)))
        row = (customer_id(int(invoice.customer)), 1, at, None, True, True, False, False, None, "{}", "person")
        loaded.profiles[row[0]] = row
    if invoice.minor < 0:
        note = CreditNoted(credit_id=invoice.number, identity=who, source="import", currency="GBP", amount_minor=-invoice.minor, noted_at=at)
        loaded.refunds[note.credit_id] = (note.credit_id, None, decoding.hash_of(who), note.source, note.currency, note.amount_minor, at)
        return
    loaded.orders[invoice.number] = OrderPlaced(
        order_id=invoice.number, identity=who, source="import", status="placed", currency="GBP", ordered_at=at, paid_minor=invoice.minor, net_minor=invoice.minor,
        lines=[OrderLine(product_id=line["StockCode"], quantity=float(line["Quantity"]), amount_minor=_minor(line)) for line in invoice.lines],
    )


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.asyncio
async def test_totals_and_a_customer_who_cancelled_everything(tmp_path: Path, example_file: Callable[[str], Path]) -> None:
    """K5, U23: 541,909 lines, £9,747,747.93 net of cancellations; customer 12346 bought and cancelled £77,183.60: net 0."""
    invoices = online_retail.write(example_file("purchases/online_retail_by_day.tar.gz"), tmp_path / "all.csv")
    warehouse = Warehouse(str(tmp_path / "facts.duckdb"))
    await warehouse.open()
    try:
        for start in range(0, len(invoices), 5000):
            loaded = Loaded()
            for invoice in invoices[start : start + 5000]:
                _load(loaded, invoice)
            await warehouse.write(lambda c, part=loaded: loading.store(c, part))  # type: ignore[misc]

        def read(connection: Any) -> tuple[Any, ...]:
            ask = Ask(EVER, datetime(2012, 1, 1, tzinfo=UTC), "GBP")
            everything = measures.figures(connection, "revenue", ask)[0]
            lines = connection.execute("SELECT count(*) FROM line").fetchone()[0]
            refunds = connection.execute("SELECT count(*) FROM refund").fetchone()[0]
            metric_sql.limit_to(connection, rules.Trait(rules.Compared("known", "eq", True)), now=ask.as_of, currency="GBP")
            net = connection.execute(
                f"SELECT sum(numerator), list(numerator ORDER BY numerator) FROM ({measures.statement('revenue', ask._replace(scoped=True))}) WHERE customer = $customer::UUID",
                measures.parameters("$since $until $currency $customer", ask, customer=customer_id(12346)),
            ).fetchone()
            known = measures.figures(connection, "revenue", ask._replace(scoped=True))[0]
            return everything, lines, refunds, net, known

        everything, lines, refunds, net, known = await warehouse.read(read)
        billed = [invoice for invoice in invoices if invoice.minor >= 0]
        assert len(invoices) == online_retail.INVOICES == everything.denominator + refunds
        assert lines == sum(len(invoice.lines) for invoice in billed)
        assert lines + sum(len(invoice.lines) for invoice in invoices if invoice.minor < 0) == online_retail.LINES
        assert abs(everything.numerator - int(online_retail.EVERYTHING * 100)) <= 1  # four lines have prices below a penny
        assert net == (0, [-7718360, 7718360])
        assert known.numerator == sum(invoice.minor for invoice in invoices if invoice.customer)
    finally:
        await warehouse.close()

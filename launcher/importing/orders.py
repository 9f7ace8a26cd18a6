"""Rows of orders -> order messages: one row an order, or several lines one order; cancelling invoices become credit notes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Final

from chassis.tabular import Layout, Row, RowError
from chassis.tabular.values import Refused, id_text, moment
from launcher.importing import values
from launcher.importing.mapping import MEANINGS
from launcher.importing.messages import Message, sealed
from launcher.importing.values import Repetitions

_LINE: Final = {"product_id": "product_id", "product_name": "name", "category": "category", "brand": "brand"}
_LINE_CELLS: Final = frozenset({*_LINE, "quantity", "price", "line_discount"})
#: As many lines one event can have: five values each, and about a hundred bytes.
PORTION: Final = 200
#: What the row says of the whole order in words.
_TEXTS: Final = ("coupon", "affiliation", "partner_id", "employee_id", "promised_on", "shipped_at", "delivered_at")
LONGEST_EMAIL: Final = 320
_AMOUNTS: Final = ("total", "subtotal", "shipping", "tax", "discount")


class OrderRows:
    """Makes orders of rows. Lines of one order may be scattered over the file: `last_lines` says where each order ends."""

    def __init__(self, layout: Layout, *, currency: str | None, last_lines: dict[str, int]) -> None:
        self._layout = layout
        self._currency = currency or layout.currency
        self._last = last_lines
        self._open: dict[str, list[Row]] = {}
        self._repeated = Repetitions()
        self._introduced: set[str] = set()

    def messages(self, rows: Iterable[Row | RowError]) -> Iterator[Message | RowError]:
        """An order as soon as its last line was read."""
        for row in rows:
            if isinstance(row, RowError):
                yield row
                continue
            order = _order_key(row)
            if order is None:
                yield from self._made([row])
                continue
            lines = self._open.setdefault(order, [])
            lines.append(row)
            if row.line >= self._last.get(order, row.line):
                yield from self._made(self._open.pop(order))

    def _made(self, rows: list[Row]) -> Iterator[Message | RowError]:
        """The order of these rows, or an error for each of them: half an order would be a wrong one."""
        faults: dict[int, Refused] = {}
        lines: list[dict[str, Any]] = []
        total = Decimal(0)
        charged: dict[str, Decimal] = {}
        for row in rows:
            try:
                line, paid = self._line(row)
                charge = self._layout.charges.get(line.get("product_id", ""))
                if charge is not None and charge != "fee":
                    charged[charge] = charged.get(charge, Decimal(0)) + (-paid if charge == "discount" else paid)
                    continue
                if charge == "fee":
                    line["fee"] = True
                lines += [line] if line else []
                total += paid
            except Refused as refused:
                faults[row.line] = refused
        if not faults:
            try:
                order = self._order(rows, lines, total, charged)
                yield from self._introduction(rows, order)
                yield from portions(order)
                return
            except Refused as refused:
                faults = {row.line: refused for row in rows}
        for row in rows:
            fault = faults.get(row.line, Refused("order_has_bad_line", "another line of this order was refused"))
            yield RowError(row.line, fault.code, fault.reason)

    def _line(self, row: Row) -> tuple[dict[str, Any], Decimal]:
        """A position and what is paid for it; empty when the row has none."""
        cells = row.cells
        if not _LINE_CELLS & cells.keys():
            return {}, Decimal(0)
        quantity = values.amount(cells.get("quantity", 1), "quantity", self._layout)
        line: dict[str, Any] = {name: str(cells[cell]) for cell, name in _LINE.items() if cell in cells}
        if "product_id" in line:
            line["product_id"] = id_text(cells["product_id"], "product_id")
        line["quantity"] = values.number(quantity)
        if "price" not in cells:
            return line, Decimal(0)
        price = values.amount(cells["price"], "price", self._layout)
        line["price"] = values.number(price)
        if "line_discount" not in cells:
            return line, price * quantity
        discount = values.amount(cells["line_discount"], "line_discount", self._layout)
        line["discount"] = values.number(discount)
        return line, price * quantity - discount

    def _order(self, rows: list[Row], lines: list[dict[str, Any]], of_lines: Decimal, charged: dict[str, Decimal]) -> Message:
        head = self._head(rows)
        properties: dict[str, Any] = {
            name: value for row in rows for name, value in row.cells.items() if name not in MEANINGS["orders"].targets
        }
        currency = str(head.get("currency", self._currency or "")).strip().upper()
        if currency:
            properties["currency"] = currency
        for name in _TEXTS:
            if name in head:
                properties[name] = str(head[name])
        amounts: dict[str, Decimal] = {name: values.amount(head[name], name, self._layout) for name in _AMOUNTS if name in head}
        amounts |= {name: amounts.get(name, Decimal(0)) + value for name, value in charged.items()}
        if "total" not in amounts and "subtotal" not in amounts:
            if not any("price" in line for line in lines) and not charged:
                raise Refused("missing_total", "the row has no total, and no price of a line")
            amounts["total"] = of_lines - amounts.get("discount", Decimal(0)) + amounts.get("shipping", Decimal(0)) + amounts.get("tax", Decimal(0))
        content = {"type": "track", "event": "Order Completed", **self._customer(head), "timestamp": self._ordered_at(head)}
        numbers = tuple(row.line for row in rows)
        total = amounts.get("total", amounts.get("subtotal", Decimal(0)))
        if total < 0 or "refund_of" in head:
            return self._refund(content, head, properties, lines, abs(total), numbers)
        if any(value < 0 for value in amounts.values()):
            raise Refused("negative_amount", "an amount of the order is below zero")
        properties |= {name: values.number(value) for name, value in amounts.items()}
        if any("product_id" in line for line in lines):
            properties["products"] = lines
        elif len(lines) == 1:
            properties |= {name: value for name, value in lines[0].items() if name not in properties}
        return self._sealed(content, properties, head, numbers)

    def _sealed(self, content: dict[str, Any], properties: dict[str, Any], head: dict[str, Any], lines: tuple[int, ...]) -> Message:
        """With the order's own id, or one that follows from customer, date, content and the n-th equal row."""
        nth = 1
        if "order_id" in head:
            properties["order_id"] = id_text(head["order_id"], "order_id")
        else:
            fingerprint = values.digest([content, properties])
            nth = self._repeated.nth(fingerprint)
            properties["order_id"] = f"import-{fingerprint[:24]}-{nth}"
        return sealed({**content, "properties": properties}, lines, nth=nth)

    def _refund(
        self, content: dict[str, Any], head: dict[str, Any], properties: dict[str, Any], returned: list[dict[str, Any]], total: Decimal,
        lines: tuple[int, ...],
    ) -> Message:
        """A cancelling invoice is a refund of the order it names, else a credit note of the customer; what came back stands in it."""
        properties["total"] = values.number(total)
        if returned and len(returned) <= PORTION and all("product_id" in line for line in returned):
            properties["products"] = [{**line, "quantity": abs(line["quantity"])} for line in returned if type(line["quantity"]) is not str]
        if "refund_of" in head:
            properties["order_id"] = id_text(head["refund_of"], "refund_of")
        nth = 1
        if "order_id" in head:
            properties["refund_id"] = id_text(head["order_id"], "order_id")
        else:
            nth = self._repeated.nth(values.digest([content, properties]))
        return sealed({**content, "event": "Order Refunded", "properties": properties}, lines, nth=nth)

    def _head(self, rows: list[Row]) -> dict[str, Any]:
        """What the rows say about the whole order; they must not contradict each other."""
        head: dict[str, Any] = {}
        for row in rows:
            for name, value in row.cells.items():
                if name in _LINE_CELLS or name not in MEANINGS["orders"].targets:
                    continue
                if head.setdefault(name, value) != value and name != "ordered_at":
                    raise Refused("contradicting_rows", f"rows of this order have different values of {name}")
        if len(rows) > 1 and not any(_LINE_CELLS & row.cells.keys() for row in rows) and any(row.cells != rows[0].cells for row in rows):
            raise Refused("contradicting_rows", "several rows have this order_id, but they are no lines")
        return head

    def _customer(self, head: dict[str, Any]) -> dict[str, Any]:
        if "customer_id" in head:
            return {"userId": id_text(head["customer_id"], "customer_id")}
        if "email" in head:
            if len(str(head["email"])) > LONGEST_EMAIL:
                raise Refused("bad_email", "email is longer than addresses can be")
            return {"anonymousId": f"import-{values.digest(['email', str(head['email']).strip().casefold()])}"}
        raise Refused("missing_customer", "the row has no customer_id and no email")

    def _introduction(self, rows: list[Row], order: Message) -> Iterator[Message]:
        """Somebody who is known by an address alone is the one of whom that address is known from elsewhere; said once a file."""
        anonymous = order.content.get("anonymousId")
        if anonymous is None or anonymous in self._introduced:
            return
        self._introduced.add(anonymous)
        email = next(str(row.cells["email"]) for row in rows if "email" in row.cells)
        yield sealed({"type": "identify", "anonymousId": anonymous, "timestamp": order.content["timestamp"], "traits": {"email": email}}, ())

    def _ordered_at(self, head: dict[str, Any]) -> str:
        if "ordered_at" not in head:
            raise Refused("missing_ordered_at", "the row has no ordered_at")
        return values.iso(moment(head["ordered_at"], "ordered_at", self._layout))


def portions(order: Message) -> Iterator[Message]:
    """The order in one message, or in several if it has more lines than the platform takes at once: the first says how many in all."""
    properties = order.content["properties"]
    products = properties.get("products", [])
    if len(products) <= PORTION:
        yield order
        return
    content = {name: value for name, value in order.content.items() if name != "messageId"}
    whole = {**properties, "products": products[:PORTION], "products_total": len(products)}
    yield sealed({**content, "properties": whole}, order.lines)
    for begin in range(PORTION, len(products), PORTION):
        more = {"order_id": properties["order_id"], "products": products[begin : begin + PORTION], "products_from": begin}
        yield sealed({**content, "event": "Order Updated", "properties": more}, ())


def last_lines(rows: Iterable[Row | RowError]) -> dict[str, int]:
    """Where each order with an id ends: a first look through the file, so that only open orders are kept in memory."""
    found: dict[str, int] = {}
    for row in rows:
        order = None if isinstance(row, RowError) else _order_key(row)
        if order is not None:
            found[order] = row.line
    return found


def _order_key(row: Row) -> str | None:
    order = row.cells.get("order_id")
    return None if order is None else str(order).strip()

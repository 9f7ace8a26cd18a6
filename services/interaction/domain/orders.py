"""Orders: changes in any order -> the same order.

State is a map of fields, each with the weight and moment of the change that set it; merging keeps the greater, so it is commutative,
associative and idempotent (a last-writer-wins map in the sense of Shapiro et al. 2011). Everything shown is computed from the state.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from contracts.interaction import OrderLine
from services.interaction.domain import money
from services.interaction.domain import order_lines as portions
from services.interaction.domain.order_events import (
    AMOUNTS,
    MISMATCH,
    Line,
    OrderChange,
    from_micros,
    line_amount,
    lines_disagree,
)
from services.interaction.domain.order_lines import Held

EXCEEDS: Final = "refund_exceeds_order"
OTHER_CURRENCY: Final = "refund_in_other_currency"
MISSING: Final = "lines_missing"


class RefundHeld(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A refund as it was sent; without `total` and `lines` it is all that is left."""

    at: int
    partition: int
    offset: int
    total: str | None = None
    currency: str | None = None
    lines: list[Line] = []

    @property
    def rank(self) -> tuple[int, int, int]:
        return (self.at, self.partition, self.offset)


class OrderState(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Everything that was ever said about an order, as far as it still counts. `parts`: lines beyond the first event's, by position."""

    fields: dict[str, Held] = {}
    lines: Held | None = None
    parts: dict[int, Held] = {}
    refunds: dict[str, RefundHeld] = {}
    ordered_at: int | None = None


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund as booked."""

    refund_id: str
    amount_minor: int
    refunded_at: datetime
    notes: list[str] = []


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it stands. `placed` is false for a shell: something was said about an order nobody has completed yet."""

    order_id: str
    placed: bool
    identity: str
    source: str
    status: str
    currency: str
    ordered_at: datetime | None
    paid_minor: int = 0
    net_minor: int = 0
    shipping_minor: int = 0
    tax_minor: int = 0
    discount_minor: int = 0
    refunded_minor: int = 0
    coupon: str | None = None
    affiliation: str | None = None
    partner_id: str | None = None
    employee_id: str | None = None
    shipped_at: datetime | None = None
    promised_on: date | None = None
    delivered_at: datetime | None = None
    lines: list[OrderLine] = []
    refunds: list[Refund] = []
    notes: list[str] = []


def merge(state: OrderState, change: OrderChange) -> OrderState:
    """The state after one more change; the given one is left as it is."""
    moment = change.origin.moment
    fields = dict(state.fields)

    def put(name: str, value: Any, weight: int = 1) -> None:
        held = Held(value, weight, *moment)
        before = fields.get(name)
        if before is None or held.rank > before.rank:
            fields[name] = held

    if change.origin.identity:
        owns = change.kind in {"completed", "updated"}
        put("identity", change.origin.identity, 2 * owns + change.origin.known)
        put("source", change.origin.source, int(owns))
    if change.kind == "refunded":
        return OrderState(
            fields=fields, lines=state.lines, parts=state.parts, refunds=_with_refund(state, change), ordered_at=state.ordered_at
        )

    lines, parts, ordered_at = state.lines, state.parts, state.ordered_at
    for name, value in change.values.items():
        if name == "lines":
            lines, parts = portions.merged(lines, parts, Held(value, 1, *moment), change.values.get("lines_from", 0))
        elif name != "lines_from":
            put(name, value)
    if change.kind == "cancelled":
        put("status", "cancelled")
    elif change.kind == "completed":
        put("status", "completed")
        ordered_at = moment.at if ordered_at is None else min(ordered_at, moment.at)
    return OrderState(fields=fields, lines=lines, parts=parts, refunds=state.refunds, ordered_at=ordered_at)


def _with_refund(state: OrderState, change: OrderChange) -> dict[str, RefundHeld]:
    assert change.refund_id is not None
    held = RefundHeld(
        **change.origin.moment._asdict(),
        total=change.values.get("total"), currency=change.values.get("currency"), lines=change.values.get("lines", []),
    )
    before = state.refunds.get(change.refund_id)
    if before is not None and before.rank >= held.rank:
        return state.refunds
    return {**state.refunds, change.refund_id: held}


def show(order_id: str, state: OrderState) -> Order:
    """The order as it stands, computed from the state."""
    values = {name: held.value for name, held in state.fields.items()}
    lines = portions.listed(state.lines, state.parts, values)
    whole = len(lines) >= values.get("lines_total", 0)
    code = values.get("currency", "")
    given = {name: Decimal(values[name]) for name in AMOUNTS if name in values}
    shipping, tax, discount = (given.get(name, Decimal(0)) for name in ("shipping", "tax", "discount"))
    paid = _paid(given, lines)
    net = given.get("revenue", given.get("subtotal", paid - shipping - tax))
    paid_minor = _minor(paid, code)
    placed = state.ordered_at is not None
    arrived = portions.delivery(lines, values)
    refunds = _refunds(state, code, paid_minor, lines) if placed else []
    refunded = sum(refund.amount_minor for refund in refunds)
    notes = sorted({note for refund in refunds for note in refund.notes})
    if not whole:
        notes.insert(0, MISSING)
    elif lines and code and all(line.price is not None for line in lines) and lines_disagree(values, lines, code):
        notes.insert(0, MISMATCH)
    return Order(
        order_id=order_id,
        placed=placed,
        identity=values.get("identity", ""),
        source=values.get("source", ""),
        status=_status(values, arrived, placed=placed, refunded=bool(refunds) and refunded >= paid_minor),
        currency=money.stored_currency(code),
        ordered_at=None if state.ordered_at is None else from_micros(state.ordered_at),
        paid_minor=paid_minor,
        net_minor=_minor(net, code),
        shipping_minor=_minor(shipping, code),
        tax_minor=_minor(tax, code),
        discount_minor=_minor(discount, code),
        refunded_minor=refunded,
        coupon=values.get("coupon"),
        affiliation=values.get("affiliation"),
        partner_id=values.get("partner_id"),
        employee_id=values.get("employee_id"),
        shipped_at=_moment(arrived.get("shipped_at")),
        promised_on=_day(arrived.get("promised_on")),
        delivered_at=_moment(arrived.get("delivered_at")),
        lines=[_line(line, code) for line in lines],
        refunds=refunds,
        notes=notes,
    )


def _paid(given: dict[str, Decimal], lines: list[Line]) -> Decimal:
    extra = given.get("shipping", Decimal(0)) + given.get("tax", Decimal(0))
    if "total" in given:
        return given["total"]
    if "subtotal" in given:
        return given["subtotal"] + extra
    if "revenue" in given:
        return given["revenue"] + extra
    goods = sum((line_amount(line) for line in lines), Decimal(0))
    return goods - given.get("discount", Decimal(0)) + extra


def _refunds(state: OrderState, code: str, paid: int, lines: list[Line]) -> list[Refund]:
    """Booked one after the other in their own order, whatever order they came in; together never more than was paid."""
    prices = {line.product_id: line for line in lines if line.price is not None}
    booked, left = [], paid
    for refund_id, held in sorted(state.refunds.items(), key=lambda item: (item[1].rank, item[0])):
        notes: list[str] = []
        wanted = _wanted(held, code, left, prices)
        if wanted is None:
            wanted, notes = 0, [OTHER_CURRENCY]
        elif wanted > left:
            notes = [EXCEEDS]
        amount = max(0, min(wanted, left))
        left -= amount
        booked.append(Refund(refund_id=refund_id, amount_minor=amount, refunded_at=from_micros(held.at), notes=notes))
    return booked


def _wanted(held: RefundHeld, code: str, left: int, prices: dict[str, Line]) -> int | None:
    currency = held.currency or code
    if code and money.stored_currency(currency) != money.stored_currency(code):
        return None
    if held.total is not None:
        return abs(_minor(Decimal(held.total), currency))
    if held.lines:
        known = (line if line.price is not None else _priced(line, prices.get(line.product_id)) for line in held.lines)
        return abs(_minor(sum((line_amount(line) for line in known), Decimal(0)), currency))
    return left


def _priced(line: Line, sold: Line | None) -> Line:
    """A refunded position without a price costs what was paid for one of it."""
    if sold is None or Decimal(sold.quantity) == 0:
        return line
    each = line_amount(sold) / Decimal(sold.quantity)
    return Line(product_id=line.product_id, quantity=line.quantity, price=str(each), discount=line.discount)


def _status(values: dict[str, Any], arrived: dict[str, str], *, placed: bool, refunded: bool) -> str:
    if values.get("status") == "cancelled":
        return "cancelled"
    if not placed:
        return "incomplete"
    if refunded:
        return "refunded"
    if "delivered_at" in arrived:
        return "delivered"
    return "shipped" if "shipped_at" in arrived else "completed"


def _line(line: Line, code: str) -> OrderLine:
    return OrderLine(
        product_id=line.product_id,
        name=line.name,
        category=line.category,
        brand=line.brand,
        quantity=float(Decimal(line.quantity)),
        price_minor=_minor(Decimal(line.price or 0), code),
        discount_minor=_minor(Decimal(line.discount or 0), code),
        amount_minor=_minor(line_amount(line), code),
        promised_on=_day(line.promised_on),
        shipped_at=_moment(line.shipped_at),
        delivered_at=_moment(line.delivered_at),
    )


def _minor(amount: Decimal, code: str) -> int:
    if not code:
        return 0
    units = money.minor_units(amount, code)
    return 0 if units is None else units


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)

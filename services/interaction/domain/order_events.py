"""What an event says about an order: names old and new, fields under their many spellings -> one `OrderChange` or `Credit`."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

import msgspec

from contracts.money import exponent
from services.interaction.domain import money

#: Event names (the published ones, and the old ones) -> what happened.
NAMES: Final = {
    "Order Completed": "completed",
    "Completed Order": "completed",
    "Order Updated": "updated",
    "Updated Order": "updated",
    "Order Shipped": "shipped",
    "Order Delivered": "delivered",
    "Order Refunded": "refunded",
    "Refunded Order": "refunded",
    "Order Cancelled": "cancelled",
    "Order Canceled": "cancelled",
    "Cancelled Order": "cancelled",
}

#: What can be known of the delivery of an order, and of each of its lines.
DELIVERY: Final = ("promised_on", "shipped_at", "delivered_at")
#: Events of these kinds list what arrives, not what the order is made of.
_ARRIVALS: Final = frozenset({"shipped", "delivered"})
#: More lines than any order has.
MOST_LINES: Final = 100_000
AMOUNTS: Final[tuple[str, ...]] = ("total", "subtotal", "revenue", "shipping", "tax", "discount")
ID_LENGTH: Final = 256
#: Amounts beyond it are unreadable: ten trillion of the major unit.
MOST: Final = Decimal(10) ** 13

INCOMPLETE: Final = "order_incomplete"
MISMATCH: Final = "amount_mismatch"
BROWSER: Final = "not_from_browser"


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A position as it was sent; amounts are decimal text in the event's currency."""

    product_id: str = ""
    name: str | None = None
    category: str | None = None
    brand: str | None = None
    quantity: str = "1"
    price: str | None = None
    discount: str | None = None
    promised_on: str | None = None
    shipped_at: str | None = None
    delivered_at: str | None = None


class Moment(NamedTuple):
    """When a change counts: the event's time in microseconds since 1970, then its place in the log."""

    at: int
    partition: int
    offset: int


class Origin(NamedTuple):
    """Where an event comes from. `known` is false for an anonymous identity."""

    moment: Moment
    message_id: str
    source: str
    identity: str
    known: bool
    browser: bool = False
    namespace: str = ""
    default_currency: str | None = None


class OrderChange(NamedTuple):
    """One event's say about one order. `values` are the fields it carries: amounts as decimal text, times as ISO text."""

    kind: str
    order_id: str
    origin: Origin
    values: dict[str, Any]
    refund_id: str | None = None


class Credit(NamedTuple):
    """A refund that names no order."""

    credit_id: str
    origin: Origin
    currency: str
    amount_minor: int


class Said(NamedTuple):
    """What an event says: a change, a credit or nothing, and notes for the event itself."""

    change: OrderChange | None = None
    credit: Credit | None = None
    notes: tuple[str, ...] = ()


def read_order_event(name: str, properties: dict[str, Any], origin: Origin) -> Said:
    """Read an event whose name is in `NAMES`. Never raises: broken order data stays an event with a note."""
    kind = NAMES[name]
    if kind == "refunded" and origin.browser:
        return Said(notes=(BROWSER,))
    order_id = _text(properties, "order_id", "orderId", "id")
    if order_id is not None and origin.namespace:
        order_id = f"{origin.namespace}:{order_id}"
    if kind == "refunded":
        return _refund(order_id, properties, origin)
    values = _values(kind, properties, origin)
    if order_id is None or not _enough(kind, values):
        return Said(notes=(INCOMPLETE,))
    notes = (MISMATCH,) if _disagrees(values) else ()
    return Said(change=OrderChange(kind, order_id, origin, values), notes=notes)


def micros(moment: datetime) -> int:
    """Microseconds since 1970, exact."""
    delta = moment - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def from_micros(at: int) -> datetime:
    """The aware UTC time of `micros`."""
    return datetime.fromtimestamp(at // 1_000_000, UTC).replace(microsecond=at % 1_000_000)


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _refund(order_id: str | None, properties: dict[str, Any], origin: Origin) -> Said:
    values = _values("refunded", properties, origin)
    refund_id = _text(properties, "refund_id", "refundId") or origin.message_id
    if order_id is not None:
        return Said(change=OrderChange("refunded", order_id, origin, values, refund_id))
    total, currency = values.get("total"), values.get("currency")
    if total is None or currency is None or not origin.identity:
        return Said(notes=(INCOMPLETE,))
    amount = money.minor_units(abs(Decimal(total)), currency)
    if amount is None:
        return Said(notes=(INCOMPLETE,))
    return Said(credit=Credit(refund_id, origin, money.stored_currency(currency), amount))


def _values(kind: str, properties: dict[str, Any], origin: Origin) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in AMOUNTS:
        number = money.read_number(properties.get(name))
        if number is not None and abs(number) < MOST and (number >= 0 or kind == "refunded"):
            values[name] = str(number)
    lines = read_lines(properties.get("products"))
    if lines and kind not in _ARRIVALS:
        values["lines"] = lines
        _portion(properties, len(lines), values)
    currency = money.read_currency(properties.get("currency"))
    if currency is not None:
        values["currency"] = currency
    elif kind in {"completed", "refunded"} and origin.default_currency and properties.get("currency") is None:
        values["currency"] = money.read_currency(origin.default_currency)
    for name in ("coupon", "affiliation", "partner_id", "employee_id"):
        text = _text(properties, name)
        if text is not None:
            values[name] = text
    if kind not in {"refunded", "cancelled"}:
        told = _delivery(properties)
        if lines and kind in _ARRIVALS:  # a part of the order: what is told counts for these lines alone
            for line in lines:
                own = {name: value for name in DELIVERY if (value := getattr(line, name)) is not None}
                values |= {f"{name}@{line.product_id}": value for name, value in (told | own).items() if line.product_id}
        else:
            values |= told
    return values


def _portion(properties: dict[str, Any], count: int, values: dict[str, Any]) -> None:
    """An order of more lines than one event takes is told in several: which of its lines these are, and how many it has in all."""
    begin, total = properties.get("products_from"), properties.get("products_total")
    if type(begin) is int and 0 < begin < MOST_LINES:
        values["lines_from"] = begin
    else:
        values["lines_total"] = total if type(total) is int and count < total < MOST_LINES else count


def _delivery(properties: dict[str, Any]) -> dict[str, str]:
    told: dict[str, str] = {}
    for name in ("shipped_at", "delivered_at"):
        moment = read_moment(properties.get(name))
        if moment is not None:
            told[name] = moment.isoformat()
    promised = properties.get("promised_on")
    if isinstance(promised, str):
        try:
            told["promised_on"] = date.fromisoformat(promised.strip()[:10]).isoformat()
        except ValueError:
            pass  # an unreadable date is as good as none
    return told


def _enough(kind: str, values: dict[str, Any]) -> bool:
    match kind:
        case "completed":
            priced = any(line.price is not None for line in values.get("lines", ()))
            amount = priced or any(name in values for name in ("total", "subtotal", "revenue"))
            return amount and values.get("currency") is not None
        case "shipped":
            return any(name.startswith(("shipped_at", "promised_on")) for name in values)
        case "delivered":
            return any(name.startswith("delivered_at") for name in values)
        case _:
            return True


def read_lines(products: Any) -> list[Line]:
    """`products[]` as sent; what is no object is left out."""
    if not isinstance(products, list):
        return []
    lines = []
    for product in products:
        if not isinstance(product, dict):
            continue
        quantity, price, discount = (_bounded(product.get(name)) for name in ("quantity", "price", "discount"))
        lines.append(
            Line(
                product_id=_text(product, "product_id", "productId", "sku", "id") or "",
                name=_text(product, "name"),
                category=_text(product, "category"),
                brand=_text(product, "brand"),
                quantity="1" if quantity is None else str(quantity),
                price=None if price is None else str(price),
                discount=None if discount is None else str(discount),
                **_delivery(product),
            )
        )
    return lines


def _bounded(value: Any) -> Decimal | None:
    number = money.read_number(value)
    return number if number is not None and abs(number) < MOST else None


def line_amount(line: Line) -> Decimal:
    """`price` x `quantity` - line `discount`."""
    return Decimal(line.price or 0) * Decimal(line.quantity) - Decimal(line.discount or 0)


def _disagrees(values: dict[str, Any]) -> bool:
    """Whether lines and order differ by more than one minor unit a line."""
    lines: list[Line] = values.get("lines", [])
    currency = values.get("currency")
    if not lines or currency is None or any(line.price is None for line in lines) or values.get("lines_total", 0) > len(lines):
        return False
    return lines_disagree(values, lines, currency)


def lines_disagree(values: dict[str, Any], lines: list[Line], currency: str) -> bool:
    """Compare the sum of the lines with the order's own amount for them, with and without the order's discount."""
    given = {name: Decimal(values[name]) for name in AMOUNTS if name in values}
    expected = _goods(given)
    if expected is None:
        return False
    allowed = Decimal(len(lines)).scaleb(-exponent(money.stored_currency(currency)))
    total = sum((line_amount(line) for line in lines), Decimal(0))
    discount = given.get("discount", Decimal(0))
    return abs(total - expected) > allowed and abs(total - discount - expected) > allowed


def _goods(given: dict[str, Decimal]) -> Decimal | None:
    if "subtotal" in given:
        return given["subtotal"]
    if "revenue" in given:
        return given["revenue"]
    if "total" in given:
        return given["total"] - given.get("shipping", Decimal(0)) - given.get("tax", Decimal(0))
    return None


def read_moment(value: Any) -> datetime | None:
    """ISO 8601 (no zone = UTC) or seconds/milliseconds since 1970; None when unreadable."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value.strip())
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
            return datetime.fromtimestamp(value / 1000 if abs(value) > 1e11 else value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def _text(source: dict[str, Any], *names: str) -> str | None:
    """The first of the names that holds a text or number, as text; None when none does."""
    for name in names:
        value = source.get(name)
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            continue
        text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
        text = text.strip()
        if text:
            return text[:ID_LENGTH]
    return None

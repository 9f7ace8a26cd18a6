"""What the columns of a file can mean, by kind of file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from chassis.tabular import Meanings

Kind = Literal["orders", "events"]

#: What a column can mean, by kind of file; any other column is a property.
_TARGETS: Final[Mapping[str, tuple[str, ...]]] = {
    "orders": (
        "customer_id", "email", "order_id", "ordered_at", "total", "subtotal", "shipping", "tax", "discount", "currency", "coupon",
        "affiliation", "product_id", "product_name", "category", "brand", "quantity", "price", "line_discount", "refund_of",
        "partner_id", "employee_id", "promised_on", "shipped_at", "delivered_at",
    ),
    "events": ("type", "event", "user_id", "anonymous_id", "timestamp", "message_id"),
}
#: Other spellings of the same names in a header.
_ALIKE: Final[Mapping[str, str]] = {
    "userid": "user_id", "anonymousid": "anonymous_id", "messageid": "message_id", "orderid": "order_id", "productid": "product_id",
    "customerid": "customer_id", "orderedat": "ordered_at", "productname": "product_name", "sku": "product_id",
}

MEANINGS: Final[Mapping[Kind, Meanings]] = {
    "orders": Meanings("orders", _TARGETS["orders"], _ALIKE),
    "events": Meanings("events", _TARGETS["events"], _ALIKE, whole=True),
}

"""The product catalogue, as events name products."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from contracts.collected import CleanEvent

FIELDS: Final = ("name", "category", "brand", "variant", "url", "image_url")
ID_LENGTH: Final = 256
LENGTH: Final = 2048

#: What a browser says never replaces what a server said: it counts as told at the beginning of time.
_BROWSER: Final = datetime(1970, 1, 1, tzinfo=UTC)

#: (product_id, name, category, brand, variant, url, image_url, told_at)
ProductRow = tuple[Any, ...]


def collect(event: CleanEvent, found: dict[str, ProductRow]) -> None:
    """Add the products an event names to those found so far; newer texts win, absent ones leave what is there."""
    products = event.properties.get("products")
    if not isinstance(products, list):
        return
    told_at = _BROWSER if event.stamp.authority != "server" else event.stamp.timestamp
    for product in products:
        if not isinstance(product, dict) or product.get("fee") is True:
            continue
        product_id = _text(product.get("product_id") or product.get("productId") or product.get("sku"), ID_LENGTH)
        if product_id is None:
            continue
        row = (product_id, *(_text(product.get(field), LENGTH) for field in FIELDS), told_at)
        before = found.get(product_id)
        found[product_id] = row if before is None else _merged(before, row)


def _merged(one: ProductRow, other: ProductRow) -> ProductRow:
    older, newer = sorted((one, other), key=lambda row: row[-1])
    return (one[0], *(new if new is not None else old for old, new in zip(older[1:-1], newer[1:-1], strict=True)), newer[-1])


def _text(value: Any, length: int) -> str | None:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    text = str(value).strip()
    return text[:length] if text else None

"""Cells into values: ids, moments, amounts; and the ids that make a second run add nothing."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec

from chassis.tabular import Layout
from chassis.tabular.values import DIGITS, Refused

_canonical: Final = msgspec.json.Encoder(order="sorted", decimal_format="string").encode


def amount(value: Any, name: str, layout: Layout) -> Decimal:
    """A decimal number, exact. Raises Refused."""
    text = str(value).strip().translate(DIGITS)
    if layout.decimal == ",":
        text = text.replace(".", "").replace(",", ".")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise Refused(f"bad_{name}", f"{name} is no number") from None
    if isinstance(value, bool) or "_" in text or not number.is_finite() or abs(number) >= 10**13:
        raise Refused(f"bad_{name}", f"{name} is no number below ten trillion")
    return number


def number(value: Decimal) -> int | float | str:
    """A JSON number where it is exact, else text."""
    if value == value.to_integral_value():
        return int(value)
    return float(value) if len(value.as_tuple().digits) <= 15 else str(value)


def iso(value: datetime) -> str:
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def digest(content: Any) -> str:
    """32 hex digits that stand for some content, the same on every machine and every run."""
    return hashlib.blake2b(_canonical(content), digest_size=16).hexdigest()


class Repetitions:
    """Tells the first, second, … of equal rows apart. Remembers 8 bytes for each different row."""

    def __init__(self) -> None:
        self._seen: Counter[int] = Counter()

    def nth(self, fingerprint: str) -> int:
        """1 for the first row of this content."""
        key = int(fingerprint[:16], 16)
        self._seen[key] += 1
        return self._seen[key]

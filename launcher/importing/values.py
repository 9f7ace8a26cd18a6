"""Cells into values: ids, moments, amounts; and the ids that make a second run add nothing."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec

from launcher.importing.mapping import Layout

_DIGITS: Final = {ord(digit): str(value) for digits in ("۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩") for value, digit in enumerate(digits)}
_WHOLE: Final = re.compile(r"(\d+)\.0+")
_canonical: Final = msgspec.json.Encoder(order="sorted", decimal_format="string").encode


class Refused(Exception):
    """A row cannot be taken: code and reason for the error file."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


def id_text(value: Any, name: str) -> str:
    """An id as text; `17850.0`, as spreadsheets write it, is `17850`. Raises Refused."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise Refused(f"bad_{name}", f"{name} is no text or number")
    text = str(value).strip()
    whole = _WHOLE.fullmatch(text)
    text = whole[1] if whole else text
    if not text or len(text) > 256 or "\x00" in text:
        raise Refused(f"bad_{name}", f"{name} is empty or longer than 256 characters")
    return text


def moment(value: Any, name: str, layout: Layout) -> datetime:
    """A time in UTC: `date_format` of the mapping, ISO 8601, or seconds since 1970. Without a zone it is the mapping's. Raises Refused."""
    text = str(value).strip().translate(_DIGITS)
    try:
        if layout.date_format is not None:
            found = datetime.strptime(text, layout.date_format)  # noqa: DTZ007 - the zone is set below
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            found = datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
        else:
            found = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        raise Refused(f"bad_{name}", f"{name} is no date; name its form as `date_format` in a mapping file") from None
    return (found if found.tzinfo else found.replace(tzinfo=layout.zone)).astimezone(UTC)


def amount(value: Any, name: str, layout: Layout) -> Decimal:
    """A decimal number, exact. Raises Refused."""
    text = str(value).strip().translate(_DIGITS)
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

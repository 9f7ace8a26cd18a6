"""Cells into values: ids and moments."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

from chassis.tabular import Layout

DIGITS: Final = {ord(digit): str(value) for digits in ("۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩") for value, digit in enumerate(digits)}
_WHOLE: Final = re.compile(r"(\d+)\.0+")


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
    text = str(value).strip().translate(DIGITS)
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

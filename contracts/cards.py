"""Payment card numbers: recognised, so that none is ever kept.

A text that is nothing but a number of 13 to 19 digits (ISO/IEC 7812-1: a known issuer's prefix and the Luhn digit), and within a longer text one
of 14 to 19 digits in one piece or in the groups cards are printed in, between blanks or punctuation. One number in ten passes Luhn by chance, so
a text that is a long number beginning like a card can be refused wrongly: prefix such ids with a letter. Not taken for cards are numbers with a
`+` (telephones), parts of longer words, paths and ids (`ord-4111…`, `/4111…`, `=4111…`), and times in seconds to nanoseconds, which begin with 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

#: The shortest text that can be one.
SHORTEST: Final = 13
#: A number of fewer digits is none by itself.
_LEAST: Final = 10**13

_WHOLE: Final = re.compile(r"\d(?:[ \-\u00a0]?\d){12,18}")
#: Issuer prefixes: Visa, Mastercard, American Express, Discover, Diners, JCB, UnionPay, Maestro, Mir and the Iranian banks (Shetab).
_PREFIX: Final = re.compile(
    r"4|5[1-5]|2(?:2[0-9][0-9]|[3-6]|7[01]|720)|3[47]|6(?:011|5|4[4-9])|3(?:0[0-5]|[689])|35(?:2[89]|[3-8])|62|50(?:18|20|38)|5893|6304|67(?:59|6[1-3])"
    r"|60(?:37|62)|61(?:04)|627[346-9]|628[0-3]|636[39]|6367|639[3-9]|50(?:22|29|41|47|54|57|59|64)|58(?:59|92|94)|6219|6221|9919|505[0-9]"
)
#: What may stand before and behind a number within a text; a text's beginning and end may, too.
EDGES: Final = " \t\r\n\"'()[]{}:,;!?<>*|"
_GAP: Final = "[ \\-\u00a0]"
_WITHIN: Final = re.compile(
    rf"(?:^|(?<=[{re.escape(EDGES)}]))(?:\d{{14,19}}|\d{{4}}{_GAP}\d{{4}}{_GAP}\d{{4}}{_GAP}\d{{1,7}}|\d{{4}}{_GAP}\d{{6}}{_GAP}\d{{4,5}})"
    rf"(?=$|[{re.escape(EDGES)}]|\.(?:$|[{re.escape(EDGES)}]))"
)


def is_number(text: str) -> bool:
    """Whether the whole text is a payment card number, with blanks and hyphens between its digits."""
    text = text.strip()
    return _WHOLE.fullmatch(text) is not None and _valid(text)


def holds_number(text: str) -> bool:
    """Whether a payment card number is the text or stands in it."""
    return len(text) >= SHORTEST and (is_number(text) or any(_valid(found[0]) for found in _WITHIN.finditer(text)))


def masked(text: str) -> str:
    """The text with every card number but its last four digits replaced."""
    if len(text) < SHORTEST:
        return text
    if is_number(text):
        return _mask(text)
    return _WITHIN.sub(lambda found: _mask(found[0]) if _valid(found[0]) else found[0], text)


def _mask(number: str) -> str:
    return f"[card …{''.join(sign for sign in number if sign.isdecimal())[-4:]}]"


def _valid(number: str) -> bool:
    digits = [int(sign) for sign in number if sign.isdecimal()]
    if not _PREFIX.match("".join(map(str, digits))):
        return False
    total = sum(digits[-1::-2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return total % 10 == 0


def find_number(value: Any, *, name: str = "") -> str | None:
    """The JSON pointer of the first member, item or name that holds a card number; None when nothing does.

    Left alone is what lies below a name with `token` in it, amounts in minor units (`…_minor`), and telephone numbers of less than 14 digits.
    """
    lowered = name.lower()
    if "token" in lowered:
        return None
    if isinstance(value, str):
        telephone = ("phone" in lowered or lowered in {"tel", "mobile"}) and sum(map(str.isdecimal, value)) < SHORTEST + 1
        return "" if not telephone and holds_number(value) else None
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return "" if value >= _LEAST and not lowered.endswith("_minor") and is_number(str(value)) else None
    if isinstance(value, Mapping):
        if any(isinstance(key, str) and holds_number(key) for key in value):
            return ""
        parts: Iterable[tuple[Any, Any]] = value.items()
    elif isinstance(value, (list, tuple)):
        parts = enumerate(value)
    else:
        return None
    for key, part in parts:
        found = find_number(part, name=key if isinstance(key, str) else name)
        if found is not None:
            return f"/{key}{found}"
    return None


def without_numbers(value: Any, *, name: str = "") -> Any:
    """The value with every card number in it masked; for what cannot be sent back to whoever wrote it."""
    if isinstance(value, str):
        return masked(value) if find_number(value, name=name) is not None else value
    if isinstance(value, Mapping):
        return {
            masked(key) if isinstance(key, str) else key: part if isinstance(key, str) and "token" in key.lower() else without_numbers(part, name=str(key))
            for key, part in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [without_numbers(part, name=name) for part in value]
    return masked(str(value)) if find_number(value, name=name) is not None else value

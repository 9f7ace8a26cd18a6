"""Limits inside one event: nesting, number of values, key lengths, U+0000, integers and payment card numbers.

Most events hold nothing suspicious. A translation of the bytes (digits to `0`, separators removed) shows in about a microsecond whether
the careful walk over every string and number is needed; a few counts show whether anything need be walked at all.
"""

from __future__ import annotations

import math
import re
from typing import Any, Final, NamedTuple

from contracts import cards

MAX_DEPTH: Final = 32
MAX_VALUES: Final = 2000
MAX_KEY_BYTES: Final = 256
MAX_INTEGER: Final = 2**53 - 1

#: Shorter integers are no card numbers: those of 13 digits are times.
LEAST_CARD: Final = 10**13
#: Top-level fields that are ids: their integers become text, so no range applies.
ID_FIELDS: Final = frozenset({"userId", "user_id", "anonymousId", "anonymous_id", "groupId", "previousId", "messageId"})

_CONTAINERS: Final = frozenset({dict, list})

# ASCII digits, and the last bytes of Arabic-Indic (D9 A0-A9) and Persian digits (DB B0-B9) and no-break spaces (C2 A0) become `0`, `{` becomes `[` and `,` becomes `:`;
# blanks, hyphens and the lead bytes vanish. A false alarm only costs the careful walk.
_FLAT: Final = bytes(
    0x30 if 0x30 <= byte <= 0x39 or 0xA0 <= byte <= 0xA9 or 0xB0 <= byte <= 0xB9 else {0x7B: 0x5B, 0x2C: 0x3A}.get(byte, byte)
    for byte in range(256)
)
_SEPARATORS: Final = b" -\t\r\n\xc2\xd9\xdb"
#: The same for texts that are not decoded as a whole, with exponents of numbers written in one way.
_FLATTER: Final = _FLAT.replace(b"E", b"e")
_SIGNS: Final = _SEPARATORS + b"+"
_EXPONENT: Final = b"0e000"
_RUN: Final = b"0" * 13
_CARD_LIKE: Final = b'"' + _RUN
#: An integer literal begins after a colon, a comma or a bracket; digits inside a text do not matter.
_AFTER_COLON: Final = b":" + b"0" * 16
_AFTER_BRACKET: Final = b"[" + b"0" * 16
#: Escapes that can hide U+0000 or a digit.
_ESCAPES: Final = re.compile(rb"\\u0(?:0[023aA]|6[6fF])")
#: The same, and a quote within a text.
_HIDING: Final = re.compile(_ESCAPES.pattern + rb'|\\"')

#: What separates words becomes a blank, digits `0`, everything else `x`: where a card number may stand within a text.
_WORDS: Final = bytes(
    0x30 if _FLAT[byte] == 0x30 else 0x20 if chr(byte) in cards.EDGES else 0x2D if byte == 0x2D else 0x78 for byte in range(256)
)
_LEADS: Final = b"\xc2\xd9\xdb"
_PRINTED: Final = (b" " + b"0" * 14, b" 0000 0000 0000 ", b" 0000-0000-0000-", b" 0000 000000 0000", b" 0000-000000-0000")
_BREAKS: Final = re.compile(rb"\\[nrt]")


class Shape(NamedTuple):
    """What the walk found. `code` is the first structural limit that is passed, empty if none."""

    depth: int
    values: int
    code: str = ""
    nul: bool = False
    number: bool = False
    card: bool = False


def is_plain(slice_: bytes, *, values: int = 0) -> bool:
    """Whether the bytes alone prove that no limit inside the event can be passed, so that nothing need be walked.

    Brackets bound the depth, bytes the number of values (each takes two), and a key of more than 256 bytes is a stretch without a quote.
    `values` is what the batch's shared parts add. An escape that could hide a quote or what `needs_care` looks for is walked; other
    letters may be escaped, as many senders do with all that is not ASCII: they take more bytes so, never fewer.
    """
    size = len(slice_)
    if size > 2 * (MAX_VALUES - values):
        return False
    if b"\\" in slice_ and (b'\\"' in slice_ or _ESCAPES.search(slice_)):
        return False
    flat = slice_.translate(_FLAT, _SEPARATORS)
    if flat.count(b"[") > MAX_DEPTH or (_RUN in flat and _suspicious(flat, slice_)):
        return False
    position, last = 0, size - MAX_KEY_BYTES
    while position < last:
        position = slice_.rfind(b'"', position, position + MAX_KEY_BYTES) + 1
        if position == 0:
            return False
    return True


def is_plain_text(text: bytes) -> bool:
    """Whether the bytes of an event, or of a whole body, prove that no event in them can be refused for U+0000, an integer, a decimal, a
    card number, the length of a key or bad UTF-8, even if parts of it are never decoded.
    """
    if b"\\" in text and _HIDING.search(text):
        return False
    flat = text.translate(_FLATTER, _SIGNS)
    if (_RUN in flat and _suspicious(flat, text)) or _overflows(flat):
        return False
    if not text.isascii():
        try:
            text.decode()
        except UnicodeDecodeError:
            return False
    position, last = 0, len(text) - MAX_KEY_BYTES
    while position < last:
        position = text.rfind(b'"', position, position + MAX_KEY_BYTES) + 1
        if position == 0:
            return False
    return True


def _overflows(flat: bytes) -> bool:
    """Whether a number may have an exponent of three digits; fewer are finite after at most 15 digits. The same within a text does not count."""
    place = flat.find(_EXPONENT)
    while place >= 0:
        before = flat[max(0, place - 64) : place].rstrip(b"0.")
        if not before or before[-1] in b":[":
            return True
        place = flat.find(_EXPONENT, place + 1)
    return False


def needs_care(slice_: bytes) -> bool:
    """Whether the bytes may hold U+0000, an integer of 16 or more digits or a text of 13 or more digits."""
    flat = slice_.translate(_FLAT, _SEPARATORS)
    if _RUN in flat and _suspicious(flat, slice_):
        return True
    return b"\\" in slice_ and _ESCAPES.search(slice_) is not None


def _suspicious(flat: bytes, text: bytes) -> bool:
    if _CARD_LIKE in flat or _AFTER_COLON in flat or _AFTER_BRACKET in flat:
        return True
    if b"\\" in text:
        text = _BREAKS.sub(b" ", text)
    words = text.translate(_WORDS) if text.isascii() else text.translate(_WORDS, _LEADS)
    return any(printed in words for printed in _PRINTED)


def walk(event: dict[str, Any], *, careful: bool, depth: int = 0, values: int = 0) -> Shape:
    """Measure one event, level by level. `depth` and `values` are what the batch's shared parts add.

    The event itself is level 1; every member and every element is a value.
    """
    nul = number = card = long_key = False
    reached = 0
    level: list[Any] = [event]
    if careful:
        nul, number, card = _look(event)
    while level:
        reached += 1
        if reached > MAX_DEPTH:
            return Shape(reached, values, "too_deep")
        below: list[Any] = []
        for container in level:
            values += len(container)
            if type(container) is dict:
                if container and max(map(len, container)) > 64 and _long_key(container):
                    long_key = True
                below += [part for part in container.values() if type(part) in _CONTAINERS]
            else:
                below += [part for part in container if type(part) in _CONTAINERS]
        level = below
    if max(reached, depth) > MAX_DEPTH:
        return Shape(max(reached, depth), values, "too_deep")
    if values > MAX_VALUES:
        return Shape(reached, values, "too_many_values")
    if long_key:
        return Shape(reached, values, "key_too_long")
    return Shape(max(reached, depth), values, "", nul, number, card)


def _long_key(container: dict[str, Any]) -> bool:
    return any(len(key) > 64 and len(key.encode()) > MAX_KEY_BYTES for key in container)


def _look(event: dict[str, Any]) -> tuple[bool, bool, bool]:
    """Every string, key and number: is there U+0000, a number out of range, a card number?"""
    nul = number = card = False
    todo: list[tuple[Any, bool, bool]] = [
        (part, name in ID_FIELDS, "token" in name.lower()) for name, part in event.items() if name != "messageId"
    ]
    if "messageId" in event:
        told = event["messageId"]
        card = type(told) in {str, int} and cards.holds_number(str(told))
    nul = any("\x00" in name for name in event)
    card = card or any(map(cards.holds_number, event))
    while todo:
        value, is_id, is_token = todo.pop()
        kind = type(value)
        if kind is str:
            nul = nul or "\x00" in value
            card = card or (not is_token and cards.holds_number(value))
        elif kind is int:
            card = card or (not is_token and value >= LEAST_CARD and cards.is_number(str(value)))
            number = number or (not is_id and not -MAX_INTEGER <= value <= MAX_INTEGER)
        elif kind is float:
            number = number or not math.isfinite(value)
        elif kind is dict:
            for key, part in value.items():
                nul = nul or "\x00" in key
                card = card or cards.holds_number(key)
                todo.append((part, is_id, is_token or "token" in key.lower()))
        elif kind is list:
            todo += [(part, is_id, is_token) for part in value]
    return nul, number, card

"""Ids of an event: reading them, cleaning the message id, and the identity keys they make."""

from __future__ import annotations

import hashlib
import json
import math
import re
from functools import lru_cache
from typing import Any, Final

import phonenumbers

from contracts import identity
from services.interaction.domain.collecting.outcome import EventRefused

MAX_ID: Final = 512
MAX_MESSAGE_ID: Final = 128

#: C0, DEL and C1 controls, blanks, no-break space and the combining grapheme joiner.
_STRIPPED: Final = "".join(map(chr, range(0x21))) + "".join(map(chr, range(0x7F, 0xA1))) + "\u034f"
_EMAIL: Final = re.compile(r"[^\s@]{1,128}@[^\s@]{1,255}")
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")


def id_text(value: Any) -> str | None:
    """The text of an id: trimmed; None for null, empty and blank. Numbers become decimal text, objects canonical JSON.

    Raises EventRefused (`bad_identity` for booleans and arrays, `identity_too_long`).
    """
    if type(value) is str:
        text = value.strip()
    elif value is None:
        return None
    else:
        text = _other_text(value)
    if len(text) > MAX_ID:
        raise EventRefused("identity_too_long")
    return text or None


def _other_text(value: Any) -> str:
    kind = type(value)
    if kind is int:
        return str(value)
    if kind is float:
        return str(int(value)) if math.isfinite(value) and value.is_integer() else repr(value)
    if kind is dict:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    raise EventRefused("bad_identity")


def message_id(value: Any) -> str:
    """The message id without controls and blanks at both ends and without NUL; a hash when longer than 128; empty when there is none."""
    if type(value) is str:
        text = value.strip(_STRIPPED)
        if "\x00" in text:
            text = text.replace("\x00", "").strip(_STRIPPED)
    elif value is None or type(value) is bool:
        return ""
    elif type(value) in {int, float, dict}:
        text = _other_text(value)
    else:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text if len(text) <= MAX_MESSAGE_ID else "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def email_key(value: Any) -> str | None:
    """`email:…`, folded; None for what is no address."""
    if type(value) is not str:
        return None
    text = value.strip()
    return f"email:{text.casefold()}" if _EMAIL.fullmatch(text) else None


def phone_key(value: Any, region: str | None) -> str | None:
    """`phone:+…` (E.164); None when the text does not parse as a possible number of the region."""
    return _phone_key(value, region) if type(value) is str and 3 <= len(value) <= 64 else None


@lru_cache(maxsize=8192)
def _phone_key(text: str, region: str | None) -> str | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return "phone:" + str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def customer_key(text: Any) -> str | None:
    """A customer key as CloudEvents' `subject` and touch points carry it: user, anon, email, phone (E.164) or ext:<system>:<id>; else None."""
    if type(text) is not str or len(text) > MAX_ID + 8:
        return None
    try:
        key = identity.parse_identity(text)
    except identity.BadIdentity:
        return None
    if key.kind == "email" and not _EMAIL.fullmatch(key.value):
        return None
    if key.kind == "phone" and not _E164.fullmatch(key.value):
        return None
    if key.kind == "ext":
        system, _, number = key.value.partition(":")
        if not system or not number:
            return None
    return str(key)

"""Contact points and names in one spelling: e-mail addresses, telephone numbers, and the folded form of text that search compares."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

import email_validator
import phonenumbers

#: Values that programs send when they have none; an identity made of one would join strangers.
REFUSED: Final = frozenset(
    {
        "null", "undefined", "0", "00", "000", "-1", "1e9", "none", "nil", "unknown", "anonymous", "anon", "guest", "nan", "n/a", "na", "-", "--",
        "true", "false", "[object object]", "{}", "[]", "user", "userid", "user_id", "id", "default", "not set", "(not set)",
        "00000000-0000-0000-0000-000000000000", "noreply@example.com", "test@test.com", "no@email.com", "none@none.com",
    }
)

# A subset of what RFC 5321 allows, so common that the full check (about 40 µs) can be left out.
_PLAIN_EMAIL: Final = re.compile(
    r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}", re.ASCII | re.IGNORECASE
)
_PUNYCODE_OR_HYPHENS: Final = re.compile(r"@(?:.*\.)?..--")

_LETTERS: Final = {
    ord("ي"): "ی", ord("ى"): "ی", ord("ك"): "ک", ord("ة"): "ه", ord("ۀ"): "ه", ord("ە"): "ه",
    ord("ـ"): None, ord("\u200c"): None, ord("\u200d"): None, ord("\u200e"): None, ord("\u200f"): None, ord("\ufeff"): None,
}
_DIGITS: Final = {ord(digit): str(value) for digits in ("۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩") for value, digit in enumerate(digits)}


class BadContact(ValueError):
    """No address or number anybody could be reached at. The message never repeats the value."""


def refused(value: str) -> bool:
    """Whether an identity value says "there is none" instead of naming somebody."""
    return value.strip().casefold() in REFUSED


def latin_digits(text: str) -> str:
    """Persian and Arabic digits as 0-9."""
    return text.translate(_DIGITS)


@lru_cache(maxsize=10_000)
def normal_email(text: str) -> str:
    """The form in which an address is stored: trimmed, the domain in lower case and Unicode. No look-up in DNS. Raises BadContact."""
    text = text.strip(" \t\u00a0\u200e\u200f\ufeff")  # never CR or LF: a header could hide behind them
    if len(text) <= 254 and text.find("@") <= 64 and _PLAIN_EMAIL.fullmatch(text) and not _PUNYCODE_OR_HYPHENS.search(text):
        local, _, domain = text.rpartition("@")
        return f"{local}@{domain.lower()}"
    try:
        checked = email_validator.validate_email(text, check_deliverability=False, globally_deliverable=False)
    except (email_validator.EmailNotValidError, UnicodeError) as error:
        raise BadContact("no e-mail address by RFC 5322") from error
    return checked.normalized


@lru_cache(maxsize=10_000)
def normal_phone(text: str, *, region: str | None = None) -> str:
    """The number in E.164 (`+989123456789`). `region` (ISO 3166) reads national numbers. Raises BadContact."""
    text = latin_digits(text).strip()
    if len(text) > 40:
        raise BadContact("no telephone number")
    try:
        number = phonenumbers.parse(text, region or None)
    except phonenumbers.NumberParseException as error:
        raise BadContact("no telephone number; write it as +<country><number>") from error
    if not phonenumbers.is_possible_number(number):
        raise BadContact("no telephone number of that country")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def folded(text: str) -> str:
    """The form that search compares: without case, accents, vowel signs, tatweel and zero-width joiners, one spelling of ی ک ه, digits 0-9."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
        text = text.translate(_LETTERS).translate(_DIGITS)
    return " ".join(text.casefold().split())

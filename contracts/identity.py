"""Identity keys (`kind:value`), their folding and their keyed hash."""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

#: Strongest first: the order in which a person's keys are shown and a primary key is chosen. `account` names an organisation or a
#: household and never ties persons.
KINDS: Final = ("user", "ext", "email", "phone", "account", "anon")

HASH_BYTES: Final = 16


class BadIdentity(ValueError):
    """A text that is no identity key. The message never repeats the value."""


class IdentityKey(NamedTuple):
    """One way to recognise a person, folded so that two spellings of one key are equal."""

    kind: str
    value: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


def fold(kind: str, value: str) -> str:
    """The form of a value under which it is compared: e-mail case-folded, the others as they are, trimmed."""
    value = value.strip()
    return value.casefold() if kind == "email" else value


def identity_key(kind: str, value: str) -> IdentityKey:
    """A checked key. Raises BadIdentity for an unknown kind or an empty value."""
    if kind not in KINDS:
        raise BadIdentity(f"unknown identity kind; known are {', '.join(KINDS)}")
    folded = fold(kind, value)
    if not folded or len(folded) > 600 or "\x00" in folded:
        raise BadIdentity("an identity value is 1 to 600 characters without NUL")
    return IdentityKey(kind, folded)


def parse_identity(text: str) -> IdentityKey:
    """Read `kind:value`; the value may contain colons (`ext:<system>:<id>`)."""
    kind, colon, value = text.partition(":")
    if not colon:
        raise BadIdentity("an identity is written kind:value, for example user:42")
    return identity_key(kind, value)


def identity_hash(key: str, secret: bytes) -> bytes:
    """BLAKE2b-128 of the folded key text, keyed per deployment (RFC 7693): the form that leaves a service's own rows."""
    return hashlib.blake2b(key.encode(), digest_size=HASH_BYTES, key=secret).digest()

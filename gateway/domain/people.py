"""People who sign in here, for deployments without an identity provider."""

from __future__ import annotations

import os
import re
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

FAILURES: Final = 10
LOCKED: Final = timedelta(minutes=15)
SHORTEST: Final = 12


class Person(NamedTuple):
    """`failures` in a row; ten lock the account for a quarter of an hour."""

    id: UUID
    name: str
    password_hash: str
    roles: list[str]
    disabled: bool
    failures: int
    locked_until: datetime | None
    created_at: datetime
    created_by: str
    changed_at: datetime


#: Words that everybody who guesses here would try.
OWN_WORDS: Final = ("peyvand", "ecrm", "crm", "customer", "viewer", "agent", "marketer", "analyst", "privacy", "officer", "administrator", "gateway")
#: Of 0 to 4; 3: safe against guessing for months where the hash was stolen.
HARD_ENOUGH: Final = 3


def guessable(password: str, name: str) -> bool:
    """Whether it would soon be guessed: a known one, a pattern, or made of the account's name and this platform's words. Takes some ms."""
    from zxcvbn import zxcvbn  # its lists of words are 10 MB, needed only where somebody gets a password

    words = [*OWN_WORDS, name, *re.split(r"[^A-Za-z0-9]+", name)]
    return int(zxcvbn(password[:72], user_inputs=[word for word in words if word])["score"]) < HARD_ENOUGH


def hashed(password: str) -> str:
    """Argon2id in the PHC format; takes some 30 ms and 19 MiB."""
    kdf = Argon2id(salt=os.urandom(16), length=32, iterations=2, lanes=1, memory_cost=19 * 1024)
    return str(kdf.derive_phc_encoded(password.encode()))


def fits(password: str, password_hash: str) -> bool:
    """Whether it is the password."""
    try:
        Argon2id.verify_phc_encoded(password.encode(), password_hash)
    except InvalidKey:
        return False
    return True

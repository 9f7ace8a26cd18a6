"""Secrets and answers at rest: sealed with a key that the database does not have."""

from __future__ import annotations

import secrets
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE: Final = 12


@lru_cache(maxsize=64)
def derived(secret: bytes, purpose: str) -> bytes:
    """32 bytes for one purpose, of the deployment's secret."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"ecrm/{purpose}".encode()).derive(secret)


def seal(secret: bytes, content: bytes, *, purpose: str) -> bytes:
    """Authenticated encryption; what was sealed for one purpose opens for no other."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCMSIV(derived(secret, purpose)).encrypt(nonce, content, purpose.encode())


def unseal(secret: bytes, sealed: bytes, *, purpose: str) -> bytes:
    """Raises ValueError when it was sealed with another secret, for another purpose, or changed."""
    try:
        return AESGCMSIV(derived(secret, purpose)).decrypt(sealed[:_NONCE], sealed[_NONCE:], purpose.encode())
    except (InvalidTag, ValueError):
        raise ValueError(f"what was sealed for {purpose} cannot be opened: the deployment's secret is another") from None

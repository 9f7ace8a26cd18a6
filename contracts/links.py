"""Links in messages that speak for one customer: sealed by the service that sends, opened by the service they lead to.

A token is authenticated encryption (AES-GCM-SIV, RFC 8452) of its fields under a key of its kind, so nothing in it can be read or
changed, and an unsubscribe token opens nothing but the unsubscribe page. The nonce is derived from the content: equal fields give
an equal token, which makes a repeated rendering repeat the same bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from functools import lru_cache
from typing import Final
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

#: Fields: customer id, channel, purpose, message id. Leads to `/u/{token}`; never expires.
UNSUBSCRIBE: Final = "unsubscribe"

#: Fields: case id, number of the resolution. Leads to `/s/{token}`.
SURVEY: Final = "survey"
#: Fields: customer id, channel the link came by, message id, when it ends (seconds since 1970). Leads to `/p/{token}`.
PREFERENCES: Final = "preferences"
#: Fields: entry id, when it ends (seconds since 1970). Leads to `/c/{token}`.
CONFIRM: Final = "confirm"

#: Fields: request id, when it ends (seconds since 1970). Leads to `/copy/{token}`.
COPY: Final = "copy of one's data"

#: Names of our messages that stand in addresses and header fields: where bounces and where answers go, and the Message-ID.
BOUNCES: Final = "bounce"
ANSWERS: Final = "reply"
MESSAGE_ID: Final = "message"

LONGEST: Final = 4096
_PROOF: Final = 8
_NAME: Final = 39

_VERSION: Final = b"\x01"
_NONCE: Final = 12
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[str]).decode


class BadLink(ValueError):
    """A token that was not sealed by this deployment for this kind of link. One message for every cause."""

    def __init__(self) -> None:
        super().__init__("the link is not one of ours")


def seal(secret: bytes, kind: str, fields: Sequence[str]) -> str:
    """A URL-safe token (letters, digits, `-`, `_`) of about 48 + 4/3 of the fields' bytes. `secret` is the deployment's, 32 bytes."""
    content = _encode(list(fields))
    nonce = hashlib.blake2b(content, digest_size=_NONCE, key=_key(secret, "nonce " + kind)).digest()
    sealed = _cipher(secret, kind).encrypt(nonce, content, kind.encode())
    return base64.urlsafe_b64encode(_VERSION + nonce + sealed).decode().rstrip("=")


def open_link(secret: bytes, kind: str, token: str) -> list[str]:
    """The fields that were sealed. Raises BadLink."""
    try:
        if len(token) > LONGEST:
            raise BadLink
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        if raw[:1] != _VERSION:
            raise BadLink
        return _decode(_cipher(secret, kind).decrypt(raw[1 : 1 + _NONCE], raw[1 + _NONCE :], kind.encode()))
    except (binascii.Error, InvalidTag, ValueError, msgspec.DecodeError, UnicodeError):
        raise BadLink from None


def name_message(secret: bytes, use: str, message_id: UUID) -> str:
    """A message's id with a proof that it is ours: 39 lower-case letters and digits, so that it survives in any part of an address.

    `use` is one of BOUNCES, ANSWERS and MESSAGE_ID; a name made for one use proves nothing for another.
    """
    return base64.b32encode(message_id.bytes + _proof(secret, use, message_id.bytes)).decode().rstrip("=").lower()


def named_message(secret: bytes, use: str, name: str) -> UUID:
    """The message that a name was made for. Raises BadLink."""
    try:
        if len(name) != _NAME or not name.isascii():
            raise BadLink
        raw = base64.b32decode(name.upper() + "=")
        if not hmac.compare_digest(raw[16:], _proof(secret, use, raw[:16])):
            raise BadLink
        return UUID(bytes=raw[:16])
    except (binascii.Error, ValueError):
        raise BadLink from None


def _proof(secret: bytes, use: str, content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_PROOF, key=_key(secret, "name " + use)).digest()


@lru_cache(maxsize=32)
def _cipher(secret: bytes, kind: str) -> AESGCMSIV:
    """Setting one up costs more than sealing a link."""
    return AESGCMSIV(_key(secret, kind))


@lru_cache(maxsize=32)
def _key(secret: bytes, purpose: str) -> bytes:
    return hashlib.blake2b(purpose.encode(), digest_size=32, key=secret, person=b"ecrm links").digest()

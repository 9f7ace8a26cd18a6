"""DKIM signatures (RFC 6376, relaxed/relaxed, rsa-sha256; RFC 8463, ed25519-sha256)."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Final

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

#: RFC 8058 wants both unsubscribe headers under the signature.
SIGNED: Final = (
    "from", "to", "subject", "date", "message-id", "reply-to", "list-unsubscribe", "list-unsubscribe-post", "mime-version", "content-type",
)
SMALLEST_RSA: Final = 2048


class BadKey(ValueError):
    """A text that is no private key that mail can be signed with."""


class Signer:
    """Signs whole mails for one domain."""

    def __init__(self, *, private_key: str, selector: str, domain: str) -> None:
        """`private_key`: PEM, RSA of at least 2,048 bits or Ed25519. Raises BadKey."""
        try:
            key = serialization.load_pem_private_key(private_key.encode(), password=None)
        except (ValueError, TypeError) as error:
            raise BadKey(f"not a private key in PEM: {type(error).__name__}") from None
        if isinstance(key, RSAPrivateKey):
            if key.key_size < SMALLEST_RSA:
                raise BadKey(f"an RSA key has at least {SMALLEST_RSA} bits")
        elif not isinstance(key, Ed25519PrivateKey):
            raise BadKey("a key is RSA or Ed25519")
        if not selector or not domain:
            raise BadKey("a signature names its selector and its domain")
        self._key = key
        self._selector = selector
        self.public = _public(key)
        self.domain = domain

    def sign(self, mail: bytes, *, at: int) -> bytes:
        """The mail with its signature in front. `at`: seconds since 1970; lines end with CRLF."""
        head, _, body = mail.partition(b"\r\n\r\n")
        present = _headers(head)
        names = [name for name in SIGNED if name in present]
        algorithm = "rsa-sha256" if isinstance(self._key, RSAPrivateKey) else "ed25519-sha256"
        digest = base64.b64encode(hashlib.sha256(_relaxed_body(body)).digest()).decode()
        # From is named once more than it stands there: nobody can add another one.
        value = (
            f"v=1; a={algorithm}; c=relaxed/relaxed; d={self.domain}; s={self._selector}; t={at}; "
            f"h={':'.join([*names, 'from'])}; bh={digest}; b="
        )
        signed = b"".join(f"{name}:".encode() + present[name] + b"\r\n" for name in names) + b"dkim-signature:" + _relaxed(value.encode())
        signature = base64.b64encode(self._signature(signed)).decode()
        lines = [*value.replace("; h=", ";\r\n h=").replace("; bh=", ";\r\n bh=").split("\r\n"), *_wrapped(signature)]
        return ("DKIM-Signature: " + "\r\n".join(lines) + "\r\n").encode() + mail

    def _signature(self, signed: bytes) -> bytes:
        if isinstance(self._key, RSAPrivateKey):
            return self._key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
        return self._key.sign(hashlib.sha256(signed).digest())


def _public(key: RSAPrivateKey | Ed25519PrivateKey) -> str:
    """The public key as it stands behind `p=` in the DNS."""
    encodings = serialization.Encoding, serialization.PublicFormat
    if isinstance(key, RSAPrivateKey):
        return base64.b64encode(key.public_key().public_bytes(encodings[0].DER, encodings[1].SubjectPublicKeyInfo)).decode()
    return base64.b64encode(key.public_key().public_bytes(encodings[0].Raw, encodings[1].Raw)).decode()


def _wrapped(signature: str) -> list[str]:
    return [" " + signature[start : start + 70] for start in range(0, len(signature), 70)]


def _headers(head: bytes) -> dict[str, bytes]:
    """Relaxed values by lower-case name, of several the last (as verifiers count from the bottom)."""
    found = {}
    for line in re.split(rb"\r\n(?![ \t])", head):
        name, _, value = line.partition(b":")
        found[name.strip().lower().decode("ascii")] = _relaxed(value)
    return found


def _relaxed(value: bytes) -> bytes:
    return re.sub(rb"[ \t]+", b" ", value.replace(b"\r\n", b"")).strip()


def _relaxed_body(body: bytes) -> bytes:
    lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)

"""Permits that prove themselves: a Merkle tree over a batch (shape of RFC 6962) and one signature (Ed25519, RFC 8032) over its root.

What is signed is `TAG ‖ batch id (16 bytes) ‖ size (4 bytes, big-endian) ‖ root (32 bytes)`. A leaf is the compact JSON array
`[customer_id, consent_version, purpose, channel, step, address_hash]`; its hash is SHA-256(0x00 ‖ leaf), a node's SHA-256(0x01 ‖
left ‖ right), and an odd node at the end of a level moves up as it is, never doubled.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

TAG: Final = b"ecrm permit batch v1\x00"
MOST_MEMBERS: Final = 1000

_encode = msgspec.json.Encoder().encode
_decode_leaf = msgspec.json.Decoder(tuple[str, int, str, str, str, str]).decode


class Leaf(NamedTuple):
    """What one permit allows: this step to reach this address of this customer, under this version of the consent."""

    customer_id: str
    consent_version: int
    purpose: str
    channel: str
    step: str
    address_hash: str


def leaf_bytes(leaf: Leaf) -> bytes:
    """The bytes that are hashed."""
    return _encode(leaf)


def read_leaf(raw: bytes) -> Leaf:
    """Raises ValueError."""
    return Leaf(*_decode_leaf(raw))


class Tree:
    """All levels of the tree over the leaves, lowest first."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        sha = hashlib.sha256
        self.levels = [[sha(b"\x00" + leaf).digest() for leaf in leaves]]
        while len(self.levels[-1]) > 1:
            below = self.levels[-1]
            level = [sha(b"\x01" + below[at] + below[at + 1]).digest() for at in range(0, len(below) - 1, 2)]
            if len(below) % 2:
                level.append(below[-1])
            self.levels.append(level)

    @property
    def root(self) -> bytes:
        return self.levels[-1][0] if self.levels[-1] else hashlib.sha256(b"").digest()

    def path(self, index: int) -> list[bytes]:
        """The hashes beside the way from a leaf to the root, lowest first."""
        found = []
        for level in self.levels[:-1]:
            beside = index ^ 1
            if beside < len(level):
                found.append(level[beside])
            index //= 2
        return found


def root_of(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that a leaf and its path lead to; None when the path does not fit index and size."""
    if not 0 <= index < size:
        return None
    found = hashlib.sha256(b"\x00" + leaf).digest()
    rest = list(reversed(path))
    while size > 1:
        if index ^ 1 < size:
            if not rest:
                return None
            beside = rest.pop()
            left, right = (beside, found) if index % 2 else (found, beside)
            found = hashlib.sha256(b"\x01" + left + right).digest()
        index //= 2
        size = (size + 1) // 2
    return None if rest else found


def signed_bytes(batch_id: UUID, size: int, root: bytes) -> bytes:
    """What the signature is over."""
    return TAG + batch_id.bytes + size.to_bytes(4, "big") + root


def verify_permit(
    *, public_key: bytes, batch_id: UUID, size: int, signature: bytes, leaf: bytes, index: int, path: Sequence[bytes]
) -> bool:
    """Whether this leaf is in a batch signed with this key. Needs nothing but its arguments."""
    root = root_of(leaf, index, size, path)
    return root is not None and verify_batch(public_key=public_key, batch_id=batch_id, size=size, root=root, signature=signature)


def verify_batch(*, public_key: bytes, batch_id: UUID, size: int, root: bytes, signature: bytes) -> bool:
    """Whether the signature over a batch's root is good."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, signed_bytes(batch_id, size, root))
    except (InvalidSignature, ValueError):
        return False
    return True


class Signer:
    """The key that signs batches, derived from the service's own signing key, so that there is no further secret to keep."""

    def __init__(self, seed: bytes) -> None:
        material = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"ecrm consent permits v1").derive(seed)
        self._key = Ed25519PrivateKey.from_private_bytes(material)
        self.public = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.kid = hashlib.sha256(self.public).hexdigest()[:16]

    def sign(self, batch_id: UUID, size: int, root: bytes) -> bytes:
        """64 bytes."""
        return self._key.sign(signed_bytes(batch_id, size, root))

"""Permits that prove themselves: a Merkle tree over a batch (shape of RFC 6962) and one signature (Ed25519, RFC 8032) over its root.

What is signed is `TAG ‖ batch id (16 bytes) ‖ size (4) ‖ root (32) ‖ tick (8) ‖ granted at (8, microseconds) ‖ life (4, milliseconds)`,
numbers big-endian. The tick is the batch's place among all entries of the ledger. A leaf is the compact JSON array
`[customer_id, consent_version, purpose, channel, step, address_hash, entry_id]`; the entry is the one the permit stands on, empty where
nothing was said and nothing needed to be. Its hash is SHA-256(0x00 ‖ leaf), a node's SHA-256(0x01 ‖ left ‖ right), and an odd node at the
end of a level moves up as it is, never doubled.
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

TAG: Final = b"ecrm permit batch v2\x00"
ENDORSEMENT_TAG: Final = b"ecrm consent key v1\x00"
MOST_MEMBERS: Final = 1000

_encode = msgspec.json.Encoder().encode
_decode_leaf = msgspec.json.Decoder(tuple[str, int, str, str, str, str, str]).decode


class Leaf(NamedTuple):
    """What one permit allows: this step to reach this address of this customer, under this version of the consent and this entry."""

    customer_id: str
    consent_version: int
    purpose: str
    channel: str
    step: str
    address_hash: str
    entry_id: str = ""


class Stamp(NamedTuple):
    """When a batch was granted: its tick, microseconds since 1970, and for how many milliseconds it may be used."""

    tick: int
    granted_us: int
    life_ms: int


def leaf_bytes(leaf: Leaf) -> bytes:
    """The bytes that are hashed."""
    return _encode(leaf)


def read_leaf(raw: bytes) -> Leaf:
    """Raises ValueError."""
    return Leaf(*_decode_leaf(raw))


def leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + leaf).digest()


class Tree:
    """All levels of the tree over the leaves, lowest first."""

    def __init__(self, leaves: Sequence[bytes], *, hashed: bool = False) -> None:
        """`hashed`: these are the leaves' hashes already."""
        sha = hashlib.sha256
        self.levels = [list(leaves) if hashed else [sha(b"\x00" + leaf).digest() for leaf in leaves]]
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


def signed_bytes(batch_id: UUID, size: int, root: bytes, stamp: Stamp) -> bytes:
    """What the signature is over."""
    return b"".join(
        (
            TAG, batch_id.bytes, size.to_bytes(4, "big"), root, stamp.tick.to_bytes(8, "big"), stamp.granted_us.to_bytes(8, "big"),
            stamp.life_ms.to_bytes(4, "big"),
        )
    )


def verify_permit(
    *, public_key: bytes, batch_id: UUID, size: int, stamp: Stamp, signature: bytes, leaf: bytes, index: int, path: Sequence[bytes]
) -> bool:
    """Whether this leaf is in a batch signed with this key. Needs nothing but its arguments."""
    root = root_of(leaf, index, size, path)
    return root is not None and verify(public_key, signed_bytes(batch_id, size, root, stamp), signature)


def verify(public_key: bytes, signed: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature is good; a key or signature of the wrong form is not."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def key_id(public_key: bytes) -> str:
    """16 hex characters of the key's SHA-256."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def endorsed_bytes(successor: bytes) -> bytes:
    """What a key signs to hand over to its successor."""
    return ENDORSEMENT_TAG + successor


class Signer:
    """A key that signs permits, roots and receipts, derived from the service's own signing key, so that there is no further secret to keep.

    Every `epoch` is another key.
    """

    def __init__(self, seed: bytes, epoch: int = 0) -> None:
        info = b"ecrm consent permits v1" + (b" %d" % epoch if epoch else b"")
        material = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info).derive(seed)
        self._key = Ed25519PrivateKey.from_private_bytes(material)
        self._seed = seed
        self.epoch = epoch
        self.public = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.kid = key_id(self.public)

    def sign(self, signed: bytes) -> bytes:
        """64 bytes."""
        return self._key.sign(signed)

    def following(self, epoch: int) -> Signer:
        """The key of another epoch."""
        return Signer(self._seed, epoch)

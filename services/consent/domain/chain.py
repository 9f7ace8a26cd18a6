"""The chain over the ledger: links, and roots signed over them.

A link's body is canonical JSON without anything personal. The personal parts of an entry (whose it is, source, evidence, who recorded it)
stand in it as a commitment, SHA-256(TAG ‖ salt ‖ personal JSON), salt 32 random bytes kept beside those parts: once parts and salt are
erased, nobody can tell what the commitment was over, and the chain still holds. `hash = SHA-256(0x00 ‖ body ‖ previous hash)`; the first
link follows 32 zero bytes. A root is signed over the Merkle root (RFC 6962 shape) of the links since the last root and the last hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from services.consent.domain.proofs import Tree
from services.consent.domain.statements import Entry, Purpose

COMMIT_TAG: Final = b"ecrm ledger person v1\x00"
MANIFEST_TAG: Final = b"ecrm audit manifest v1\x00"
ROOT_TAG: Final = b"ecrm ledger root v1\x00"
START: Final = b"\x00" * 32
SALT_BYTES: Final = 32

_encode = msgspec.json.Encoder(order="sorted").encode


class Link(NamedTuple):
    """One link. `kind`: entry or purpose; `ref`: the entry's id, or purpose/version."""

    seq: int
    tick: int
    kind: str
    ref: str
    body: str
    hash: bytes


class Root(NamedTuple):
    """What is signed about links `first` to `last` (none when `last` < `first`: a sign of life); `head` is the hash of the last link of all."""

    number: int
    first: int
    last: int
    root: bytes
    head: bytes
    signed_at: datetime


def commitment(salt: bytes, personal: bytes) -> str:
    """Hex."""
    return hashlib.sha256(COMMIT_TAG + salt + personal).hexdigest()


def personal_bytes(*, customer: str | None, identity: str | None, language: str | None, source: str, evidence: str, actor: str) -> bytes:
    """The personal parts as they are committed to; `evidence` is JSON text."""
    return _encode(
        {"actor": actor, "customer": customer, "evidence": evidence, "identity": identity, "language": language, "source": source}
    )


def entry_body(entry: Entry, *, seq: int, commit: str) -> str:
    """The body of an entry's link."""
    return _encode(
        {
            "channel": entry.channel, "commit": commit, "expires_at": entry.expires_at, "id": str(entry.id), "kind": "entry",
            "legal_basis": entry.legal_basis, "purpose": entry.purpose, "recorded_at": entry.recorded_at,
            "refers": [str(one) for one in entry.refers], "said_at": entry.said_at, "seq": seq, "state": entry.state, "tick": entry.tick,
            "wording_version": entry.wording_version,
        }
    ).decode()


def purpose_body(purpose: Purpose, *, seq: int, tick: int) -> str:
    """The body of a purpose's link: the whole definition, texts included."""
    return _encode({**purpose._asdict(), "kind": "purpose", "seq": seq, "tick": tick}).decode()


def link_hash(body: str, previous: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + body.encode() + previous).digest()


def merkle_root(hashes: list[bytes]) -> bytes:
    """Of the links a root covers."""
    return Tree(hashes).root


def root_bytes(root: Root) -> bytes:
    """What is signed."""
    return b"".join(
        (
            ROOT_TAG, root.number.to_bytes(8, "big"), root.first.to_bytes(8, "big"), root.last.to_bytes(8, "big"), root.root, root.head,
            micros(root.signed_at).to_bytes(8, "big"),
        )
    )


def manifest_bytes(manifest: Mapping[str, Any]) -> bytes:
    """What is signed of an export."""
    return MANIFEST_TAG + canonical(manifest)


def canonical(found: Any) -> bytes:
    """JSON with sorted keys and no spaces."""
    return _encode(found)


def running_hash(previous: bytes, record: bytes) -> bytes:
    """Of one line after another of an exported file."""
    return hashlib.sha256(previous + record).digest()


def micros(moment: datetime) -> int:
    """Microseconds since 1970, exactly."""
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


def read_body(body: str) -> dict[str, Any]:
    """Raises ValueError."""
    found: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
    return found

"""A permit proves itself; anything changed in it proves nothing."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.consent.domain import proofs
from services.consent.domain.proofs import Leaf, Signer, Stamp, Tree

BATCH = UUID("01900000-0000-7000-8000-000000000001")
SIGNER = Signer(b"seed")
STAMP = Stamp(7, 1_790_000_000_000_000, 5000)


def rfc6962_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, by its recursive definition."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + rfc6962_root(leaves[:split]) + rfc6962_root(leaves[split:])).digest()


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 33, 200, 777, 1000])
def test_root_and_paths_have_the_shape_of_rfc_6962(size: int) -> None:
    leaves = [f"leaf {number}".encode() for number in range(size)]
    tree = Tree(leaves)
    assert tree.root == rfc6962_root(leaves)
    for index in {0, size // 2, size - 1}:
        assert proofs.root_of(leaves[index], index, size, tree.path(index)) == tree.root


def test_known_answer() -> None:
    """Test vectors used by implementations of RFC 6962: the tree over eight inputs."""
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    assert Tree([bytes.fromhex(one) for one in inputs]).root.hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@given(st.integers(1, 40), st.data())
def test_only_the_whole_truth_verifies(size: int, data: st.DataObject) -> None:
    leaves = [proofs.leaf_bytes(Leaf(f"c{number}", number, "marketing", "email", "s1", "ff", f"e{number}")) for number in range(size)]
    tree = Tree(leaves)
    index = data.draw(st.integers(0, size - 1))
    good: dict[str, Any] = {
        "public_key": SIGNER.public, "batch_id": BATCH, "size": size, "stamp": STAMP,
        "signature": SIGNER.sign(proofs.signed_bytes(BATCH, size, tree.root, STAMP)),
        "leaf": leaves[index], "index": index, "path": tree.path(index),
    }
    assert proofs.verify_permit(**good)
    forged: list[dict[str, Any]] = [
        {"leaf": leaves[index] + b" "}, {"batch_id": UUID(int=1)}, {"size": size + 1}, {"index": index + size},
        {"public_key": Signer(b"other").public}, {"signature": good["signature"][:-1] + bytes([good["signature"][-1] ^ 1])},
        {"stamp": STAMP._replace(tick=8)}, {"stamp": STAMP._replace(granted_us=1)}, {"stamp": STAMP._replace(life_ms=9000)},
        {"path": [*good["path"], b"\x00" * 32]}, {"public_key": b"short"},
    ]
    if size > 1:
        forged.append({"index": (index + 1) % size})
        forged.append({"path": good["path"][:-1]})
    for change in forged:
        assert not proofs.verify_permit(**{**good, **change}), change


def test_a_leaf_is_read_back() -> None:
    leaf = Leaf("0190", 3, "marketing", "ای‌میل", "step", "00ff")
    assert proofs.read_leaf(proofs.leaf_bytes(leaf)) == leaf

"""Who is held out of a programme: by a stable hash, so that the answer is the same each time and nothing has to be stored for it."""

from __future__ import annotations

import hashlib
from typing import Final
from uuid import UUID

HOLDOUT: Final = "holdout"
TREATED: Final = "treated"
_BITS: Final = 53


def held_out(salt: str, customer_id: UUID, share: float) -> bool:
    """Whether a customer gets nothing, so that what happens without it can be seen. `share` in [0, 1]; a larger share keeps all of a smaller one."""
    digest = hashlib.blake2b(customer_id.bytes, digest_size=8, key=hashlib.blake2b(f"holdout {salt}".encode(), digest_size=32).digest()).digest()
    place: float = (int.from_bytes(digest) >> (64 - _BITS)) / float(1 << _BITS)
    return place < share

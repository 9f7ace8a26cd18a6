"""Who is in a sample, a control group or an arm: a stable hash of the person, never a stored draw.

The same salt and person give the same answer in every process and for ever; different salts are independent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final
from uuid import UUID

_SPAN: Final = 2**64
#: Salt of the control group that no marketing message goes to.
GLOBAL_CONTROL: Final = "global-control"


def position(salt: str, person: UUID) -> float:
    """Where a person stands between 0 (inclusive) and 1 (exclusive): BLAKE2b of the salt and the person."""
    digest = hashlib.blake2b(person.bytes, digest_size=8, key=hashlib.blake2b(salt.encode(), digest_size=32).digest()).digest()
    # 53 bits: the most a float between 0 and 1 keeps, so that 1.0 cannot come out.
    return (int.from_bytes(digest) >> 11) / (_SPAN >> 11)


def is_drawn(salt: str, person: UUID, *, percent: float) -> bool:
    """Whether a person is among the `percent` (0 to 100) of this draw. A larger percentage keeps everybody of a smaller one."""
    return position(salt, person) * 100 < percent


def arm_of(salt: str, person: UUID, *, weights: Mapping[str, float]) -> str:
    """The person's arm: arms in the order given, each as wide as its weight. Raises ValueError unless weights are positive."""
    total = sum(weights.values())
    if not weights or min(weights.values()) < 0 or total <= 0:
        raise ValueError("an arm needs weights that are not negative and add up to more than 0")
    place, reached, last = position(salt, person) * total, 0.0, ""
    for name, weight in weights.items():
        if weight <= 0:
            continue
        reached, last = reached + weight, name
        if place < reached:
            return name
    return last

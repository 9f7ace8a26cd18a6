"""Whether everything that was accepted has become something: stored, a duplicate, a conflict, or left out for want of consent."""

from __future__ import annotations

from typing import Final

BALANCED: Final = "balanced"
#: Collectors accepted more than was worked off, or other events: some are still on their way, or lost.
MISSING: Final = "missing"
#: More was worked off than collectors told of: one died before it told, an answer was lost, or events came another way (posted, released).
UNCOUNTED: Final = "uncounted"


def state(*, told: int | None, told_receipts: tuple[int, int], done: int, receipts: tuple[int, int]) -> str:
    """`told` is None when no collector said anything of the minute and source."""
    if (told or 0) > done:
        return MISSING
    if told is None or told < done:
        return UNCOUNTED
    return BALANCED if told_receipts == receipts else MISSING

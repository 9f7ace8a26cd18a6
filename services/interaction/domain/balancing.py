"""Whether everything that was accepted has become something: stored, a duplicate, a conflict, left out for want of consent, or not as planned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

BALANCED: Final = "balanced"
#: Collectors accepted more than was worked off, or other events: some are still on their way, or lost.
MISSING: Final = "missing"
#: More was worked off than collectors told of: one died before it told, an answer was lost, or events came another way (posted, released).
UNCOUNTED: Final = "uncounted"


def minute(row: Mapping[str, Any]) -> dict[str, Any]:
    """A minute and source as it is shown, from the counters of both sides; receipts are told apart only where the counts agree."""
    done = row["stored"] + row["duplicate"] + row["conflict"] + row["dropped"] + row["violated"] + row["erased"]
    same = (row["told_high"], row["told_low"]) == (row["xor_high"], row["xor_low"])
    return {
        **{name: row[name] for name in ("minute", "source", "told", "stored", "duplicate", "conflict", "dropped", "refused", "violated", "erased")},
        "accepted": done,
        "state": state(told=row["told"], done=done, same=same),
        "receipts": f"{row['xor_high'] % 2**64:016x}{row['xor_low'] % 2**64:016x}",
    }


def state(*, told: int | None, done: int, same: bool) -> str:
    """`told` is None when no collector said anything of the minute and source; `same`: the XORs of the receipts agree."""
    if (told or 0) > done:
        return MISSING
    if told is None or told < done:
        return UNCOUNTED
    return BALANCED if same else MISSING

"""Whether a new model takes the place of the one in use."""

from __future__ import annotations

from typing import Any


def takes_over(comparison: dict[str, Any], tolerance: float = 0.01) -> bool:
    """Whether the new model is at least as good as the one in use, on the same data; a hundredth worse still counts as equal."""
    old, new = comparison.get("old"), comparison.get("new")
    if old is None:
        return True
    if new is None:
        return False
    slack = abs(old) * tolerance
    return bool(new >= old - slack if comparison["higher_is_better"] else new <= old + slack)

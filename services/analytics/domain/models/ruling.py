"""Rules with thresholds that people set: RFM cut points, stage, investment tier. Readable, and to be checked by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

DEFAULTS: Final[dict[str, dict[str, Any]]] = {
    "rfm": {"recency_days": [], "frequency": [], "monetary_minor": []},
    "stage": {"least_orders": 2, "profit_quantile": 0.5},
    "tier": {"high_share": 0.20, "touch_cost_minor": 0},
}
READABLE: Final = {
    "rfm": (
        "without cut points each score is 1 + the fifth of the buyers that lie strictly below; with four cut points R = 1 + how many of recency_days "
        "the days since the last order do not exceed, F and M = 1 + how many of frequency and monetary_minor are reached"
    ),
    "stage": (
        "acquire = no order; retain = at least least_orders orders, and the profit of the last 365 days at least the profit_quantile of the buyers "
        "(0.5: the median); enhance = ordered, not yet in retain"
    ),
    "tier": (
        "none = future value not above 0 or below touch_cost_minor; of the others high = future value at least that of the customer at the high_share "
        "of all customers by future value, medium = the rest"
    ),
}


class Tier(NamedTuple):
    """A verdict with its reason."""

    word: str
    reason: str


def high_from(futures: Sequence[float], share: float) -> float:
    """The future value from which on a customer is in the top `share`: that of the customer at the place share * n, rounded up."""
    if not futures:
        return math.inf
    ranked = sorted(futures, reverse=True)
    return ranked[max(1, math.ceil(share * len(ranked))) - 1]


def tier(future: float, *, cut: float, rules: dict[str, Any]) -> Tier:
    """high, medium or none."""
    touch = rules["touch_cost_minor"]
    if future <= 0 or future < touch:
        return Tier("none", f"future value {future:.0f} is {'not above 0' if future <= 0 else f'below the {touch} that one contact costs'}")
    if future >= cut:
        return Tier("high", f"future value {future:.0f} is at least {cut:.0f}, where the top {rules['high_share']:.0%} begin")
    return Tier("medium", f"future value {future:.0f} is below {cut:.0f}, where the top {rules['high_share']:.0%} begin, and pays for a contact")


class BadRules(ValueError):
    """`pointer` names the place."""

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(message)
        self.pointer, self.message = pointer, message


def check_cuts(rules: dict[str, Any]) -> None:
    """RFM cut points: none, or four in order. Raises BadRules."""
    for name, cuts in rules.items():
        if cuts and (len(cuts) != 4 or sorted(set(cuts)) != sorted(cuts) or list(cuts) != sorted(cuts, reverse=name == "recency_days")):
            way = "falling" if name == "recency_days" else "rising"
            raise BadRules(f"/{name}", f"give none or four different cut points, {way}")

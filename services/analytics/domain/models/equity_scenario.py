"""What the value of the customer base would be if retention, margin or acquisition cost changed: a scenario, not a forecast.

Gupta, Lehmann and Stuart 2004 ("Valuing customers"): with a constant share r of customers kept each year and a discount rate i, the profit of
the years ahead is proportional to the sum of (r / (1 + i))^t.
"""

from __future__ import annotations

from typing import Any

#: The share kept each year that the scenario starts from where no other is known.
_KEPT = 0.75


def _sum(kept: float, discount: float, months: int) -> float:
    """The discounted share of customers over the months, each counted at its middle."""
    ratio = (kept / (1 + discount)) ** (1 / 12)
    return float(sum(ratio ** (month - 0.5) for month in range(1, months + 1)))


def scenario(
    value: float, *, months: int, discount: float, retention_points: float, margin_percent: float, acquisition_percent: float, kept: float = _KEPT
) -> dict[str, Any]:
    """The value after each change alone and after all; changes in points of retention and in per cent of margin and acquisition cost.

    Acquisition cost of customers who are there already is spent: it changes nothing of their value, only what the next ones are worth.
    """
    after = min(max(kept + retention_points / 100, 0.0), 0.999)
    by_retention = value * _sum(after, discount, months) / _sum(kept, discount, months)
    by_margin = value * (1 + margin_percent / 100)
    return {
        "kept_a_year": kept, "retention": {"points": retention_points, "value_minor": round(by_retention), "change_minor": round(by_retention - value)},
        "margin": {"percent": margin_percent, "value_minor": round(by_margin), "change_minor": round(by_margin - value)},
        "acquisition": {"percent": acquisition_percent, "value_minor": round(value), "change_minor": 0, "note": "spent already for those who are customers"},
        "all": {"value_minor": round(by_retention * (1 + margin_percent / 100)), "note": "a scenario, not a forecast"},
    }

"""Answers about purchase patterns and opportunities."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from services.analytics.schemas.clicks import Asked


class PatternView(BaseModel):
    """Who has `has` also gets `wants`. `units`: orders or customers in all; `lift_low`, `lift_high`: the 95 % interval of the lift."""

    has: str
    wants: str
    units: int
    with_has: int
    with_wants: int
    both: int
    support: float
    confidence: float
    lift: float
    lift_low: float
    lift_high: float
    median_days: float | None


class PatternsView(Asked):
    """Pairs, the strongest first: by the lower end of the lift's interval."""

    kind: str
    by: str
    currency: str
    formula: str
    least_support: int
    data: list[PatternView]


class OpportunityView(BaseModel):
    """`rule` makes a segment of the customers; `evidence` is the pattern."""

    rank: int
    has: str
    wants: str
    size: int
    expected_buyers: float
    value_minor: int
    mean_spent_minor: int
    reason: str
    evidence: PatternView
    rule: dict[str, Any]


class OpportunitiesView(Asked):
    by: str
    currency: str
    formula: str
    margin: float
    least_support: int
    data: list[OpportunityView]


class WithoutView(BaseModel):
    """A customer who has the one and not the other."""

    customer_id: UUID
    last_order_at: datetime
    orders: int

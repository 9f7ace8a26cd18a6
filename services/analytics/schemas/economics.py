"""Answers about the economics of a customer and about lifetime values in sum."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from services.analytics.schemas.figures import WindowView


class OwnFigureView(BaseModel):
    """One metric of this customer alone: its row of the metric."""

    metric: str
    capability: str
    formula: str
    definition_version: int
    value: float | None
    numerator: int | None
    denominator: int
    note: str | None
    reason: str | None


class MeanView(BaseModel):
    """Profit of all customers with an order among them; the sum is without what nobody bears."""

    customers: int
    sum_minor: int
    mean_minor: float | None


class SegmentMeanView(MeanView):
    segment_id: UUID
    name: str


class ProfitBesideView(BaseModel):
    everybody: MeanView
    segments: list[SegmentMeanView]


class OwnEntryView(BaseModel):
    cost_id: str
    kind: str
    channel: str
    campaign_id: str | None
    amount_minor: int
    booked_on: date


class SharedEntriesView(BaseModel):
    """Entries of nobody in particular, of which the customer bears a part; `cost_ids` are the first hundred."""

    kind: str
    channel: str
    campaign_id: str | None
    amount_minor: int
    entries: int
    cost_ids: list[str]


class TracedView(BaseModel):
    own: list[OwnEntryView]
    shared: list[SharedEntriesView]


class SatisfactionView(BaseModel):
    """Mean of the answers from 0 (worst) to 1, weighed by 0.5^(age / half-life)."""

    value: float | None
    answers: int
    scale: str
    half_life_days: int


class TierView(BaseModel):
    value: str
    since: datetime
    parts: dict[str, Any]
    rule: str


class EconomicsView(BaseModel):
    """What a customer cost and brought in the window, beside others; `lifetime` and `tier` without a model are null."""

    customer_id: UUID
    window: WindowView
    currency: str
    allocation: str
    as_of: datetime
    data_age_s: float | None
    stage: str
    figures: list[OwnFigureView]
    profit: ProfitBesideView
    costs: TracedView
    satisfaction: SatisfactionView
    lifetime: dict[str, Any] | None
    tier: TierView | None


class ValueSums(BaseModel):
    customers: int
    lcv_minor: int
    past_minor: int
    future_minor: int
    net_minor: int
    mean_lcv_minor: float | None
    mean_future_minor: float | None


class ValueGroup(ValueSums):
    key: str
    label: str


class ValuesView(ValueSums):
    """Lifetime value of everybody and of each group; without a model a `reason`."""

    by: str | None
    calendar: str
    formula: str
    reason: str | None
    model_version: int | None
    fitted_at: datetime | None
    as_of: datetime
    groups: list[ValueGroup]


class ValueRow(BaseModel):
    customer_id: UUID
    lcv_minor: int
    past_minor: int
    future_minor: int
    net_minor: int
    first_day: date | None
    won_by: str | None

"""What the analytics service tells: what it means."""

from __future__ import annotations

from contracts.erasure import ErasureAcknowledged as Acknowledgement
from contracts.fact import Fact, Moment


class SegmentEntered(Fact, frozen=True, kw_only=True):
    """A customer fulfils a segment's rule from now on."""

    segment_id: str
    customer_id: str
    version: int
    entered_at: Moment


class SegmentLeft(Fact, frozen=True, kw_only=True):
    """A customer no longer fulfils a segment's rule."""

    segment_id: str
    customer_id: str
    version: int
    left_at: Moment


class ScoreChanged(Fact, frozen=True, kw_only=True):
    """A score of a customer changed, for example `rfm` to `543`."""

    customer_id: str
    score: str
    value: str
    previous: str | None = None
    changed_at: Moment


class CostBooked(Fact, frozen=True, kw_only=True):
    """A cost entry: `kind` is acquire, retain or serve; the amount is in minor units."""

    cost_id: str
    kind: str
    channel: str
    campaign_id: str | None = None
    amount_minor: int
    currency: str
    booked_on: str


class ErasureAcknowledged(Acknowledgement, frozen=True, kw_only=True):
    """Facts, scores and memberships are gone, orders are nobody's."""

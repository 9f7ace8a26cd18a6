"""What the analytics service tells: what it means."""

from __future__ import annotations

from contracts.erasure import ErasureAcknowledged as Acknowledgement
from contracts.fact import Fact, Moment


class SegmentEntered(Fact, frozen=True, kw_only=True):
    """A customer fulfils a segment's rule from now on; `listed`: somebody put them on the segment's list."""

    segment_id: str
    customer_id: str
    version: int
    entered_at: Moment
    listed: bool = False


class SegmentLeft(Fact, frozen=True, kw_only=True):
    """A customer no longer fulfils a segment's rule; `listed`: somebody took them off the segment's list."""

    segment_id: str
    customer_id: str
    version: int
    left_at: Moment
    listed: bool = False


class ScoreChanged(Fact, frozen=True, kw_only=True):
    """A score of a customer changed, for example `rfm` to `543`."""

    customer_id: str
    score: str
    value: str
    previous: str | None = None
    changed_at: Moment


class CostBooked(Fact, frozen=True, kw_only=True):
    """A cost entry: `kind` is acquire, retain or serve; the amount is in minor units. With a `customer_id` it was spent on that customer alone."""

    cost_id: str
    kind: str
    channel: str
    campaign_id: str | None = None
    amount_minor: int
    currency: str
    booked_on: str
    customer_id: str | None = None


class SpendStated(Fact, frozen=True, kw_only=True):
    """What a customer spends in the category with anybody, in `[first, last)` (days): the denominator of the share of customer.

    `basis`: declared, imported or estimated. The same `statement_id` again replaces what it said.
    """

    statement_id: str
    customer_id: str
    category: str = ""
    amount_minor: int
    currency: str
    first: str
    last: str
    basis: str
    stated_at: Moment


class ReportMade(Fact, frozen=True, kw_only=True):
    """A scheduled report was made for `due_at`. `figures` holds numbers alone, by key; rows are read at `path`, with the rights of the reader."""

    report_id: str
    run_id: str
    name: str
    due_at: Moment
    made_at: Moment
    figures: dict[str, float | None] = {}
    path: str


class KnowledgeAged(Fact, frozen=True, kw_only=True):
    """What is known is older than its limit (`over`), or is in time again: `kind` is profiles, segment, score or arrival, times in seconds."""

    subject: str
    kind: str
    name: str
    age_s: float
    limit_s: float
    over: bool
    noted_at: Moment


class ErasureAcknowledged(Acknowledgement, frozen=True, kw_only=True):
    """Facts, scores and memberships are gone, orders are nobody's."""

"""What every service tells when it has erased a person."""

from __future__ import annotations

from contracts.fact import Fact, Moment


class ErasureAcknowledged(Fact, frozen=True, kw_only=True):
    """A service holds nothing of the person any more. `erased`: rows deleted or blanked, by table; no personal data."""

    request_id: str
    customer_id: str
    erased: dict[str, int]
    acknowledged_at: Moment

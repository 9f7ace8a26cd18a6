"""What rules of retention may end here, table by table; the ledger itself stays, since it is the proof."""

from __future__ import annotations

from typing import Final

from chassis.retaining import Kept, rows

KEPT: Final[tuple[Kept, ...]] = (
    rows(
        "requests", "privacy_request", "t.closed_at < $1 AND (t.outcome IS NOT NULL OR t.verified_by IS NOT NULL OR t.details <> '{}')", ("id",),
        emptied="outcome = NULL, verified_by = NULL, details = '{}'",
    ),
)

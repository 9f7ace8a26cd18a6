"""What rules of retention may end here, table by table."""

from __future__ import annotations

from typing import Final

from chassis.retaining import Kept, rows

KEPT: Final[tuple[Kept, ...]] = (
    rows("activity", "device_sighting", "t.seen_at < $1", ("identity", "user_identity")),
    rows("profile", "need", "t.met_at < $1", ("id",)),
)

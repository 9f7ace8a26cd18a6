"""What rules of retention may end here, table by table; the ledger of messages stays, since permits are proven against it."""

from __future__ import annotations

from typing import Final

from chassis.retaining import Kept, rows

KEPT: Final[tuple[Kept, ...]] = (
    rows("engagement", "engagement", "t.last_at < $1", ("message_id", "kind", "link", "automated")),
)

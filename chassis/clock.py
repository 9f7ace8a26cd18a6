"""The only place that reads the wall clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    """Aware UTC time; deadlines use `monotonic`."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - the one place

    def timestamp(self) -> float:
        """Seconds since the epoch."""
        return time.time()  # noqa: TID251 - the one place

    def monotonic(self) -> float:
        return time.monotonic()

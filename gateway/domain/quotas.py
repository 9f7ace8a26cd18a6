"""How much a key may do on a day (UTC), and what it has done."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple

DAY_SECONDS: Final = 86_400


class Day(NamedTuple):
    """A key on a day."""

    key_id: str
    day: date


class Used(NamedTuple):
    """What was done with it."""

    requests: int = 0
    events: int = 0

    def plus(self, other: Used) -> Used:
        return Used(self.requests + other.requests, self.events + other.events)

    def minus(self, other: Used) -> Used:
        return Used(self.requests - other.requests, self.events - other.events)


class Quota(NamedTuple):
    """At most so much a day; 0: no limit."""

    requests: int = 0
    events: int = 0

    def exceeded(self, used: Used) -> bool:
        """Whether nothing more may be done today."""
        return bool((self.requests and used.requests >= self.requests) or (self.events and used.events >= self.events))


def seconds_left(now: datetime) -> int:
    """Until the next day begins, at least one."""
    tomorrow = datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
    return max(1, int((tomorrow - now).total_seconds()))

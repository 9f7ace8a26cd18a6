"""Token buckets: as many requests at once as the bucket holds, and on the average what runs into it."""

from __future__ import annotations

import math
from typing import NamedTuple


class Taken(NamedTuple):
    """What one request found: whether a token was left, how many are, seconds until the next one and until all are back."""

    allowed: bool
    left: int
    wait: float
    full_in: float


class Bucket:
    """Holds `amount` tokens, and is filled again evenly within `seconds`. Time is whatever the caller counts, in seconds."""

    __slots__ = ("_at", "_tokens", "amount", "seconds")

    def __init__(self, amount: int, seconds: float, now: float) -> None:
        self.amount = amount
        self.seconds = seconds
        self._tokens = float(amount)
        self._at = now

    def take(self, now: float) -> Taken:
        """One token, if there is one; a clock that goes backwards fills nothing."""
        speed = self.amount / self.seconds
        self._tokens = min(float(self.amount), self._tokens + max(0.0, now - self._at) * speed)
        self._at = max(self._at, now)
        # what was filled to within a millionth is full: adding up small parts must not cost a whole token
        allowed = self._tokens >= 1 - 1e-6
        if allowed:
            self._tokens = max(0.0, self._tokens - 1)
        wait = 0.0 if allowed else (1 - self._tokens) / speed
        return Taken(allowed, math.floor(self._tokens + 1e-6), wait, (self.amount - self._tokens) / speed)

    def is_full(self, now: float) -> bool:
        """Whether it is as if it had never been used."""
        return self._tokens + (now - self._at) * self.amount / self.seconds >= self.amount

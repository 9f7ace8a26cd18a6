"""How much at once and how much in a time: refused before a body is read."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter

from chassis.clock import Clock

MIB: Final = 1024 * 1024


class Overloaded(Exception):
    """No room for another request, or for its bytes."""


class Flight:
    """What is being worked on. The last tenth of both budgets is kept for withdrawals and unsubscribing."""

    def __init__(self, *, requests: int, size: int) -> None:
        """`size` in bytes."""
        self._most = {True: (requests, size), False: (requests - requests // 10, size - size // 10)}
        self.requests = 0
        self.size = 0

    @contextmanager
    def enter(self, *, expected: int, first: bool) -> Iterator[Held]:
        """Raises Overloaded."""
        if self.requests >= self._most[first][0]:
            raise Overloaded
        held = Held(self, self._most[first][1])
        held.grow_to(expected)
        self.requests += 1
        try:
            yield held
        finally:
            self.requests -= 1
            self.size -= held.size


class Held:
    """The bytes one request holds."""

    def __init__(self, flight: Flight, most: int) -> None:
        self._flight = flight
        self._most = most
        self.size = 0

    def grow_to(self, size: int) -> None:
        """Raises Overloaded."""
        more = size - self.size
        if more <= 0:
            return
        if self._flight.size + more > self._most:
            raise Overloaded
        self._flight.size += more
        self.size = size


class Rate(NamedTuple):
    """How a caller stands: the headers to send, and whether it may go on."""

    allowed: bool
    headers: list[tuple[bytes, bytes]]
    retry_after: int


class Rates:
    """Requests per key and source, counted in this process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._items: dict[tuple[str, int], RateLimitItem] = {}

    async def take(self, who: str, *, amount: int, window: str) -> Rate:
        """Count one request of `who`; `amount` in a `window`, second or minute."""
        item = self._items.get((window, amount))
        if item is None:
            made = RateLimitItemPerMinute(amount) if window == "minute" else RateLimitItemPerSecond(amount)
            item = self._items.setdefault((window, amount), made)
        allowed = await self._limiter.hit(item, who)
        reset, remaining = await self._limiter.get_window_stats(item, who)
        left = max(1, math.ceil(reset - self._clock.timestamp()))
        seconds = 60 if window == "minute" else 1
        headers = [
            (b"ratelimit", f'"{window}";r={max(0, remaining)};t={left}'.encode()),
            (b"ratelimit-policy", f'"{window}";q={amount};w={seconds}'.encode()),
        ]
        return Rate(bool(allowed), headers, left)

"""How much at once and how much in a time: refused before a body is read."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Final, NamedTuple, Self

from chassis import telemetry
from chassis.clock import Clock
from gateway.domain.buckets import Bucket
from gateway.domain.lanes import Lane

MIB: Final = 1024 * 1024
SECONDS: Final = {"second": 1, "minute": 60}
#: Buckets remembered; full ones are forgotten first, for they say nothing.
REMEMBERED: Final = 20_000
#: An event loop whose turns take longer has too much to do.
TURN_SECONDS: Final = 0.02

RUNNING: Final = telemetry.gauge("ecrm_door_requests", "Requests that are worked on, by service", ("service",))


class Overloaded(Exception):
    """No room for another request, or for its bytes."""


class Crowding:
    """How long one turn of this process's event loop takes: whatever waits for an answer of another process waits for some of them."""

    def __init__(self, clock: Clock) -> None:
        self._now = clock.monotonic
        self._waiting = False
        self.seconds = 0.0

    def look(self) -> bool:
        """Whether turns take too long; begins to measure another one."""
        if not self._waiting:
            self._waiting = True
            asyncio.get_running_loop().call_soon(self._begin)
        return self.seconds > TURN_SECONDS

    def _begin(self) -> None:
        asyncio.get_running_loop().call_soon(self._turned, self._now())  # what is called now runs in the next turn, at the same place

    def _turned(self, began: float) -> None:
        self._waiting = False
        self.seconds += 0.3 * (self._now() - began - self.seconds)


class Flight:
    """What is being worked on.

    The last tenth of both budgets is kept for withdrawals, unsubscribing and requests about data. No service may fill more than half, so one that is
    slow or dead leaves room for the others; and less than that while its answers take too long (`domain/lanes.py`).
    """

    def __init__(self, *, requests: int, size: int, clock: Clock) -> None:
        """`size` in bytes."""
        self._most = {True: (requests, size), False: (requests - requests // 10, size - size // 10)}
        self._now = clock.monotonic
        self._lanes: dict[str, Lane] = {}
        self._crowding = Crowding(clock)
        self._widest = max(8, requests // 2)
        self.requests = 0
        self.size = 0

    def enter(self, service: str, *, body: int | None, first: bool) -> Held:
        """A place for a request to `service`, as a `with` block; `body`: its bytes as far as they are known, None when none comes.

        What goes `first` uses no lane. Raises Overloaded.
        """
        if self.requests >= self._most[first][0]:
            raise Overloaded
        lane = None if first else self._lane(service)
        if lane is not None and not lane.may_enter(self._now(), crowded=self._crowding.look()):
            raise Overloaded
        held = Held(self, lane, self._most[first][1])
        held.grow_to(body or 0)
        self.requests += 1
        if lane is not None:
            lane.enter()
            if body is None:
                held.complete()
        return held

    def leave(self, held: Held, lane: Lane | None) -> None:
        """It is done; `Held` says so when its block ends."""
        self.requests -= 1
        self.size -= held.size
        if lane is not None:
            lane.leave(id(held), self._now())

    def begin(self, held: Held, lane: Lane) -> None:
        """Its work begins."""
        lane.begin(id(held), self._now())

    def _lane(self, service: str) -> Lane:
        found = self._lanes.get(service)
        if found is None:
            found = self._lanes[service] = Lane(self._widest)
            RUNNING.labels(service).set_function(lambda: found.running)
        return found


class Held:
    """One request's place, until its block ends, and the bytes it holds."""

    __slots__ = ("_flight", "_lane", "_most", "size")

    def __init__(self, flight: Flight, lane: Lane | None, most: int) -> None:
        self._flight = flight
        self._lane = lane
        self._most = most
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._flight.leave(self, self._lane)

    def grow_to(self, size: int) -> None:
        """Raises Overloaded."""
        more = size - self.size
        if more <= 0:
            return
        if self._flight.size + more > self._most:
            raise Overloaded
        self._flight.size += more
        self.size = size

    def complete(self) -> None:
        """The whole body is here: from now on it is worked on. A client that sends slowly is not the service's fault."""
        if self._lane is not None:
            self._flight.begin(self, self._lane)


class Rate(NamedTuple):
    """How a caller stands: the headers to send, and whether it may go on."""

    allowed: bool
    headers: list[tuple[bytes, bytes]]
    retry_after: int


def with_day(headers: list[tuple[bytes, bytes]], *, left: int, amount: int, reset: int) -> list[tuple[bytes, bytes]]:
    """The headers of a rate with those of a quota beside them."""
    (name, rate), (policy_name, policy) = headers
    return [(name, rate + f', "day";r={left};t={reset}'.encode()), (policy_name, policy + f', "day";q={amount};w=86400'.encode())]


class Rates:
    """Requests per key and source, counted in this process, each from a bucket of its own."""

    def __init__(self, clock: Clock) -> None:
        self._now: Callable[[], float] = clock.monotonic
        self._buckets: dict[str, Bucket] = {}

    def take(self, who: str, *, amount: int, window: str) -> Rate:
        """Count one request of `who`: at most `amount` at once, and as many again in a `window` (second or minute), evenly."""
        now, seconds = self._now(), SECONDS[window]
        bucket = self._buckets.get(who)
        if bucket is None or bucket.amount != amount or bucket.seconds != seconds:
            if len(self._buckets) >= REMEMBERED:
                self._buckets = {name: one for name, one in self._buckets.items() if not one.is_full(now)}
            bucket = self._buckets[who] = Bucket(amount, seconds, now)
        taken = bucket.take(now)
        headers = [
            (b"ratelimit", f'"{window}";r={taken.left};t={math.ceil(taken.full_in)}'.encode()),
            (b"ratelimit-policy", f'"{window}";q={amount};w={seconds}'.encode()),
        ]
        return Rate(taken.allowed, headers, max(1, math.ceil(taken.wait)))

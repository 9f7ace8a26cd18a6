"""Membership of a reader group: a heartbeat each second, a lease of four, partitions shared evenly.

A member that stops beating loses its partitions when the lease ends, and knows it by its own monotonic clock, which
began to run before the database's. What it might still do is stopped by the fence in the reader's own database.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Protocol

import asyncpg

from chassis.eventlog import Partition
from chassis.eventlog.postgres.appending import LOST

LEASE_SECONDS = 4.0
BEAT_SECONDS = 1.0
CALL_SECONDS = 2.0

HEARTBEAT = "SELECT topic, partition, share FROM log_heartbeat($1, $2, $3, $4, $5, $6, $7)"
RELEASE = "SELECT log_release($1, $2, $3, $4)"

Take = Callable[[Sequence[Partition]], Awaitable[Callable[[], None]]]
Drop = Callable[[Iterable[Partition]], None]
logger = logging.getLogger(__name__)


class Calls(Protocol):
    """A way to run one statement on the log's database."""

    async def rows(self, query: str, *arguments: object, seconds: float) -> list[asyncpg.Record]: ...


class Membership:
    """Keeps one member of one group alive and its share of partitions current."""

    def __init__(self, calls: Calls, group: str, topics: Sequence[str], lock: Callable[[], asyncio.Lock]) -> None:
        """`lock` is the member's: it is held while partitions are taken away."""
        self._calls = calls
        self._group = group
        self._topics = list(topics)
        self._lock = lock
        self._id = uuid.uuid4()
        self._owned: set[Partition] = set()
        self._told: dict[Partition, int] = {}
        self._valid_until = 0.0
        self._era = 0  # raised each time the lease had run out before it was renewed
        self._settled_era = 0
        self._joined = asyncio.Event()
        self._again = asyncio.Event()
        self._beating: asyncio.Task[None] | None = None
        self._settling: asyncio.Task[None] | None = None

    def start(self, take: Take, drop: Drop) -> None:
        """Begin to beat. `take` prepares new partitions and returns what makes them owned; `drop` ends them."""
        self._take = take
        self._drop = drop
        self._beating = asyncio.create_task(self._run(), name=f"eventlog-member-{self._group}")

    async def joined(self, seconds: float) -> None:
        """Wait, but not longer, until the first partitions are settled."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._joined.wait()

    def valid(self) -> bool:
        """Whether nobody else can own this member's partitions now."""
        return self._era == self._settled_era and time.monotonic() < self._valid_until

    def tell(self, positions: Mapping[Partition, int]) -> None:
        """Positions for lag figures, sent with the next heartbeat."""
        self._told.update(positions)

    async def close(self, lock: asyncio.Lock) -> None:
        """Leave the group within 5 s."""
        for task in (self._beating, self._settling):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                await lock.acquire()
            lock.release()
        self._valid_until = 0.0
        with contextlib.suppress(*LOST):
            await self._calls.rows(RELEASE, self._group, self._id, None, None, seconds=CALL_SECONDS)

    async def _run(self) -> None:
        while True:
            started = time.monotonic()
            try:
                shares = await self._beat()
            except LOST as error:
                logger.warning("heartbeat of %s failed: %s", self._group, type(error).__name__)
            else:
                if time.monotonic() >= self._valid_until:
                    self._era += 1  # the first time, or too late: another member may have had the partitions meanwhile
                self._valid_until = started + LEASE_SECONDS
                if self._settling is None or self._settling.done():
                    self._settling = asyncio.create_task(self._settle(shares, self._era))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.05, started + BEAT_SECONDS - time.monotonic())):
                    await self._again.wait()
            self._again.clear()

    async def _beat(self) -> dict[Partition, bool]:
        told, self._told = self._told, {}
        rows = await self._calls.rows(
            HEARTBEAT,
            self._group,
            self._id,
            self._topics,
            LEASE_SECONDS,
            [partition.topic for partition in told],
            [partition.number for partition in told],
            list(told.values()),
            seconds=CALL_SECONDS,
        )
        return {Partition(topic, number): share for topic, number, share in rows}

    async def _settle(self, shares: Mapping[Partition, bool], era: int) -> None:
        try:
            await self._give(shares, era)
            await self._get(shares, era)
        except LOST as error:  # the next heartbeat tries again
            logger.warning("partitions of %s are not settled: %s", self._group, type(error).__name__)
        except Exception:
            logger.exception("partitions of %s are not settled", self._group)

    async def _give(self, shares: Mapping[Partition, bool], era: int) -> None:
        share = {partition for partition, mine in shares.items() if mine}
        lapsed = era != self._settled_era
        gone = set(self._owned) if lapsed else self._owned - share
        if gone:
            async with self._lock():
                self._drop(gone)
                self._owned -= gone
        self._settled_era = era
        back = sorted(partition for partition, mine in shares.items() if not mine)
        if back:
            topics = [partition.topic for partition in back]
            numbers = [partition.number for partition in back]
            await self._calls.rows(RELEASE, self._group, self._id, topics, numbers, seconds=CALL_SECONDS)

    async def _get(self, shares: Mapping[Partition, bool], era: int) -> None:
        new = sorted(partition for partition, mine in shares.items() if mine and partition not in self._owned)
        if new:
            own = await self._take(new)
            if era == self._era and self.valid():
                own()
                self._owned |= set(new)
        self._joined.set()

"""PostgreSQL: URL -> pool of connections."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

import asyncpg

from chassis.errors import Unavailable

if TYPE_CHECKING:
    from asyncpg.pool import Pool, PoolConnectionProxy

    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
else:
    Connection = asyncpg.Connection

#: Errors that say nothing about the data: the database or the way to it failed. Retried, never a dead letter.
INFRASTRUCTURE: Final = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what asyncpg calls an answer that breaks off in its middle
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)

#: Two transactions met; the whole unit of work is simply run again.
COLLISIONS: Final = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)


async def give_back(connection: Connection, sql: str, *arguments: Any) -> None:
    """Undo what was set for the session, such as an advisory lock; when that fails, end the session: a pooled one keeps what it holds."""
    if connection.is_closed():
        return
    try:
        await connection.execute(sql, *arguments)
    except BaseException:
        connection.terminate()
        raise


async def _as_it_is(_connection: Connection) -> None:
    """Nothing in the platform changes a session without `give_back`, so the query that would reset all of it is spared."""


class Patience:
    """How long what asks first may wait, seconds; whoever has had a connection is at work, and is never turned away half way."""

    __slots__ = ("seconds",)

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds


_patience: ContextVar[Patience | None] = ContextVar("patience", default=None)


@contextmanager
def patience(seconds: float | None) -> Iterator[None]:
    """What is done in this block may be turned away (`Unavailable`) as long as it has had no connection, when the wait for one is longer."""
    before = _patience.set(Patience(seconds))
    try:
        yield
    finally:
        _patience.reset(before)


class Turns:
    """Connections in the order in which they were asked for: the pool itself lets newcomers overtake those who wait, under load for ever.

    The queue is bounded by time, not by length: how long the oldest has waited, and how long those who wait would take at the pace of the last turns.
    """

    def __init__(self, connections: int) -> None:
        self._free = asyncio.Semaphore(connections)
        self._few = connections
        self._waiting: dict[object, float] = {}  # who -> since when; the oldest first
        self._pace = 0.0  # seconds from one turn of somebody who waited to the next
        self._turned: float | None = None

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def expected(self) -> float:
        """How long a newcomer would wait, seconds."""
        if len(self._waiting) < self._few:
            return 0.0
        oldest = time.monotonic() - next(iter(self._waiting.values()))
        return max(oldest, len(self._waiting) * self._pace)

    async def take(self) -> None:
        """Raises Unavailable when the caller has not the patience."""
        patient = _patience.get()
        if not self._free.locked():
            await self._free.acquire()
        else:
            if patient is not None and patient.seconds is not None and self.expected() > patient.seconds:
                raise Unavailable("service.busy", "There is more to do than can be done at the moment; try again.", retry_after=1)
            await self._wait()
        if patient is not None:
            patient.seconds = None

    async def _wait(self) -> None:
        who = object()
        self._waiting[who] = time.monotonic()
        try:
            await self._free.acquire()
        finally:
            del self._waiting[who]
        now = time.monotonic()
        if self._turned is not None:
            self._pace += 0.1 * (now - self._turned - self._pace)
        self._turned = now if self._waiting else None

    def give_back(self) -> None:
        self._free.release()


class Database:
    """One pool; connections are handed out for one transaction or one read."""

    def __init__(self, url: str, *, connections: int = 8, name: str = "ecrm") -> None:
        self._url = url
        self._connections = connections
        self._name = name
        self._pool: Pool[asyncpg.Record] | None = None
        self.turns = Turns(connections)
        #: Who holds a connection only for its lock enters here: with all of them held, nobody could work under a lock.
        self.holding = asyncio.Semaphore(max(1, connections // 2))

    @property
    def url(self) -> str:
        return self._url

    @property
    def pool(self) -> Pool[asyncpg.Record]:
        assert self._pool is not None, "the database is not open"
        return self._pool

    async def open(self) -> None:
        """Raises OSError or asyncpg's errors when the server cannot be reached."""
        self._pool = await asyncpg.create_pool(
            self._url,
            min_size=1,
            max_size=self._connections,
            max_inactive_connection_lifetime=300,
            command_timeout=60,
            reset=_as_it_is,
            server_settings={"application_name": self._name, "timezone": "UTC"},
        )

    async def close(self) -> None:
        if self._pool is not None:
            pool, self._pool = self._pool, None
            try:
                await asyncio.wait_for(pool.close(), 5)
            except TimeoutError:
                pool.terminate()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection in autocommit, for reads. Raises Unavailable to a request that would wait longer than its `patience`."""
        await self.turns.take()
        try:
            async with self.pool.acquire() as connection:
                yield connection
        finally:
            self.turns.give_back()

    async def fetch_value(self, sql: str, *arguments: Any) -> Any:
        """One value, for checks."""
        async with self.connection() as connection:
            return await connection.fetchval(sql, *arguments)

"""PostgreSQL: URL -> pool of connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import asyncpg

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


class Database:
    """One pool; connections are handed out for one transaction or one read."""

    def __init__(self, url: str, *, connections: int = 8, name: str = "ecrm") -> None:
        self._url = url
        self._connections = connections
        self._name = name
        self._pool: Pool[asyncpg.Record] | None = None
        #: In the order in which they came: the pool itself lets newcomers overtake those who wait, under load for ever.
        self._turn = asyncio.Semaphore(connections)
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
        """A connection in autocommit, for reads."""
        async with self._turn, self.pool.acquire() as connection:
            yield connection

    async def fetch_value(self, sql: str, *arguments: Any) -> Any:
        """One value, for checks."""
        async with self.connection() as connection:
            return await connection.fetchval(sql, *arguments)

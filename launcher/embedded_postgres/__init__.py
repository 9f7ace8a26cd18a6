"""A private PostgreSQL cluster in the data directory: made, started, looked after and stopped by the launcher.

It listens on a Unix socket in a folder that only its own user may enter, so there are no passwords. Each database has
two roles: `<db>_owner` owns it (migrations), `<db>_app` reads and writes rows and can change no table.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import asyncpg

from launcher.embedded_postgres import server
from launcher.embedded_postgres.binaries import find_binaries
from launcher.embedded_postgres.errors import ClusterError, ClusterInUse

__all__ = ["ClusterError", "ClusterInUse", "PrivateCluster", "find_binaries", "rights"]

#: How often `keep` looks, and how long it waits after a start that failed.
KEEP_SECONDS = 0.5
AGAIN_SECONDS = 5.0
#: What a connection says whose server ended, also between two statements.
_ENDED = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
READY_MARK = "roles and rights are set"
DATABASE_NAME = re.compile(r"[a-z][a-z0-9_]{0,50}\Z")

Role = Literal["app", "owner"]


def rights(name: str) -> tuple[str, ...]:
    """The statements, to be run inside a database, that give its two roles what they may do there and nobody else anything."""
    return (
        f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC;',
        f'GRANT CONNECT, TEMPORARY ON DATABASE "{name}" TO "{name}_app";',
        f'ALTER SCHEMA public OWNER TO "{name}_owner";',
        "REVOKE ALL ON SCHEMA public FROM PUBLIC;",
        f'GRANT USAGE ON SCHEMA public TO "{name}_app";',
        f'ALTER DEFAULT PRIVILEGES FOR ROLE "{name}_owner" IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "{name}_app";',
        f'ALTER DEFAULT PRIVILEGES FOR ROLE "{name}_owner" IN SCHEMA public GRANT USAGE ON SEQUENCES TO "{name}_app";',
    )


class PrivateCluster:
    """One cluster. Not bound to an event loop: it may be started in one and stopped in another."""

    def __init__(
        self,
        data_dir: Path,
        databases: Sequence[str],
        *,
        max_connections: int = 100,
        notice: Callable[[str], None] | None = None,
    ) -> None:
        """`notice` is told, in a sentence, what the operator should know (another place, a server taken over)."""
        self._databases = tuple(databases)
        self._notice = notice or (lambda _text: None)
        self._server = server.Server(data_dir, max_connections, self._notice)

    @property
    def pid(self) -> int | None:
        """The postmaster, while it runs."""
        return self._server.pid

    @property
    def directory(self) -> Path:
        """Where its data are: who is given it can ask for the URLs of the running cluster in another process."""
        return self._server.data_dir

    @property
    def log_file(self) -> Path:
        """What the server says."""
        return self._server.log_file

    def url(self, database: str, role: Role = "app") -> str:
        """`postgresql://…` over the Unix socket, for asyncpg (and for SQLAlchemy after changing the scheme).

        May also be asked of a cluster that another process has started in the same data directory.
        """
        return f"postgresql://{database}_{role}@/{database}?host={quote(str(self._server.sockets), safe='')}"

    async def start(self) -> None:
        """Return when every database can be used. Raises ClusterInUse, ClusterError.

        A server that a killed launcher left behind is stopped first; an unfinished first start is repeated.
        """
        await asyncio.to_thread(self._server.start)
        try:
            for name in self._databases:
                await self.ensure_database(name)
            await self._check_text()
        except BaseException:
            await asyncio.to_thread(self._server.stop)
            raise

    async def stop(self) -> None:
        """Stop within 15 s (usually one): open transactions are rolled back, committed ones are safe. Harmless when not running."""
        await asyncio.to_thread(self._server.stop)

    async def keep(self) -> None:
        """Until cancelled: a server that ends unasked (killed, or its disk is full) is started again, and the operator is told; as often as needed."""
        while True:
            await asyncio.sleep(KEEP_SECONDS)
            if self.pid is not None:
                continue
            self._notice(f"PostgreSQL has ended: {self._server.last_words()}. It is started again.")
            starting = asyncio.create_task(self._again())
            try:
                await asyncio.shield(starting)
            except (ClusterError, OSError, *_ENDED) as error:
                self._notice(f"{error}\nIt is tried again every {AGAIN_SECONDS:.0f} s; nothing that was confirmed is lost.")
                await asyncio.sleep(AGAIN_SECONDS)
            except asyncio.CancelledError:
                await asyncio.wait({starting})
                raise

    async def _again(self) -> None:
        await self.stop()
        await self.start()

    @property
    def folder(self) -> Path:
        """The server's own folder; known while it runs or is held."""
        return self._server.pgdata

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody starts this cluster meanwhile. Raises ClusterInUse."""
        self._server.hold()
        try:
            yield
        finally:
            self._server.stop()

    def own(self) -> None:
        """What was put into the folder belongs to the server from now on."""
        self._server.own()

    async def ensure_database(self, name: str) -> None:
        """Create the database and its roles where they are missing; may be called again after an interruption."""
        if not DATABASE_NAME.match(name):
            raise ValueError(f"not a database name: {name!r}")
        admin = await self._connect("postgres")
        try:
            mark = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = $1"
            if await admin.fetchval(mark, name) == READY_MARK:
                return
            roles = {row["rolname"] for row in await admin.fetch("SELECT rolname FROM pg_roles")}
            for role in (f"{name}_owner", f"{name}_app"):
                if role not in roles:
                    await admin.execute(f'CREATE ROLE "{role}" LOGIN')
            await admin.execute(f"ALTER ROLE \"{name}_app\" SET idle_in_transaction_session_timeout = '10s'")
            if not await admin.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", name):
                await admin.execute(f'CREATE DATABASE "{name}" OWNER "{name}_owner"')
            await self._grant(name)
            await admin.execute(f"COMMENT ON DATABASE \"{name}\" IS '{READY_MARK}'")
        finally:
            await admin.close()

    async def drop_database(self, name: str) -> None:
        """Remove the database with all it holds, and its roles; sessions in it are ended."""
        if not DATABASE_NAME.match(name):
            raise ValueError(f"not a database name: {name!r}")
        admin = await self._connect("postgres")
        try:
            await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            await admin.execute(f'DROP ROLE IF EXISTS "{name}_owner", "{name}_app"')
        finally:
            await admin.close()

    # -- inside: roles and text ------------------------------------------------------------------------------------

    async def _connect(self, database: str) -> asyncpg.Connection[asyncpg.Record]:
        return await asyncpg.connect(user=server.SUPERUSER, database=database, host=str(self._server.sockets), timeout=10)

    async def _grant(self, name: str) -> None:
        connection = await self._connect(name)
        try:
            await connection.execute("\n".join(rights(name)))
        finally:
            await connection.close()

    async def _check_text(self) -> None:
        admin = await self._connect("postgres")
        try:
            rows = await admin.fetch("SELECT datname, pg_encoding_to_char(encoding) AS coding, datctype FROM pg_database")
        finally:
            await admin.close()
        for row in rows:
            if row["coding"] != "UTF8" or row["datctype"].upper().replace("-", "") != "C.UTF8":
                raise ClusterError(
                    f"The database {row['datname']} has {row['coding']} and LC_CTYPE {row['datctype']}; needed are UTF8 and "
                    f"C.UTF-8, else Persian text is not found. Move {self._server.pgdata} away and restore from a backup."
                )

"""Private PostgreSQL clusters for tests: one cluster a session, one database a test.

    with running_cluster() as cluster:                          # outside of an event loop, e.g. a session fixture
        async with fresh_database(cluster, "customer") as name:
            cluster.url(name), cluster.url(name, role="owner")
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from launcher.embedded_postgres import PrivateCluster

#: A file system in memory: the server keeps its real settings (the log refuses to run without fsync) and fsync costs nothing.
MEMORY = Path("/dev/shm")
MEMORY_NEEDED = 3 << 30


@contextmanager
def running_cluster(databases: Sequence[str] = (), *, in_memory: bool = False) -> Iterator[PrivateCluster]:
    """A started cluster in a temporary folder (`in_memory`: where there is room for it); stopped and removed at the end.

    The folder is not pytest's, which the server's unprivileged user cannot enter when the tests run as root.
    """
    place = MEMORY if in_memory and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_NEEDED else None
    directory = Path(tempfile.mkdtemp(prefix="peyvand-", dir=place))
    directory.chmod(0o755)
    cluster = PrivateCluster(directory, databases)
    try:
        asyncio.run(cluster.start())
        yield cluster
    finally:
        asyncio.run(cluster.stop())
        shutil.rmtree(directory, ignore_errors=True)


@asynccontextmanager
async def fresh_database(cluster: PrivateCluster, prefix: str) -> AsyncIterator[str]:
    """An empty database with its two roles; dropped at the end, open connections or not."""
    name = f"{prefix}_{uuid.uuid4().hex[:10]}"
    await cluster.ensure_database(name)
    try:
        yield name
    finally:
        await cluster.drop_database(name)

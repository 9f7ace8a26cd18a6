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


@contextmanager
def running_cluster(databases: Sequence[str] = ()) -> Iterator[PrivateCluster]:
    """A started cluster in a temporary folder; stopped and removed at the end.

    The folder is not pytest's, which the server's unprivileged user cannot enter when the tests run as root.
    """
    directory = Path(tempfile.mkdtemp(prefix="peyvand-"))
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

"""Private PostgreSQL clusters for tests: one cluster a session, one database a test.

    cluster = running_cluster(tmp_path, ["customer"])      # context manager
    async with fresh_database(cluster, "customer") as name:
        cluster.url(name), cluster.url(name, role="owner")
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from launcher.embedded_postgres import PrivateCluster


@contextmanager
def running_cluster(directory: Path, databases: Sequence[str] = ()) -> Iterator[PrivateCluster]:
    """A started cluster that is stopped at the end. Not bound to an event loop; call it outside of one."""
    cluster = PrivateCluster(directory, databases)
    asyncio.run(cluster.start())
    try:
        yield cluster
    finally:
        asyncio.run(cluster.stop())


@asynccontextmanager
async def fresh_database(cluster: PrivateCluster, prefix: str) -> AsyncIterator[str]:
    """An empty database with its two roles; dropped at the end, open connections or not."""
    name = f"{prefix}_{uuid.uuid4().hex[:10]}"
    await cluster.ensure_database(name)
    try:
        yield name
    finally:
        await cluster.drop_database(name)

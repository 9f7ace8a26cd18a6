"""The private PostgreSQL ends unasked, also while it cannot come back: it is brought back, and the operator is told."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from launcher import embedded_postgres
from launcher.embedded_postgres import PrivateCluster


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that the server's unprivileged user can enter."""
    made = Path(tempfile.mkdtemp(prefix="ecrm-kept-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


async def until_it_answers(cluster: PrivateCluster, *, other_than: int) -> None:
    async with asyncio.timeout(60):
        while True:
            await asyncio.sleep(0.05)
            if cluster.pid in {None, other_than}:
                continue
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                db = await asyncpg.connect(cluster.url("shop"))
                await db.close()
                return


@pytest.mark.asyncio
async def test_it_is_brought_back(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_postgres, "AGAIN_SECONDS", 0.2)
    told: list[str] = []
    cluster = PrivateCluster(folder, ["shop"], notice=told.append)
    await cluster.start()
    keeper = asyncio.create_task(cluster.keep())
    try:
        for in_the_way in (False, True):
            pid, control = cluster.pid, cluster.folder / "global" / "pg_control"
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            if in_the_way:  # it cannot start until that is right again
                control.rename(control.with_name("elsewhere"))
                async with asyncio.timeout(60):
                    while not any("tried again" in word for word in told):
                        assert not keeper.done(), keeper
                        await asyncio.sleep(0.05)
                control.with_name("elsewhere").rename(control)
            await until_it_answers(cluster, other_than=pid)
        assert sum("has ended" in word for word in told) >= 2
    finally:
        keeper.cancel()
        await asyncio.wait({keeper})
        await cluster.stop()
    assert cluster.pid is None

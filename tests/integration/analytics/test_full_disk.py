"""The warehouse's disk runs full in a commit, and later there is room again: it goes on from its last commit, in the same process."""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from services.analytics.store.warehouse import Warehouse


@contextmanager
def no_room(path: Path) -> Iterator[None]:
    """No file of this process may grow beyond what this one and its log have: writing fails, as on a full disk."""
    most = max(one.stat().st_size for one in path.parent.iterdir())
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most + 100_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def insert(count: int) -> Any:
    return lambda db: db.execute(f"INSERT INTO noted SELECT range, md5(range::VARCHAR) || md5((range + 1)::VARCHAR) FROM range({count})")


def count(db: Any) -> int:
    return int(db.execute("SELECT count(*) FROM noted").fetchone()[0])


@pytest.mark.asyncio
async def test_it_goes_on_when_there_is_room_again(tmp_path: Path) -> None:
    path = tmp_path / "facts.duckdb"
    warehouse = Warehouse(str(path))
    await warehouse.open()
    try:
        await warehouse.write(lambda db: db.execute("CREATE TABLE noted (id BIGINT, said VARCHAR)"))
        await warehouse.write(insert(1000))
        with no_room(path):
            for _ in range(3):
                with pytest.raises(OSError, match="warehouse"):
                    await warehouse.write(insert(200_000))
        assert await warehouse.read(count) == 1000
        await warehouse.write(insert(500))
        assert await warehouse.read(count) == 1500
    finally:
        await warehouse.close()
    again = Warehouse(str(path))
    await again.open()
    try:
        assert await again.read(count) == 1500
    finally:
        await again.close()

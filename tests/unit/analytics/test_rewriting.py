"""The warehouse's file is written anew after an erasure: no byte of what was deleted is left in it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from services.analytics.store.warehouse import Warehouse

pytestmark = pytest.mark.asyncio

MARK = "rcanary90210xyz"


def lies_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if MARK.encode() in path.read_bytes())


async def test_deleted_bytes_stay_until_the_file_is_rewritten(tmp_path: Path) -> None:
    """N4: DELETE and CHECKPOINT leave the bytes, rewriting does not; reads and writes go on, nothing else is lost."""
    warehouse = Warehouse(str(tmp_path / "facts.duckdb"))
    await warehouse.open()
    try:
        await warehouse.write(lambda connection: connection.execute("PRAGMA force_compression = 'uncompressed'"))
        await warehouse.write(
            lambda connection: connection.execute(
                "INSERT INTO event (id, kind, properties) SELECT i::VARCHAR, 'track', CASE WHEN i = 777 THEN $1 ELSE md5(i::VARCHAR) END FROM range(5000) t(i)", [MARK]
            )
        )
        await warehouse.write(lambda connection: connection.execute("DELETE FROM event WHERE id = '777'"))
        warehouse.last_commit = 0.0
        assert await warehouse.checkpoint_when_idle()
        assert lies_in(tmp_path) == ["facts.duckdb"]  # the control: this is what rewriting is for
        reads = [asyncio.create_task(warehouse.read(lambda connection: connection.execute("SELECT count(*) FROM event").fetchall())) for _ in range(10)]
        assert await warehouse.rewrite()
        assert [await read for read in reads] == [[(4999,)]] * 10
        assert lies_in(tmp_path) == []
        assert {path.name for path in tmp_path.iterdir()} <= {"facts.duckdb", "facts.duckdb.wal"}
        await warehouse.write(lambda connection: connection.execute("INSERT INTO event (id) VALUES ('after')"))
        assert await warehouse.read(lambda connection: connection.execute("SELECT count(*) FROM event_of").fetchall()) == [(0,)]
        assert await warehouse.read(lambda connection: connection.execute("SELECT count(*) FROM event").fetchall()) == [(5000,)]
    finally:
        await warehouse.close()


async def test_a_try_that_was_cut_off_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "facts.duckdb.fresh").write_bytes(b"half a file")
    warehouse = Warehouse(str(tmp_path / "facts.duckdb"))
    await warehouse.open()
    try:
        assert await warehouse.rewrite()
        assert {path.name for path in tmp_path.iterdir()} <= {"facts.duckdb", "facts.duckdb.wal"}
    finally:
        await warehouse.close()

"""A migration dies at a statement, with its connection: nothing of it stays, and the next try goes on as if it were the first.

Every 16th statement of each service; SCALE=full: every one.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Engine, event

from chassis import migrating
from launcher import roster
from launcher.embedded_postgres import PrivateCluster
from tests.support import proofs

STEP = 1 if proofs.FULL else 16

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800 if proofs.FULL else 300)]


class Died(BaseException):
    """The process is gone: nothing catches this."""


@contextmanager
def counted(dies_at: int | None = None) -> Iterator[list[int]]:
    """Counts the statements of Alembic; when this one was executed, the connection is lost and so is the process."""
    seen = [0]

    def after(connection: Any, *_given: Any) -> None:
        seen[0] += 1
        if seen[0] == dies_at:
            connection.connection.dbapi_connection.terminate()
            raise Died

    event.listen(Engine, "after_cursor_execute", after)
    try:
        yield seen
    finally:
        event.remove(Engine, "after_cursor_execute", after)


async def described(url: str) -> list[str]:
    """Everything that stands in the database: tables with columns, indexes, constraints, functions, comments."""
    db = await asyncpg.connect(url)
    try:
        rows = await db.fetch("""
            SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '') AS said
            FROM information_schema.columns WHERE table_schema = 'public'
            UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
            UNION ALL SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
            UNION ALL SELECT 'function ' || proname || prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
            UNION ALL SELECT 'promise ' || obj_description(oid, 'pg_class') FROM pg_class WHERE relname = 'alembic_version'""")
        return sorted(row["said"] for row in rows if row["said"])
    finally:
        await db.close()


async def killed_everywhere(url: str, package: str, statements: int, *, step: int) -> int:
    """Die at every `step`th statement, each time in the same database; how many deaths there were."""
    deaths = 0
    for place in range(1, statements + 1, step):
        with counted(place), pytest.raises(Died):
            await migrating.upgrade(url, package)
        deaths += 1
        left = await described(url)
        assert left == [], f"{package}: killed at statement {place}, these stay: {left[:3]}"
    return deaths


@pytest.mark.asyncio
@pytest.mark.parametrize("name", roster.ALL)
async def test_a_killed_migration_leaves_nothing_and_can_be_repeated(cluster: PrivateCluster, name: str) -> None:
    package = roster.manifest(name).migrations
    whole, killed = (f"{kind}_{name}_{uuid.uuid4().hex[:8]}" for kind in ("whole", "killed"))
    for database in (whole, killed):
        await cluster.ensure_database(database)
    try:
        with counted() as seen:
            await migrating.upgrade(cluster.url(whole, role="owner"), package)
        statements = seen[0]
        owner = cluster.url(killed, role="owner")
        deaths = await killed_everywhere(owner, package, statements, step=STEP)
        await migrating.upgrade(owner, package)
        expected = await described(cluster.url(whole, role="owner"))
        assert [line.replace(killed, whole) for line in await described(owner)] == expected
        proofs.keep(f"migrations_killed_{name}", {"statements": statements, "deaths": deaths, "left_behind": 0, "objects": len(expected)})
        assert deaths == len(range(1, statements + 1, STEP)) > 1
    finally:
        for database in (whole, killed):
            await cluster.drop_database(database)


@pytest.mark.asyncio
async def test_a_migration_that_commits_by_itself_is_found(cluster: PrivateCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check can fail: what a step does in a transaction of its own stays."""
    database = f"loose_{uuid.uuid4().hex[:8]}"
    await cluster.ensure_database(database)
    upgrade = migrating._upgrade

    def loose(connection: Any, script: Any) -> None:
        with connection.engine.begin() as other:
            other.exec_driver_sql("CREATE TABLE IF NOT EXISTS left_behind (id int)")
        upgrade(connection, script)

    monkeypatch.setattr(migrating, "_upgrade", loose)
    try:
        with pytest.raises(AssertionError, match="these stay"):
            await killed_everywhere(cluster.url(database, role="owner"), roster.manifest("consent").migrations, 30, step=8)
    finally:
        await cluster.drop_database(database)

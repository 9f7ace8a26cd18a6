"""Who waits for the database, and who is turned away before anything was done: the queue is bounded by time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from chassis.database import Database, patience
from chassis.errors import Unavailable
from launcher.embedded_postgres import PrivateCluster
from tests.support.cluster import fresh_database
from tests.support.platform import started

pytestmark = pytest.mark.asyncio


@asynccontextmanager
async def opened(cluster: PrivateCluster) -> AsyncIterator[Database]:
    async with fresh_database(cluster, "patience") as name:
        database = Database(cluster.url(name), connections=2)
        await database.open()
        try:
            yield database
        finally:
            await database.close()


@asynccontextmanager
async def crowded(database: Database, *, by: int = 5) -> AsyncIterator[asyncio.Event]:
    """So many ask, and keep what they get until the event is set."""
    release = asyncio.Event()

    async def hold() -> None:
        async with database.connection():
            await release.wait()

    holding = [asyncio.create_task(hold()) for _ in range(by)]
    try:
        while not database.turns.waiting:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        yield release
    finally:
        release.set()
        await asyncio.gather(*holding)


async def ask(database: Database, seconds: float | None) -> str:
    with patience(seconds):
        try:
            async with database.connection() as connection:
                return str(await connection.fetchval("SELECT 'served'"))
        except Unavailable as refused:
            assert refused.retry_after >= 1
            return refused.code


async def test_a_request_without_patience_is_told_to_come_back_at_once(cluster: PrivateCluster) -> None:
    async with opened(cluster) as database, crowded(database) as release:
        assert database.turns.expected() >= 0.05
        assert await ask(database, 0.01) == "service.busy"
        waiting = [asyncio.create_task(ask(database, seconds)) for seconds in (None, 600.0)]
        await asyncio.sleep(0.05)
        assert not any(task.done() for task in waiting)
        release.set()
        assert await asyncio.gather(*waiting) == ["served", "served"], "whoever was let in is served"


async def test_what_has_begun_is_never_turned_away(cluster: PrivateCluster) -> None:
    async with opened(cluster) as database:
        with patience(0.01):
            async with database.connection() as connection:
                assert await connection.fetchval("SELECT 1") == 1
            async with crowded(database) as release:
                assert await ask(database, 0.01) == "service.busy", "others are"
                asyncio.get_running_loop().call_later(0.05, release.set)
                async with database.connection() as connection:
                    assert await connection.fetchval("SELECT 1") == 1


async def test_a_short_queue_is_no_reason_to_refuse(cluster: PrivateCluster) -> None:
    async with opened(cluster) as database, crowded(database, by=3) as release:
        asyncio.get_running_loop().call_later(0.05, release.set)
        assert await ask(database, 0.0) == "served"


async def test_a_service_turns_away_what_the_gateway_lets_be_turned_away(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer") as platform:
        service = platform["customer"]
        async with crowded(service.service.database, by=40) as release:
            refused = await service.call("GET", "/api/v1/customers", scopes=["customers:read"], headers={"x-ecrm-may-wait": "10"})
            assert (refused.status, refused.json()["code"]) == (503, "service.busy")
            assert int(refused.headers["retry-after"]) >= 1
            asyncio.get_running_loop().call_later(0.05, release.set)
            assert (await service.call("GET", "/api/v1/customers", scopes=["customers:read"])).status == 200

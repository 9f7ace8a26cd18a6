"""A request whose database goes away meanwhile is told to come again, and is no error of ours."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from chassis.database import INFRASTRUCTURE
from launcher.embedded_postgres import PrivateCluster
from tests.support.platform import started

pytestmark = pytest.mark.asyncio
WAITING = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def test_a_request_whose_session_ends_is_told_to_come_again(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer") as platform:
        service = platform["customer"]
        other = await asyncpg.connect(service.service.database.url)
        watching = await asyncpg.connect(service.service.database.url)
        try:
            async with other.transaction():
                await other.execute("LOCK TABLE customer IN ACCESS EXCLUSIVE MODE")
                asked = asyncio.create_task(service.call("GET", "/api/v1/customers", scopes=["customers:read"]))
                while not asked.done():
                    await watching.fetch(WAITING)
                    await asyncio.sleep(0.02)
                refused = await asked
            assert (refused.status, refused.json()["code"]) == (503, "service.away")
            assert int(refused.headers["retry-after"]) >= 1
            assert (await service.call("GET", "/api/v1/customers", scopes=["customers:read"])).status == 200
        finally:
            await other.close()
            await watching.close()


async def test_an_answer_that_breaks_off_is_the_databases_fault() -> None:
    assert issubclass(asyncpg.ProtocolError, INFRASTRUCTURE)

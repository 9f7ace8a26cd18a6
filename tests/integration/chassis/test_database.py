"""Connections are handed out in turn."""

from __future__ import annotations

import asyncio

import pytest

from chassis.database import Database
from launcher.embedded_postgres import PrivateCluster
from tests.support.cluster import fresh_database

pytestmark = pytest.mark.asyncio


async def test_who_came_first_gets_a_connection_first(cluster: PrivateCluster) -> None:
    async with fresh_database(cluster, "turns") as name:
        served = await turns(Database(cluster.url(name), connections=2))
    assert served.index(1) >= 25, "all have their first turn before anybody has a second, but for those who are at it at the same time"
    assert served.index(2) >= 50
    assert len(served) == 90


async def turns(database: Database) -> list[int]:
    """Thirty ask three times each: the turns in the order in which they were served."""
    served: list[int] = []
    await database.open()
    try:
        async def ask(number: int) -> None:
            for turn in range(3):  # whoever has been served stands at the end again, and does not push in
                async with database.connection() as connection:
                    await connection.fetchval("SELECT 1")
                    served.append(turn)

        await asyncio.gather(*(ask(number) for number in range(30)))
    finally:
        await database.close()
    return served

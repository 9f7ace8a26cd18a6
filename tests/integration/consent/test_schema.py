"""What the migrations make is what the tables say."""

from __future__ import annotations

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from chassis.migrating import CHASSIS_TABLES
from launcher.embedded_postgres import PrivateCluster
from services.consent.tables import ConsentTable
from tests.support.platform import started


@pytest.mark.asyncio
async def test_tables_equal_migrations(cluster: PrivateCluster) -> None:
    async with started(cluster, "consent", read=False) as platform:
        engine = create_async_engine(platform["consent"].service.database.url.replace("postgresql://", "postgresql+asyncpg://", 1))

        def compare(connection: Connection) -> list[Any]:
            context = MigrationContext.configure(connection, opts={"include_name": lambda name, kind, _: kind != "table" or name not in CHASSIS_TABLES})
            return list(compare_metadata(context, ConsentTable.metadata))

        async with engine.connect() as connection:
            assert await connection.run_sync(compare) == []
        await engine.dispose()

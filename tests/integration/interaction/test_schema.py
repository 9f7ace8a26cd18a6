"""What the migrations make is what the tables say."""

from __future__ import annotations

import re
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from chassis.migrating import CHASSIS_TABLES
from launcher.embedded_postgres import PrivateCluster
from services.interaction.tables import InteractionTable
from tests.support.platform import started

#: Parts of the table of events: they come and go.
MONTH = re.compile("interaction_([0-9]{6}|default)")


@pytest.mark.asyncio
async def test_tables_equal_migrations(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction", read=False) as platform:
        url = platform["interaction"].service.database.url
        engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1))

        def compare(connection: Connection) -> list[Any]:
            def wanted(name: str | None, kind: str, _parents: Any) -> bool:
                return kind != "table" or not (name in CHASSIS_TABLES or MONTH.fullmatch(str(name)))

            context = MigrationContext.configure(connection, opts={"include_name": wanted, "compare_type": True})
            return list(compare_metadata(context, InteractionTable.metadata))

        async with engine.connect() as connection:
            assert await connection.run_sync(compare) == []
        await engine.dispose()

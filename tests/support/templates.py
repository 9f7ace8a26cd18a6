"""Databases for tests, copied from migrated ones instead of migrated again: 20 ms instead of 300.

The first test that asks for a kind of database makes its template in the cluster; a template that is marked as one is complete.
Copies belong to the template's two roles, so making and dropping one touches no role.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg

from launcher.embedded_postgres import PrivateCluster

Prepare = Callable[[str], Awaitable[object]]
"""Migrates the database whose owner's URL it is given."""


async def copied(cluster: PrivateCluster, name: str, *, kind: str, prepare: Prepare) -> str:
    """The application's URL of the database `name`, a copy of what `prepare` makes; as it was left when it is there already."""
    template = f"template_{kind}"
    async with _admin(cluster) as admin:
        found = {row["datname"]: row["datistemplate"] for row in await admin.fetch("SELECT datname, datistemplate FROM pg_database")}
        if not found.get(template):
            await cluster.ensure_database(template)
            await prepare(cluster.url(template, role="owner"))
            await admin.execute(f'ALTER DATABASE "{template}" IS_TEMPLATE true')
        if name not in found:
            await admin.execute(f'CREATE DATABASE "{name}" OWNER "{template}_owner" TEMPLATE "{template}" STRATEGY file_copy')
            # Rights inside the database are copied, those on it are not.
            await admin.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC; GRANT CONNECT, TEMPORARY ON DATABASE "{name}" TO "{template}_app"')
    return address(cluster, name, kind=kind)


async def cloned(cluster: PrivateCluster, name: str, copy: str) -> None:
    """Another copy of a database nobody is connected to: a backup, or what comes of one."""
    async with _admin(cluster) as admin:
        owner = await admin.fetchval("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = $1", name)
        await admin.execute(f'CREATE DATABASE "{copy}" OWNER "{owner}" TEMPLATE "{name}"')
        await admin.execute(f'GRANT CONNECT, TEMPORARY ON DATABASE "{copy}" TO "{owner.replace("_owner", "_app")}"')


def address(cluster: PrivateCluster, name: str, *, kind: str) -> str:
    """The application's URL of a copy."""
    template = f"template_{kind}"
    return cluster.url(template).replace(f"@/{template}?", f"@/{name}?")


async def dropped(cluster: PrivateCluster, name: str) -> None:
    """The database is gone; sessions in it are ended. Its roles stay: they are the template's."""
    async with _admin(cluster) as admin:
        await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@asynccontextmanager
async def _admin(cluster: PrivateCluster) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    connection = await asyncpg.connect("postgresql://postgres@/postgres?" + cluster.url("postgres").partition("?")[2])
    try:
        yield connection
    finally:
        await connection.close()

"""The gateway: the public door."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chassis.keys import KeyTable
from chassis.manifest import Manifest, Mount
from chassis.scheduling import Job
from gateway import commands
from gateway.api import documents, keys, operations, views
from gateway.api.door import Door
from gateway.settings import GatewayResources, GatewayService, GatewaySettings
from gateway.tables import GatewayTable


@asynccontextmanager
async def open_resources(service: GatewayService) -> AsyncIterator[GatewayResources]:
    """The table of keys; the door answers 503 until it was read."""
    table = KeyTable(service.clock)
    await table.start(service.log)
    try:
        yield GatewayResources(table)
    finally:
        await table.close()


MANIFEST = Manifest(
    name="gateway",
    settings=GatewaySettings,
    migrations="gateway.migrations",
    tables=GatewayTable.metadata,
    routers=(keys.router, operations.router, views.router, documents.router),
    mounts=(Mount(("/*",), Door),),
    jobs=(Job("forget_operations", every=3600, run=commands.forget_operations),),
    open=open_resources,
)

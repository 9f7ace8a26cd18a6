"""The gateway: the public door."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chassis.calling_out import Outside
from chassis.keys import KeyTable
from chassis.manifest import Manifest, Mount
from chassis.scheduling import Job
from gateway import commands, reactions
from gateway.api import documents, keys, operations, views, webhooks
from gateway.api.door import Door
from gateway.settings import GatewayResources, GatewayService, GatewaySettings
from gateway.tables import GatewayTable


@asynccontextmanager
async def open_resources(service: GatewayService) -> AsyncIterator[GatewayResources]:
    """The table of keys (the door answers 503 until it was read), and who brings webhooks out."""
    table = KeyTable(service.clock)
    await table.start(service.log)
    async with Outside(private_networks=service.platform.private_networks) as outside:
        courier = commands.Courier(outside)
        try:
            yield GatewayResources(table, courier)
        finally:
            await courier.close()
            await table.close()


MANIFEST = Manifest(
    name="gateway",
    settings=GatewaySettings,
    migrations="gateway.migrations",
    tables=GatewayTable.metadata,
    routers=(keys.router, operations.router, webhooks.router, views.router, documents.router),
    mounts=(Mount(("/*",), Door),),
    subscriptions=(reactions.WEBHOOKS,),
    jobs=(
        Job("forget_operations", every=3600, run=commands.forget_operations),
        Job("deliver_webhooks", every=0.5, run=commands.deliver_due, exclusive=False),
        Job("replay_webhooks", every=1, run=commands.replay_some),
        Job("forget_deliveries", every=3600, run=commands.forget_deliveries),
    ),
    open=open_resources,
)

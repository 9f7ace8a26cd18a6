"""The gateway: the public door."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chassis.calling_out import Outside
from chassis.keys import KeyTable
from chassis.manifest import Manifest, Mount
from chassis.scheduling import Job
from gateway import commands, reactions
from gateway.api import auditing, deployment, documents, keys, operations, people, sessions, signing_in, views, webhooks
from gateway.api.door import Door
from gateway.outbound.directory import Directory
from gateway.outbound.issuers import Issuer
from gateway.settings import GatewayResources, GatewayService, GatewaySettings
from gateway.tables import GatewayTable

#: The identity provider is named by the operator and may stand anywhere.
EVERYWHERE = "0.0.0.0/0,::/0"


@asynccontextmanager
async def open_resources(service: GatewayService) -> AsyncIterator[GatewayResources]:
    """The table of keys (the door answers 503 until it was read), and who brings webhooks out."""
    table = KeyTable(service.clock)
    await table.start(service.log)
    async with Outside(private_networks=service.platform.private_networks) as outside, Outside(private_networks=EVERYWHERE) as provider:
        courier, directory = commands.Courier(outside), _directory(service, provider)
        await commands.fill_directory(service, directory)
        usage = commands.Usage(service.clock)
        await commands.fill_usage(service, usage)
        try:
            yield GatewayResources(table, courier, directory, commands.Trail(service.clock), usage)
        finally:
            await courier.close()
            await commands.finish_audit(service)
            await commands.finish_usage(service)
            await table.close()


def _directory(service: GatewayService, provider: Outside) -> Directory:
    settings = service.settings
    return Directory(
        own_issuer=f"{service.platform.public_url.rstrip('/')}/oidc", audience=settings.oidc_audience, secret=service.link_secret,
        key_number=settings.people_key, clock=service.clock,
        issuer=Issuer(settings.oidc_issuer, provider, service.clock) if settings.oidc_issuer else None, roles_claim=settings.oidc_roles_claim,
        role_names=settings.role_names, longest=settings.oidc_token_minutes * 60,
    )


MANIFEST = Manifest(
    name="gateway",
    settings=GatewaySettings,
    migrations="gateway.migrations",
    tables=GatewayTable.metadata,
    routers=(keys.router, operations.router, webhooks.router, people.router, people.issuer, sessions.router, signing_in.router, auditing.router, views.router, documents.router, deployment.router),
    mounts=(Mount(("/*",), Door),),
    subscriptions=reactions.WEBHOOKS,
    jobs=(
        Job("forget_operations", every=3600, run=commands.forget_operations),
        Job("forget_answers", every=900, run=commands.forget_answers),
        Job("note_key_use", every=20, run=commands.note_key_use, exclusive=False, everywhere=True),
        Job("write_usage", every=2, run=commands.write_usage, exclusive=False, everywhere=True),
        Job("forget_usage", every=3600, run=commands.forget_usage),
        Job("load_people", every=2, run=commands.load_people, exclusive=False, everywhere=True),
        Job("write_audit", every=0.2, run=commands.write_audit, exclusive=False, everywhere=True),
        Job("seal_audit", every=1, run=commands.seal_audit),
        Job("anchor_audit", every=60, run=commands.anchor_audit),
        Job("deliver_webhooks", every=0.5, run=commands.deliver_due, exclusive=False),
        Job("replay_webhooks", every=1, run=commands.replay_some),
        Job("forget_deliveries", every=3600, run=commands.forget_deliveries),
    ),
    open=open_resources,
)

"""One machine: all services and the gateway in one process, over a private PostgreSQL cluster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chassis import migrating, runtime, settings
from chassis.eventlog import EventLog
from chassis.peers import App, new_session
from chassis.runtime import Running
from launcher import roster, secrets, wiring
from launcher.embedded_postgres import PrivateCluster

LOG_DATABASE = "eventlog"


@dataclass(frozen=True)
class Platform:
    """A running platform: the gateway's app is the one to serve."""

    log: EventLog
    services: Mapping[str, Running]
    door: App


def databases() -> list[str]:
    return [LOG_DATABASE, *roster.ALL]


async def migrate(url: Callable[[str], str]) -> dict[str, tuple[str | None, str]]:
    """Bring all databases to the newest revision; `url` gives the owner's URL of a database. Returns before and after."""
    from chassis.eventlog import postgres

    await postgres.migrate(url(LOG_DATABASE))
    return {name: await migrating.upgrade(url(name), roster.manifest(name).migrations) for name in roster.ALL}


@asynccontextmanager
async def platform(
    *, database_url: Callable[[str], str], log_url: str, data: Path, found: dict[str, Any], public_url: str,
    given: Mapping[str, Mapping[str, Any]] | None = None, shared: Mapping[str, Any] | None = None,
) -> AsyncIterator[Platform]:
    """All services in this process, started in order and stopped in the reverse order."""
    async with AsyncExitStack() as stack:
        log = wiring.event_log(log_url)
        stack.push_async_callback(log.close)
        await log.start()
        await log.create_topics(wiring.topics())
        session = await stack.enter_async_context(new_session())
        apps: dict[str, App | None] = {}
        transports = {
            name: wiring.transport(settings.variable(f"ECRM_{name.upper()}_URL", f"inproc://{name}"), apps, lambda: session)
            for name in roster.PROCESSES
        }
        services: dict[str, Running] = {}
        for name in roster.ALL:
            knobs = secrets.platform_settings(found, name, **_public(public_url), **(shared or {}))
            values: dict[str, Any] = {"database_url": database_url(name), **(given or {}).get(name, {})}
            manifest = roster.manifest(name)
            if "data_dir" in manifest.settings.model_fields:
                values.setdefault("data_dir", str(data / name))
            service = wiring.service(manifest, platform=knobs, log=log, transports=transports, **values)
            services[name] = await stack.enter_async_context(runtime.running(manifest, service))
            apps[name] = services[name].app
        apps["collector"] = apps["interaction"]
        yield Platform(log, services, services["gateway"].app)
        apps.clear()


def _public(public_url: str) -> dict[str, str]:
    return {} if settings.variable("ECRM_PUBLIC_URL") else {"public_url": public_url}


def log_url(cluster: PrivateCluster) -> str:
    """The event log of the private cluster."""
    return cluster.url(LOG_DATABASE).replace("postgresql://", "postgres-log://", 1)


async def keep_log_small(log: EventLog) -> None:
    """Once an hour, drop what is older than its topic's retention, where the log leaves that to its user."""
    drop = getattr(log, "retention", None)
    while drop is not None:
        await drop()
        await asyncio.sleep(3600)

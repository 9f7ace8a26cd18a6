"""One service, one process: settings from the environment, HTTP for its neighbours, the log for facts."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import uvloop
from rich.console import Console

from chassis import bundling, migrating, runtime, settings, telemetry
from chassis.clock import Clock
from chassis.database import INFRASTRUCTURE
from chassis.eventlog import EventLog, NotConfirmed
from chassis.peers import App, Transport, new_session
from chassis.runtime import NotReady, Part
from chassis.settings import SettingsError
from launcher import doors, process, roster, secrets, tls, wiring
from launcher.embedded_postgres import rights

_log = telemetry.logger(__name__)


@dataclass(frozen=True)
class Place:
    """Where a process listens and what of its service it does. `admin_port` 0: metrics stand at the port of everything else."""

    host: str
    port: int
    admin_port: int = 0
    part: Part = "all"
    drain_seconds: float = 0.0


def run(name: str, *, place: Place, screen: Console) -> int:
    """Until SIGTERM. Returns the exit code."""
    if name not in roster.PROCESSES:
        screen.print(f"[red]There is no process {name}; there are {', '.join(roster.PROCESSES)}.[/red]")
        return 2
    if (refused := roster.refuses(name, place.part)) is not None:
        screen.print(f"[red]{refused}[/red]")
        return 2
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_serve(name, place))
    except (process.CannotStart, NotReady, NotConfirmed, OSError) as error:
        screen.print(f"[red]{name} cannot start: {error}[/red]")
        return 1


def log_url() -> str:
    """ECRM_LOG_URL, else ECRM_KAFKA_URL."""
    url = settings.variable("ECRM_LOG_URL") or settings.variable("ECRM_KAFKA_URL")
    if not url:
        raise SettingsError("ECRM_KAFKA_URL is not set: name the event log, for example kafka://broker:9092")
    return url if "://" in url else f"kafka://{url}"


async def _serve(name: str, place: Place) -> int:
    certificate = tls.certificate() if name == "gateway" else None
    listener = process.listen(place.host, place.port)
    admin = process.listen(place.host, place.admin_port) if place.admin_port else None
    told = asyncio.create_task(process.until_told())
    async with AsyncExitStack() as stack:
        for held in (listener, admin):
            if held is not None:
                stack.callback(held.close)
        log = await stack.enter_async_context(_connected())
        session = await stack.enter_async_context(new_session())
        transports: dict[str, Transport] = {}
        for other in roster.PROCESSES:
            url = settings.variable(f"ECRM_{other.upper()}_URL")
            if url:
                transports[other] = wiring.transport(url, {}, lambda: session, bundled=other == "collector")
        app = await stack.enter_async_context(_app(name, log, transports, place.part))
        state = doors.State()
        if admin is not None:
            await stack.enter_async_context(process.serving(doors.Admin(app, state), admin))
        public = doors.Admin(app, state) if place.part == "readers" else doors.Public(app, state, metrics=admin is None)
        await stack.enter_async_context(process.serving(public, listener, certificate=certificate))
        process.settle_memory()
        _log.info("ready", service=name, port=place.port, part=place.part)
        await told
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        state.draining = True  # whoever balances load looks at readiness: until he has, requests still come and are answered
        await asyncio.sleep(place.drain_seconds)
        _log.info("stopping", service=name)
        process.unsettle_memory()
    return 0


@asynccontextmanager
async def _connected(**new_topics: int) -> AsyncIterator[EventLog]:
    log = wiring.event_log(log_url(), **new_topics)
    try:
        await log.start()
        yield log
    finally:
        await log.close()


@asynccontextmanager
async def _app(name: str, log: EventLog, transports: dict[str, Transport], part: Part) -> AsyncIterator[App]:
    if name == "collector":
        async with _collector(log) as app:
            yield app
        return
    manifest = roster.manifest(name)
    service = wiring.service(manifest, platform=secrets.platform_settings(None, name), log=log, transports=transports)
    async with runtime.running(manifest, service, part=part) as started:
        yield started.app


@asynccontextmanager
async def _collector(log: EventLog) -> AsyncIterator[App]:
    """The collector needs the log and the key table, nothing else."""
    from services.interaction.api import collector

    platform = secrets.platform_settings(None, "collector")
    tokens = wiring.tokens(platform, Clock())
    async with collector.standing_alone(log=log, tokens=tokens, platform=platform) as app:
        yield bundling.bundles(app)


async def migrate(only: str | None, screen: Console, *, grant: bool = False) -> int:
    """Upgrade the databases named by ECRM_<SERVICE>_OWNER_DATABASE_URL, and the event log's if it is a PostgreSQL one."""
    names = [only] if only else list(roster.ALL)
    if only and only not in roster.ALL:
        screen.print(f"[red]There is no service {only}; there are {', '.join(roster.ALL)}.[/red]")
        return 2
    for name in names:
        variable = f"ECRM_{name.upper()}_OWNER_DATABASE_URL"
        url = settings.variable(variable)
        if not url:
            raise SettingsError(f"{variable} is not set: the owner's PostgreSQL URL of the {name} database")
        if grant:
            await _grant(url, name)
        before, after = await migrating.upgrade(url, roster.manifest(name).migrations)
        screen.print(f"{name}: {'is at' if before == after else 'upgraded to'} {after}")
    owner = settings.variable("ECRM_LOG_OWNER_DATABASE_URL")
    if owner and not only:
        from chassis.eventlog import postgres

        await postgres.migrate(owner)
        screen.print("event log: upgraded")
    return 0


async def _grant(url: str, name: str) -> None:
    """What roles.sql does after it has made the database, done by its owner."""
    db = await asyncpg.connect(url, timeout=10)
    try:
        for statement in rights(name):
            await db.execute(statement)
    finally:
        await db.close()


async def await_schema(name: str, *, seconds: float, screen: Console) -> int:
    """Return 0 as soon as the database of a process is at a revision that this version works with; 1 when it is not after `seconds`."""
    if name == "collector":
        return 0  # it has none
    if name not in roster.ALL:
        screen.print(f"[red]There is no service {name}; there are {', '.join(roster.PROCESSES)}.[/red]")
        return 2
    variable = f"ECRM_{name.upper()}_DATABASE_URL"
    url = settings.variable(variable)
    if not url:
        raise SettingsError(f"{variable} is not set: the PostgreSQL URL of the {name} database")
    needed = migrating.head(roster.manifest(name).migrations)
    until, said = time.monotonic() + seconds, ""
    while True:
        try:
            db = await asyncpg.connect(url, timeout=5)
            try:
                found = await migrating.schema(db)
            finally:
                await db.close()
            if found.serves(needed):
                screen.print(f"{name}: the schema is at {found.revision}")
                return 0
            state = f"the schema is at {found.revision}, this version needs {needed}: `ecrm migrate` has not run yet"
        except (*INFRASTRUCTURE, asyncpg.PostgresError) as error:
            state = f"the database does not answer ({type(error).__name__})"
        if state != said:
            screen.print(f"{name}: {state}")
            said = state
        if time.monotonic() >= until:
            return 1
        await asyncio.sleep(min(1.0, seconds))


async def create_topics(screen: Console, *, partitions: int, replicas: int) -> int:
    """Create what is missing in the log; the numbers are for new topics on Kafka."""
    async with _connected(partitions=partitions, replication=replicas) as log:
        listed: list[Any] = wiring.topics()
        await log.create_topics(listed)
        for topic in listed:
            screen.print(f"{topic.name}: {await log.partitions(topic.name)} partitions{', compacted' if topic.compacted else ''}")
    return 0

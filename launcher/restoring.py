"""The ledger of erasures outside the database, and the end of a restore: erased again before anything serves.

Nothing is open to anybody meanwhile and no job runs, so no message is sent and nothing expires.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

from chassis import runtime, telemetry
from chassis.database import INFRASTRUCTURE
from chassis.peers import App
from chassis.runtime import Running
from launcher import everything, roster, secrets, wiring
from launcher.embedded_postgres import PrivateCluster

SECONDS: Final = 900.0
LEDGER_SECONDS: Final = 5.0

_log = telemetry.logger(__name__)


class LedgerTooOld(Exception):
    """The ledger knows less than the backup itself."""


def read(path: Path) -> list[dict[str, Any]]:
    """The lines of a ledger."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


async def keep_ledger(running: Running, path: Path) -> None:
    """Every five seconds, look, and write who was erased (ids and keyed hashes only) into a file that belongs on another disk than the database."""
    from services.customer import queries

    written = ""
    while True:
        try:
            lines = await queries.list_erasures(running.service)
            text = "".join(json.dumps(line, sort_keys=True) + "\n" for line in lines)
            if text != written or not path.exists():
                await asyncio.to_thread(secrets.write_private, path, text)
                written = text
        except INFRASTRUCTURE as error:  # the disk's errors are among them
            _log.warning("ledger_not_written", error=error)
        await asyncio.sleep(LEDGER_SECONDS)


async def finish(cluster: PrivateCluster, data: Path, ledger: Sequence[Mapping[str, Any]] | None) -> int:
    """Migrate, erase again, wait until every service has. Returns how many erasures were new to the backup. Raises LedgerTooOld, TimeoutError."""
    from services.customer import commands

    await everything.migrate(lambda name: cluster.url(name, role="owner"))
    known = await _known(cluster, data)
    given = {line["request_id"]: line for line in ledger or ()}
    if ledger is not None and known - given.keys():
        raise LedgerTooOld(f"{len(known - given.keys())} erasures of the backup are not in the ledger: it is older than the backup. Use the newest one.")
    missing = [line for request, line in given.items() if request not in known]
    async with _quiet(cluster, data) as services:
        for line in missing:
            await commands.erase_again(services["customer"].service, line=line)
        await _caught_up(services)
    return len(missing)


async def _known(cluster: PrivateCluster, data: Path) -> set[str]:
    """Requests of the erasures that the backup itself knows; only its database is asked."""
    from services.customer import queries

    log = wiring.event_log(everything.log_url(cluster))
    platform = secrets.platform_settings(secrets.load_or_create(data), "customer")
    service = wiring.service(roster.manifest("customer"), platform=platform, log=log, transports={}, database_url=cluster.url("customer"))
    await service.database.open()
    try:
        return {line["request_id"] for line in await queries.list_erasures(service)}
    finally:
        await service.database.close()


@asynccontextmanager
async def _quiet(cluster: PrivateCluster, data: Path) -> AsyncIterator[dict[str, Running]]:
    """All services: they read and tell, but answer nobody and run no job."""
    found = secrets.load_or_create(data)
    async with AsyncExitStack() as stack:
        log = wiring.event_log(everything.log_url(cluster))
        stack.push_async_callback(log.close)
        await log.start()
        await log.create_topics(wiring.topics())
        apps: dict[str, App | None] = {}
        transports = {name: wiring.transport(f"inproc://{name}", apps, _no_session) for name in roster.PROCESSES}
        services: dict[str, Running] = {}
        for name in roster.ALL:
            manifest = roster.manifest(name)
            values: dict[str, Any] = {"database_url": cluster.url(name)}
            if "data_dir" in manifest.settings.model_fields:
                values["data_dir"] = str(data / name)
            service = wiring.service(manifest, platform=secrets.platform_settings(found, name), log=log, transports=transports, **values)
            running = await stack.enter_async_context(runtime.running(manifest, service, read=False))
            running.start(jobs=False)
            stack.push_async_callback(running.stop)
            services[name] = running
            apps[name] = running.app
        yield services


async def _caught_up(services: Mapping[str, Running]) -> None:
    """Return when nothing is left to tell or to read, twice in a row. Raises TimeoutError."""
    until, calm = time.monotonic() + SECONDS, 0
    while calm < 2:
        calm = calm + 1 if await _is_calm(services) else 0
        if time.monotonic() > until:
            raise TimeoutError(f"not everything was read within {SECONDS:g} s; run the restore again")
        await asyncio.sleep(0.2)


async def _is_calm(services: Mapping[str, Running]) -> bool:
    for running in services.values():
        if await running.service.database.fetch_value("SELECT count(*) FROM outbox"):
            return False
        if any(reader["behind"] for reader in await running.readers()):
            return False
    return True


def _no_session() -> Any:
    raise AssertionError("in-process neighbours need no session")

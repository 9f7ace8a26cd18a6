"""Services started for a test: real PostgreSQL, the PostgreSQL log, in-process neighbours.

    async with started(cluster, "customer", "consent") as platform:
        answer = await platform["customer"].call("GET", "/api/v1/customers", scopes=["customers:read"])
        await platform.drain()
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from json import dumps
from typing import Any

from chassis import migrating, runtime
from chassis.clock import Clock
from chassis.eventlog import EventLog
from chassis.identity import Caller, Tokens, new_signing_key, public_part
from chassis.peers import Answer, App, InProcess
from chassis.runtime import Running
from chassis.service import Service
from chassis.settings import PlatformSettings
from launcher import roster, wiring
from launcher.embedded_postgres import PrivateCluster
from tests.support import templates

IDENTITY_SECRET = "11" * 32
LINK_SECRET = "22" * 32

#: What was stored is published after the commit, outside of any reader.
UNPUBLISHED = (
    "SELECT count(*) FROM consumer_offset o LEFT JOIN published p USING (partition) "
    "WHERE o.reader = 'interaction.recorder' AND coalesce(p.position, -1) < o.next - 1"
)

#: One signing key for each process name, made once for the test run.
KEYS = {name: new_signing_key(name) for name in (*roster.PROCESSES, "test")}


def platform_settings(process: str, **given: Any) -> PlatformSettings:
    """The settings all processes share, with the test run's keys."""
    return PlatformSettings.model_validate(
        {
            "identity_secret": IDENTITY_SECRET, "link_secret": LINK_SECRET, "signing_key": json.dumps(KEYS[process]),
            "trusted_keys": json.dumps({"keys": [public_part(key) for key in KEYS.values()]}), **given,
        }
    )


class TestService:
    """One running service and a client for it."""

    __test__ = False

    def __init__(self, running: Running, tokens: Tokens) -> None:
        self.running = running
        self.service: Service[Any, Any] = running.service
        self._transport = InProcess(lambda: running.app)
        self._tokens = tokens

    async def call(
        self, method: str, path: str, *, json: Any = None, body: bytes = b"", headers: Mapping[str, str] | None = None,
        scopes: Sequence[str] | None = ("admin",), source_id: str | None = None, subject: str = "test",
    ) -> Answer:
        """Ask as the gateway would, with a token of these scopes (None: no token at all)."""
        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
        if json is not None:
            body = dumps(json).encode()
            raw.append((b"content-type", b"application/json"))
        if scopes is not None:
            caller = Caller(subject=subject, kind="key", scopes=frozenset(scopes), source_id=source_id)
            raw.append((b"authorization", f"Bearer {self._tokens.mint(self.service.name, caller)}".encode()))
        return await asyncio.wait_for(self._transport.call(method, path, raw, body), 30)


class TestPlatform:
    """Some running services."""

    __test__ = False

    def __init__(self, log: EventLog, tokens: Tokens) -> None:
        self.log = log
        self.tokens = tokens
        self.services: dict[str, TestService] = {}

    def __getitem__(self, name: str) -> TestService:
        return self.services[name]

    async def drain(self, *, timeout: float = 30) -> None:
        """Return when every outbox is empty and every reader has applied all there is, twice in a row."""
        calm = 0
        async with asyncio.timeout(timeout):
            while calm < 2:
                calm = calm + 1 if await self._quiet() else 0
                await asyncio.sleep(0.05)

    async def _quiet(self) -> bool:
        for found in self.services.values():
            if await found.service.database.fetch_value("SELECT count(*) FROM outbox"):
                return False
            if any(reader["behind"] for reader in await found.running.readers()):
                return False
            if found.service.name == "interaction" and await found.service.database.fetch_value(UNPUBLISHED):
                return False
        return True


@asynccontextmanager
async def started(
    cluster: PrivateCluster, *names: str, log: EventLog | None = None, given: Mapping[str, Mapping[str, Any]] | None = None,
    read: bool = True, run: str | None = None, shared: Mapping[str, Any] | None = None, clocks: Mapping[str, Clock] | None = None,
) -> AsyncIterator[TestPlatform]:
    """Start services on databases of their own, dropped at the end. With the same `run` again: on the databases that were left.

    `given`: settings by service; `shared`: settings of all; `clocks`: of services whose clock is another than the machine's.
    """
    suffix = run or uuid.uuid4().hex[:8]
    async with AsyncExitStack() as stack:
        own_log = log or await new_log(cluster, stack, suffix, keep=run is not None)
        clock_tokens = Tokens(
            issuer="test", signing_key=json.dumps(KEYS["test"]), trusted_keys=platform_settings("test").trusted_keys, clock=Clock()
        )
        platform = TestPlatform(own_log, clock_tokens)
        apps: dict[str, App | None] = {}
        transports = {name: wiring.transport(f"inproc://{name}", apps, _no_session) for name in roster.PROCESSES}
        for name in names:
            manifest = roster.manifest(name)
            url = await new_database(cluster, stack, f"{name}_{suffix}", manifest.migrations, keep=run is not None)
            values: dict[str, Any] = {"database_url": url, **(given or {}).get(name, {})}
            if "data_dir" in manifest.settings.model_fields and "data_dir" not in values:
                values["data_dir"] = await _folder(stack)
            settings, clock = platform_settings(name, **(shared or {})), (clocks or {}).get(name)
            service = wiring.service(manifest, platform=settings, log=own_log, transports=transports, clock=clock, **values)
            running = await stack.enter_async_context(runtime.running(manifest, service, read=read))
            apps[name] = running.app
            if name == "interaction":
                apps["collector"] = running.app
            platform.services[name] = TestService(running, clock_tokens)
        yield platform


def _no_session() -> Any:
    raise AssertionError("in-process peers need no session")


async def _folder(stack: AsyncExitStack) -> str:
    return stack.enter_context(tempfile.TemporaryDirectory(prefix="ecrm-"))


async def new_database(cluster: PrivateCluster, stack: AsyncExitStack, name: str, migrations: str, *, keep: bool = False) -> str:
    """The URL of a database at the newest revision of `migrations`; dropped at the end unless it is to be used again."""

    async def migrate(owner_url: str) -> None:
        await migrating.upgrade(owner_url, migrations)

    url = await templates.copied(cluster, name, kind=migrations.replace(".", "_"), prepare=migrate)
    if not keep:
        stack.push_async_callback(templates.dropped, cluster, name)
    return url


async def new_log(cluster: PrivateCluster, stack: AsyncExitStack, suffix: str, *, keep: bool = False) -> EventLog:
    """A started log with all topics; its database is dropped at the end unless it is to be used again."""
    name = f"eventlog_{suffix}"
    url = await templates.copied(cluster, name, kind="eventlog", prepare=_make_log)
    if not keep:
        stack.push_async_callback(templates.dropped, cluster, name)
    log = _log(url)
    stack.push_async_callback(log.close)
    await log.start()
    return log


async def _make_log(owner_url: str) -> None:
    from chassis.eventlog import postgres

    await postgres.migrate(owner_url)
    log = _log(owner_url.replace("_owner@", "_app@"))
    await log.start()
    try:
        await log.create_topics(wiring.topics())
    finally:
        await log.close()


def _log(url: str) -> EventLog:
    return wiring.event_log(url.replace("postgresql://", "postgres-log://", 1))

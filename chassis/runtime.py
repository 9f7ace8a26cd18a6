"""Runs one service: database, resources, relay, readers and jobs, and stops them in the reverse order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any, Final, Literal
from uuid import UUID

import asyncpg

from chassis import dead_letters, holding, inbox, measuring, migrating, telemetry, web
from chassis.database import INFRASTRUCTURE
from chassis.errors import Unknown
from chassis.eventlog import Partition
from chassis.manifest import Manifest
from chassis.peers import App
from chassis.reacting import ReaderLoop
from chassis.scheduling import Job, keep_running
from chassis.service import Service

STALLED_AFTER: Final = 120.0

#: What a process of a service does: answer HTTP, or read facts, relay and run jobs, or both. Any number of processes of each part may run.
Part = Literal["all", "http", "readers"]

_log = telemetry.logger(__name__)


class NotReady(Exception):
    """The service refuses to start; the message says what to do."""


class Running:
    """A started service."""

    def __init__(self, manifest: Manifest, service: Service[Any, Any], *, part: Part = "all") -> None:
        self.manifest = manifest
        self.part: Part = part
        self.service = service
        self.holdings = holding.complete(manifest.holdings, manifest.tables)
        self.loops = [ReaderLoop(service, subscription) for subscription in manifest.subscriptions]
        self.app: App = web.build(manifest, service, ready=self.missing, runtime=self)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, *, jobs: bool = True) -> None:
        """Begin to read, relay and schedule (without `jobs`: read and relay only, as after a restore); where only HTTP is answered, run the
        jobs that look after this process's memory.
        """
        if self.part == "http":
            for job in self.manifest.jobs:
                if job.everywhere:
                    self._spawn(keep_running(self.service, job), job.name)
            return
        self._spawn(self.service.relay.run(), "relay")
        for loop in self.loops:
            self._spawn(loop.run(), loop.group)
        if not jobs:
            return
        measure = Job("measure", measuring.SECONDS, lambda _: measuring.measure(self.service, self.loops), exclusive=False)
        for job in (*self.manifest.jobs, Job("forget_old_inbox", 600, _forget_old_inbox), measure):
            self._spawn(keep_running(self.service, job), job.name)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=f"{self.service.name}.{name}")
        task.add_done_callback(_report)
        self._tasks.append(task)

    async def stop(self) -> None:
        """Finish the batches at hand and leave the groups, within 10 s."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=10)

    async def missing(self) -> list[str]:
        """What keeps the service from doing its job."""
        found = []
        try:
            await asyncio.wait_for(self.service.database.fetch_value("SELECT 1"), 2)
        except (*INFRASTRUCTURE, asyncpg.PostgresError, AssertionError):
            found.append("database")
        now = self.service.clock.monotonic()
        for loop in self.loops if self.part != "http" else ():
            if loop.stopped_by:
                found.append(f"{loop.group}: {loop.stopped_by}")
            elif now - loop.last_progress > STALLED_AFTER:
                found.append(f"{loop.group}: no progress for {int(now - loop.last_progress)} s")
        found.extend(f"task {task.get_name()} ended" for task in self._tasks if task.done())
        return found

    async def readers(self, *, ends: bool = True) -> list[dict[str, Any]]:
        """For each reader, how many records of each topic it has applied since it was started here and, with `ends`, how many are
        appended that nobody has applied yet (in packed topics counted in packs; 0 always means none).
        """
        return [await self._reader(loop, ends=ends) for loop in self.loops]

    async def _reader(self, loop: ReaderLoop, *, ends: bool) -> dict[str, Any]:
        found: dict[str, Any] = {"reader": loop.group, "applied": dict(loop.applied), "stopped_by": loop.stopped_by}
        if ends:
            partitions = [
                Partition(topic, number) for topic in loop.subscription.topics for number in range(await self.service.log.partitions(topic))
            ]
            found["behind"] = await self.service.log.behind(await loop.positions(partitions))
        return found

    async def replay(self, letter_id: UUID) -> None:
        """Apply a dead letter again, with the records that waited behind it. Raises Unknown; its error when it fails again."""
        async with self.service.transaction() as work:
            reader, records = await dead_letters.taken(work.db, letter_id)
            loop = next((loop for loop in self.loops if loop.group == reader), None)
            if loop is None:
                raise Unknown("dead_letter.no_reader", f"This service no longer has a reader {reader}.")
            await dead_letters.close(work.db, letter_id, "replayed")
            await loop.again(work, records)


@asynccontextmanager
async def running(manifest: Manifest, service: Service[Any, Any], *, read: bool = True, part: Part = "all") -> AsyncIterator[Running]:
    """Open the database, check the schema, enter the service's resources, start the loops of its part. Raises NotReady."""
    async with AsyncExitStack() as stack:
        await service.database.open()
        stack.push_async_callback(service.database.close)
        await _check_schema(manifest, service)
        service.resources = await stack.enter_async_context(manifest.open(service)) if manifest.open else None
        started = Running(manifest, service, part=part)
        if read:
            started.start()
            stack.push_async_callback(started.stop)
        yield started


async def _check_schema(manifest: Manifest, service: Service[Any, Any]) -> None:
    async with service.read() as db:
        powers = await db.fetchrow(
            "SELECT rolsuper, pg_catalog.pg_get_userbyid(datdba) = current_user AS owner "
            "FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()"
        )
        assert powers is not None
        if powers["rolsuper"] or powers["owner"]:
            raise NotReady(f"{manifest.name}: the database role must be neither superuser nor owner; give the service a role of its own.")
        found = await migrating.schema(db)
    expected = await asyncio.to_thread(migrating.head, manifest.migrations)
    if not found.serves(expected):
        raise NotReady(f"{manifest.name}: the database is at revision {found.revision}, this version needs {expected}: run `ecrm migrate`.")
    if found.revision != expected:
        _log.warning("schema_is_newer", service=manifest.name, version=found.revision)


async def _forget_old_inbox(service: Service[Any, Any]) -> bool:
    async with service.transaction() as work:
        return await inbox.forget_old(work.db, days=timedelta(days=28).days) >= 20_000


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        _log.error("task_ended", name=task.get_name(), error=task.exception())

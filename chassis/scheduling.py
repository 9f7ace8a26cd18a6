"""Time as a door: jobs that run every so often, in one process at a time unless they say otherwise."""

from __future__ import annotations

import asyncio
import random
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import asyncpg

from chassis import telemetry
from chassis.database import COLLISIONS, INFRASTRUCTURE, give_back
from chassis.errors import Unavailable
from chassis.eventlog import NotConfirmed
from chassis.service import Service

_log = telemetry.logger(__name__)


@dataclass(frozen=True)
class Job:
    """`run` returns True when there is more to do at once; else it is called again after `every` seconds.

    `exclusive`: of all processes of the service one at a time runs it (an advisory lock of the service's database).
    `everywhere`: it looks after what each process holds in memory, so it also runs in those that only answer HTTP.
    """

    name: str
    every: float
    run: Callable[[Any], Awaitable[bool | None]]
    exclusive: bool = True
    everywhere: bool = False


async def keep_running(service: Service[Any, Any], job: Job) -> None:
    """Run a job for ever; a failure is logged and tried again later, with a growing pause."""
    failures = 0
    while True:
        started = service.clock.monotonic()
        try:
            more = await (_exclusively(service, job) if job.exclusive else job.run(service))
            telemetry.JOB_SECONDS.labels(service.name, job.name, "done").observe(service.clock.monotonic() - started)
            failures = 0
            await asyncio.sleep(0 if more else job.every)
        except (*INFRASTRUCTURE, *COLLISIONS, NotConfirmed, Unavailable) as error:
            failures += 1
            _log.warning("job_waits", service=service.name, job=job.name, error=error)
            await asyncio.sleep(random.uniform(0.1, min(30, job.every + 0.2 * 2**failures)))  # noqa: S311 - jitter
        except Exception as error:
            failures += 1
            telemetry.JOB_SECONDS.labels(service.name, job.name, "failed").observe(service.clock.monotonic() - started)
            _log.error("job_failed", service=service.name, job=job.name, error=error)
            await asyncio.sleep(min(60, job.every + 2**failures))


async def _exclusively(service: Service[Any, Any], job: Job) -> bool | None:
    number = zlib.crc32(f"{service.name}.{job.name}".encode())
    async with service.database.holding, service.read() as db:
        if not await db.fetchval("SELECT pg_try_advisory_lock(7305, $1)", number - 2**31):
            return False
        try:
            return await job.run(service)
        finally:
            try:
                await give_back(db, "SELECT pg_advisory_unlock(7305, $1)", number - 2**31)
            except asyncpg.InterfaceError:
                _log.warning("job_lock_lost", service=service.name, job=job.name)

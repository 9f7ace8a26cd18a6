"""One suite, every adapter: `log_factory` opens clients of a running log, as processes of their own would."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from chassis.eventlog import EventLog, Topic
from tests.contract.eventlog.backends import Backend, running_backend


class LogFactory:
    """Opens clients and topics; closes all clients after the test."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.opened: list[EventLog] = []

    async def __call__(self) -> EventLog:
        """Another client of the same log, started: what another process would hold."""
        log = self.backend.open()
        self.opened.append(log)
        await log.start()
        return log

    async def topic(self, *, compacted: bool = False) -> str:
        """A fresh topic."""
        name = f"{'compacted' if compacted else 't'}.{uuid.uuid4().hex[:12]}"
        log = self.opened[0] if self.opened else await self()
        await log.create_topics([Topic(name, compacted=compacted)])
        return name

    async def close(self) -> None:
        """Close what is open."""
        for log in self.opened:
            await log.close()


@pytest.fixture(scope="session", params=["postgres", pytest.param("kafka", marks=pytest.mark.real), pytest.param("kafka-packed", marks=pytest.mark.real)])
def log_backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """The running server of one adapter."""
    adapter: str = request.param
    with running_backend(adapter) as backend:
        yield backend


@pytest_asyncio.fixture
async def log_factory(log_backend: Backend) -> AsyncIterator[LogFactory]:
    """Opens clients of the log; each test uses its own topics and groups."""
    factory = LogFactory(log_backend)
    yield factory
    await factory.close()

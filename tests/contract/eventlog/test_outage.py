"""The log goes away and comes back."""

from __future__ import annotations

import asyncio
import time

import pytest

from chassis.eventlog import NotConfirmed
from tests.contract.eventlog.conftest import LogFactory
from tests.contract.eventlog.reading import PositionTable, numbered, take, take_count

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(240)]


async def test_the_log_stops_for_a_while(log_factory: LogFactory) -> None:
    """Appends are refused in time, clients and readers go on by themselves, nothing confirmed is lost."""
    log, other = await log_factory(), await log_factory()
    topic = await log_factory.topic()
    positions = PositionTable()
    reader = await log.reader(group=topic, topics=[topic], positions=positions)
    idle = await other.reader(group=f"{topic}-idle", topics=[topic], positions=PositionTable())
    await log.append(numbered(topic, range(50), partition=0))
    positions.store(await take_count(reader, 50))
    await log_factory.backend.stop()
    try:
        for deadline in (0.5, 2.0):
            begin = time.monotonic()
            with pytest.raises(NotConfirmed):
                await log.append(numbered(topic, [10_000], partition=0), deadline=deadline)
            assert time.monotonic() - begin < deadline + 1
        begin = time.monotonic()
        assert not await log.healthy()
        assert time.monotonic() - begin < 3
        assert await reader.poll(timeout=0.3) == {}
        waiting = [asyncio.create_task(log.append(numbered(topic, [10_001], partition=0), deadline=1)) for _ in range(50)]
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(outcome, NotConfirmed) for outcome in outcomes)
    finally:
        await log_factory.backend.start()
    confirmed = await append_until_confirmed(log_factory, topic)
    assert await log.healthy()
    wanted = {*range(50), confirmed}
    for member, already in ((reader, set(range(50))), (idle, set[int]())):
        seen = already
        while not wanted <= seen:
            seen |= {int(record.value or b"") for record in await take(member, bool, seconds=60)}
        assert seen - wanted <= {10_000, 10_001}, "refused records may be stored, others not"
        await member.close()


async def append_until_confirmed(log_factory: LogFactory, topic: str) -> int:
    """By a client that lived through the outage; returns the number that was confirmed."""
    log = log_factory.opened[0]
    begin = time.monotonic()
    while True:
        try:
            await log.append(numbered(topic, [777], partition=0), deadline=5)
        except NotConfirmed:
            assert time.monotonic() - begin < 30
            await asyncio.sleep(0.2)
        else:
            return 777


async def test_start_and_close_are_bounded_without_the_log(log_factory: LogFactory) -> None:
    running = await log_factory()
    topic = await log_factory.topic()
    await running.reader(group=topic, topics=[topic], positions=PositionTable())
    await log_factory.backend.stop()
    try:
        begin = time.monotonic()
        with pytest.raises(NotConfirmed):
            await log_factory.backend.open().start()
        assert time.monotonic() - begin < 12
        begin = time.monotonic()
        await running.close()
        assert time.monotonic() - begin < 6
    finally:
        await log_factory.backend.start()

"""Reader groups: shares, hand-over, redelivery, members that die."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chassis.eventlog import EventLog, Partition, Reader, Stored
from tests.contract.eventlog.conftest import LogFactory
from tests.contract.eventlog.reading import (
    PositionTable,
    assert_in_order,
    numbered,
    numbers,
    read_all,
    take_count,
    until,
)

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(180)]


class Member:
    """A member that applies batches as services do, and notes who applied what when."""

    def __init__(self, reader: Reader, positions: PositionTable, applying: dict[Partition, Member]) -> None:
        self.reader = reader
        self.applied: list[Stored] = []
        self._positions = positions
        self._applying = applying
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while True:
            for partition, records in (await self.reader.poll(timeout=0.2, max_records=50)).items():
                async with self.reader.lock:
                    if not self.reader.owns(partition):
                        continue
                    assert partition not in self._applying, "two members apply one partition at the same time"
                    self._applying[partition] = self
                    try:
                        await self._apply(partition, records)
                    finally:
                        del self._applying[partition]

    async def _apply(self, partition: Partition, records: list[Stored]) -> None:
        await asyncio.sleep(0.002)
        assert records[0].offset == self._positions.next.get(partition, 0), "delivered out of order"
        self._positions.store(records)
        self.applied += records

    async def end(self) -> None:
        """Leave the group, perhaps in the middle of a batch; raises what went wrong while applying."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        await self.reader.close()


async def all_partitions(log: EventLog, topic: str) -> set[Partition]:
    return {Partition(topic, number) for number in range(await log.partitions(topic))}


def shared_evenly(members: Sequence[Member], partitions: set[Partition]) -> bool:
    shares = [member.reader.assigned for member in members]
    sizes = [len(share) for share in shares]
    return set().union(*shares) == partitions and sum(sizes) == len(partitions) and max(sizes) - min(sizes) <= 1


async def test_members_share_partitions_and_hand_them_over(log_factory: LogFactory) -> None:
    """Two members join while records flow, one leaves: everything is applied once, nothing by two at a time."""
    first, second = await log_factory(), await log_factory()
    topic = await log_factory.topic()
    partitions = await all_partitions(first, topic)
    positions, applying = PositionTable(), dict[Partition, Member]()
    settle = log_factory.backend.settle

    async def join(log: EventLog) -> Member:
        reader = await log.reader(group=topic, topics=[topic], positions=positions)
        return Member(reader, positions, applying)

    flowing = True

    async def flow() -> int:
        total = 0
        while flowing:
            await first.append(numbered(topic, range(total, total + 20)))
            total += 20
            await asyncio.sleep(0.01)
        return total

    source = asyncio.create_task(flow())
    one = await join(first)
    await until(lambda: one.reader.assigned == partitions, seconds=settle)
    two = await join(second)
    await until(lambda: shared_evenly([one, two], partitions), seconds=settle)
    await until(lambda: len(two.applied) > 0, seconds=settle)
    await two.end()
    await until(lambda: one.reader.assigned == partitions, seconds=settle)
    flowing = False
    total = await source
    with contextlib.suppress(AssertionError):  # if it fails, what the member says is more to the point
        await until(lambda: len(one.applied) + len(two.applied) >= total, seconds=settle)
    await one.end()
    offsets = sorted((record.partition, record.offset) for record in one.applied + two.applied)
    assert len(offsets) == len(set(offsets)) == total
    assert_in_order(sorted(one.applied + two.applied, key=lambda record: (record.partition, record.offset)))


async def test_a_partition_is_not_taken_while_a_batch_is_applied(log_factory: LogFactory) -> None:
    first, second = await log_factory(), await log_factory()
    topic = await log_factory.topic()
    partitions = await all_partitions(first, topic)
    one = await first.reader(group=topic, topics=[topic], positions=PositionTable())
    await until(lambda: one.assigned == partitions, seconds=log_factory.backend.settle)
    joining: asyncio.Task[Reader]
    async with one.lock:
        joining = asyncio.create_task(second.reader(group=topic, topics=[topic], positions=PositionTable()))
        for _ in range(15):
            await asyncio.sleep(0.1)
            assert all(one.owns(partition) for partition in partitions)
    polling = asyncio.create_task(poll_for_ever(one))
    two = await joining
    await until(lambda: len(one.assigned) == len(two.assigned) == len(partitions) / 2, seconds=log_factory.backend.settle)
    assert not one.assigned & two.assigned
    polling.cancel()
    await asyncio.gather(polling, return_exceptions=True)
    await one.close()
    await two.close()


async def poll_for_ever(reader: Reader) -> None:
    while True:
        await reader.poll(timeout=0.2)


async def test_what_was_not_stored_is_delivered_again(log_factory: LogFactory) -> None:
    """A member reads 100, its database stores 60 of them, it goes: the next one gets the other 40 first."""
    log = await log_factory()
    topic = await log_factory.topic()
    partition = Partition(topic, 0)
    await log.append(numbered(topic, range(100), partition=0))
    positions = PositionTable()
    reader = await log.reader(group=topic, topics=[topic], positions=positions)
    records = await take_count(reader, 100)
    positions.store(records[:60])
    await reader.commit({partition: positions.next[partition]})
    await reader.close()
    again = await (await log_factory()).reader(group=topic, topics=[topic], positions=positions)
    assert numbers(await take_count(again, 40)) == list(range(60, 100))
    await again.close()


@asynccontextmanager
async def member_process(log_factory: LogFactory, group: str, topic: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A member in a process of its own; gone at the end, however the test ends."""
    backend = log_factory.backend
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.contract.eventlog.member", backend.adapter, backend.address, group, topic),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.mark.parametrize("way", ["killed", "frozen"])
async def test_a_dead_members_partitions_move(log_factory: LogFactory, way: str) -> None:
    """A process that owns everything dies without a word: another one gets all records again."""
    log = await log_factory()
    topic = await log_factory.topic()
    await log.append(numbered(topic, range(400)))
    async with member_process(log_factory, topic, topic) as process:
        assert process.stdout is not None
        seen = 0
        while seen < 400:
            line = await asyncio.wait_for(process.stdout.readline(), 30)
            seen += int(line.split()[1])
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL if way == "killed" else signal.SIGSTOP)
        reader = await log.reader(group=topic, topics=[topic], positions=PositionTable())
        records = await take_count(reader, 400, seconds=log_factory.backend.settle)
        assert sorted(int(record.value or b"") for record in records) == list(range(400))
        assert reader.assigned == await all_partitions(log, topic)
        await reader.close()


async def test_appenders_in_several_processes_make_no_reader_skip(log_factory: LogFactory) -> None:
    """Four clients append at once while two groups read: each group gets every record, in order, once."""
    logs = [await log_factory() for _ in range(4)]
    topic = await log_factory.topic()
    rounds, size = 40, 25

    async def write(log: EventLog, writer: int) -> None:
        for n in range(rounds):
            start = (writer * rounds + n) * size
            await log.append(numbered(topic, range(start, start + size), keys=500))

    async def read(log: EventLog, group: str) -> list[Stored]:
        reader = await log.reader(group=group, topics=[topic], positions=PositionTable())
        records = await take_count(reader, len(logs) * rounds * size, seconds=60)
        await reader.close()
        return records

    reading = [asyncio.create_task(read(log, f"{topic}-{n}")) for n, log in enumerate(logs[:2])]
    await asyncio.gather(*(write(log, writer) for writer, log in enumerate(logs)))
    stored = await read_all(logs[3], topic)
    for records in await asyncio.gather(*reading):
        assert sorted(records, key=lambda record: (record.partition, record.offset)) == stored
        for number in range(await logs[0].partitions(topic)):
            assert_in_order([record._replace(key=b"%d" % n) for n, record in enumerate(records) if record.partition == number])
    assert sorted(int(record.value or b"") for record in stored) == list(range(len(logs) * rounds * size))

"""Steps that several tests of the contract take: append many, read until a condition, remember positions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from chassis.eventlog import EventLog, Partition, Reader, Record, Stored


class PositionTable:
    """What a reader's own database knows: the next offset of each partition, None before the first deployment."""

    def __init__(self, begin: Mapping[Partition, int] | None = None) -> None:
        self.next: dict[Partition, int] = dict(begin or {})
        self.asked: list[Partition] = []

    async def __call__(self, partitions: Sequence[Partition]) -> Mapping[Partition, int | None]:
        self.asked += partitions
        return {partition: self.next.get(partition) for partition in partitions}

    def store(self, records: Iterable[Stored]) -> None:
        for record in records:
            self.next[Partition(record.topic, record.partition)] = record.next


def numbered(topic: str, numbers: Iterable[int], *, keys: int = 10, partition: int | None = None) -> list[Record]:
    """Records whose values are numbers, over some keys."""
    return [Record(topic, b"key:%d" % (n % keys), b"%d" % n, (("n", b"%d" % n),), partition) for n in numbers]


async def take(
    reader: Reader, enough: Callable[[list[Stored]], bool], *, seconds: float = 20.0, max_records: int = 2000
) -> list[Stored]:
    """Poll until enough was read; fails when that takes too long."""
    got: list[Stored] = []
    deadline = time.monotonic() + seconds
    while not enough(got):
        assert time.monotonic() < deadline, f"only {len(got)} records within {seconds} s"
        for records in (await reader.poll(timeout=0.2, max_records=max_records)).values():
            assert len(records) <= max_records
            got += records
    return got


async def take_count(reader: Reader, count: int, *, seconds: float = 20.0) -> list[Stored]:
    """Poll until that many records were read."""
    return await take(reader, lambda got: len(got) >= count, seconds=seconds)


def numbers(records: Iterable[Stored]) -> list[int]:
    """What `numbered` wrote."""
    return [int(record.value or b"") for record in records]


async def until(condition: Callable[[], bool], *, seconds: float) -> None:
    """Wait for something that happens by itself."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        await asyncio.sleep(0.02)


async def read_all(log: EventLog, topic: str) -> list[Stored]:
    """Everything that is in a topic, by reading without a group."""
    found: list[Stored] = []
    for number in range(await log.partitions(topic)):
        partition = Partition(topic, number)
        first, end = await log.bounds(partition)
        position = first
        while position < end:
            records = await log.read(partition, position)
            if not records:
                break  # a compacted topic may end with records that are gone
            found += records
            position = records[-1].next
    return found


def assert_in_order(records: Sequence[Stored]) -> None:
    """Nothing is missing between the records of each partition, and the numbers of each key ascend."""
    following: dict[int, int] = {}
    last_number: dict[bytes, int] = {}
    for record in records:
        assert record.offset == following.get(record.partition, record.offset)
        following[record.partition] = record.next
        number = int(record.value or b"-1")
        assert number > last_number.get(record.key, -1)
        last_number[record.key] = number

"""What only the Kafka adapter has: packs that cannot be read, packs beside plain records in one topic."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest
from aiokafka import AIOKafkaProducer

from chassis.eventlog import NotConfirmed, Partition, Record, unbroken
from chassis.eventlog.kafka import KafkaEventLog, packing
from tests.support.broker import Broker

pytestmark = [pytest.mark.real, pytest.mark.asyncio, pytest.mark.timeout(120)]


async def from_the_start(partitions: Sequence[Partition]) -> Mapping[Partition, int | None]:
    return dict.fromkeys(partitions)


@pytest.mark.parametrize(
    ("version", "value"), [(b"2", packing.pack([Record("t", b"k", b"v")])), (b"1", b"no pack"), (b"1", packing.pack([Record("t", b"k", b"v")])[:-1]), (b"1", b"\x90")]
)
async def test_a_pack_that_cannot_be_read_is_never_skipped(kafka: Broker, topic: str, version: bytes, value: bytes) -> None:
    log = KafkaEventLog(kafka.bootstrap, packed={topic})
    await log.start()
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap)
    await producer.start()
    try:
        await log.append([Record(topic, b"k", b"%d" % number, partition=0) for number in range(3)])
        await producer.send_and_wait(topic, value, partition=0, headers=[(packing.HEADER, version)])
        await log.append([Record(topic, b"k", b"%d" % number, partition=0) for number in range(3, 6)])
        for _ in range(2):  # a reader that joins again stops at the same place
            reader = await log.reader(group=topic, topics=[topic], positions=from_the_start)
            got: list[bytes | None] = []
            with pytest.raises(NotConfirmed, match="cannot be read"):
                async with asyncio.timeout(30):
                    while True:
                        for records in (await reader.poll(timeout=0.2)).values():
                            got += [record.value for record in records]
            assert got in ([], [b"0", b"1", b"2"])
            await reader.close()
    finally:
        await producer.stop()
        await log.close()


async def test_who_packs_and_who_does_not_share_a_topic(kafka: Broker, topic: str) -> None:
    """So a topic may change over while old and new processes run."""
    packs, plain = KafkaEventLog(kafka.bootstrap, packed={topic}), KafkaEventLog(kafka.bootstrap)
    await asyncio.gather(packs.start(), plain.start())
    try:
        for begin in range(0, 120, 20):
            log = packs if begin % 40 else plain
            await log.append([Record(topic, b"k", b"%d" % number, partition=0) for number in range(begin, begin + 20)])
        found = []
        for log in (packs, plain):
            stored = await log.read(Partition(topic, 0), 0)
            assert [record.value for record in stored] == [b"%d" % number for number in range(120)]
            assert unbroken(0, stored)
            found.append(stored)
        assert found[0] == found[1]
        assert len({packing.holder(record.offset) for record in found[0]}) == 3 * 20 + 3
    finally:
        await asyncio.gather(packs.close(), plain.close())

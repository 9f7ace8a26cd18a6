"""Records that were appended together, which a log may keep as one: each is still a record with a position of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from chassis.eventlog import SKIMMED, EventLog, LogGap, Partition, Record, Stored, Topic, unbroken
from tests.contract.eventlog.conftest import LogFactory
from tests.contract.eventlog.reading import (
    PositionTable,
    assert_in_order,
    numbered,
    numbers,
    read_all,
    take,
    take_count,
)

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(120)]


async def kept_as_one(log_factory: LogFactory, partition: Partition) -> bool:
    """Whether the server keeps what was appended to a partition, by one request, as one record."""
    if "kafka" not in log_factory.backend.adapter:
        return False
    from aiokafka import AIOKafkaConsumer
    from aiokafka.structs import TopicPartition

    consumer = AIOKafkaConsumer(bootstrap_servers=log_factory.backend.address)
    await consumer.start()
    try:
        where = TopicPartition(*partition)
        ends: Mapping[TopicPartition, int] = await consumer.end_offsets([where])
        return ends[where] == 1
    finally:
        await consumer.stop()


async def stored_together(log: EventLog, topic: str, count: int) -> list[Stored]:
    """Numbers that one request appended to partition 0."""
    await log.append(numbered(topic, range(count), partition=0))
    return await read_all(log, topic)


async def test_each_backend_keeps_them_as_it_is_named_for(log_factory: LogFactory) -> None:
    log = await log_factory()
    topic = await log_factory.topic()
    stored = await stored_together(log, topic, 500)
    assert numbers(stored) == list(range(500))
    assert unbroken(stored[0].offset, stored)
    assert await kept_as_one(log_factory, Partition(topic, 0)) is log_factory.backend.packed


async def test_compacted_topics_are_never_packed(log_factory: LogFactory) -> None:
    log = await log_factory()
    topic = await log_factory.topic(compacted=True)
    await log.append([Record(topic, b"key:%d" % number, b"%d" % number, partition=0) for number in range(100)])
    assert not await kept_as_one(log_factory, Partition(topic, 0))
    assert {record.key: record.value for record in await read_all(log, topic)} == {b"key:%d" % n: b"%d" % n for n in range(100)}
    if log_factory.backend.packed:
        with pytest.raises(ValueError, match="cannot be packed"):
            await log.create_topics([Topic("t.both", compacted=True)])


async def test_a_reader_begins_and_is_rewound_in_the_middle(log_factory: LogFactory) -> None:
    log = await log_factory()
    topic = await log_factory.topic()
    stored = await stored_together(log, topic, 900)
    partition = Partition(topic, 0)
    reader = await log.reader(group=topic, topics=[topic], positions=PositionTable({partition: stored[333].offset}))
    assert await take_count(reader, 567) == stored[333:]
    for begin in (1, 899, 450, 0):
        reader.seek(partition, stored[begin].offset)
        assert await take_count(reader, 900 - begin) == stored[begin:]
    reader.seek(partition, stored[100].offset)
    taken = await take(reader, lambda got: len(got) >= 20, max_records=10)
    assert taken == stored[100:120]
    reader.seek(partition, stored[110].offset)  # back, with the rest still in memory
    assert (await take(reader, lambda got: len(got) >= 30, max_records=10))[:30] == stored[110:140]
    reader.seek(partition, stored[880].offset)  # forward
    assert await take_count(reader, 20) == stored[880:]
    await reader.close()


async def test_reading_without_a_group_begins_in_the_middle(log_factory: LogFactory) -> None:
    log = await log_factory()
    topic = await log_factory.topic()
    stored = await stored_together(log, topic, 300)
    await log.append(numbered(topic, range(300, 310), partition=0))
    partition = Partition(topic, 0)
    assert await log.read(partition, stored[299].offset, max_records=1) == stored[299:]
    assert numbers(await log.read(partition, stored[150].offset, max_records=7)) == list(range(150, 157))
    assert numbers(await log.read(partition, stored[299].next)) == list(range(300, 310))


async def test_a_crash_between_two_records_is_continued_there(log_factory: LogFactory) -> None:
    topic = await log_factory.topic()
    stored = await stored_together(await log_factory(), topic, 500)
    positions = PositionTable()
    applied: list[Stored] = []
    for _ in range(5):  # each life applies a part of what it has read, then is gone without a word
        log = await log_factory()
        reader = await log.reader(group=topic, topics=[topic], positions=positions)
        got = await take(reader, lambda got: len(got) >= 100, max_records=100)
        applied += got[:93]
        positions.store(got[:93])
        await reader.close()
    assert applied == stored[:465]


async def test_a_paused_partition_goes_on_in_the_middle(log_factory: LogFactory) -> None:
    log = await log_factory()
    topic = await log_factory.topic()
    stored = await stored_together(log, topic, 200)
    partition = Partition(topic, 0)
    reader = await log.reader(group=topic, topics=[topic], positions=PositionTable())
    got = await take(reader, lambda got: len(got) >= 50, max_records=50)
    reader.pause(partition)
    assert await reader.poll(timeout=0.2) == {}
    reader.resume(partition)
    assert got + await take_count(reader, 150) == stored
    assert await reader.lag() == 0
    assert await log.behind({partition: stored[-1].next}) == 0
    assert await log.behind({partition: stored[70].offset}) > 0
    assert await log.behind({partition: None}) > 0
    await reader.close()


async def test_a_position_whose_record_is_gone_is_a_gap(log_factory: LogFactory) -> None:
    log = await log_factory()
    topic = await log_factory.topic()
    stored = await stored_together(log, topic, 50)
    await log.append(numbered(topic, range(50, 60), partition=0))
    partition = Partition(topic, 0)
    kept = (await read_all(log, topic))[50:]
    await log_factory.backend.forget(partition, kept[0].offset)
    reader = await log.reader(group=topic, topics=[topic], positions=PositionTable({partition: stored[20].offset}))
    with pytest.raises(LogGap) as raised:
        await take_count(reader, 1)
    assert (raised.value.position, raised.value.first) == (stored[20].offset, kept[0].offset)
    reader.seek(partition, kept[3].offset)
    assert await take_count(reader, 7) == kept[3:]
    await reader.close()


async def test_a_position_that_never_was_is_a_gap(log_factory: LogFactory) -> None:
    """Between the last record of a pack and what follows it there are numbers that belong to nobody."""
    log = await log_factory()
    topic = await log_factory.topic()
    stored = await stored_together(log, topic, 50)
    await log.append(numbered(topic, range(50, 60), partition=0))
    if stored[-1].step == 1:
        return  # this log has no such numbers
    reader = await log.reader(group=topic, topics=[topic], positions=PositionTable({Partition(topic, 0): stored[-1].offset + 1}))
    with pytest.raises(LogGap):
        await take_count(reader, 1)
    assert await reader.poll(timeout=0.3) == {}
    await reader.close()


async def test_many_appenders_at_once_keep_the_order_of_each_key(log_factory: LogFactory) -> None:
    """Requests that wait together share a record; each key's numbers ascend, nothing is lost, headers stay with their record."""
    topic = await log_factory.topic()
    logs = [await log_factory() for _ in range(2)]

    async def append(who: int) -> None:
        for begin in range(0, 600, 20):
            await logs[who % 2].append([
                Record(topic, b"key:%d" % who, b"%d" % number, _headers(who, number)) for number in range(begin, begin + 20)
            ])

    await asyncio.gather(*(append(who) for who in range(12)))
    stored = await read_all(logs[0], topic)
    assert_in_order(stored)
    assert len(stored) == 12 * 600
    for record in stored:
        assert record.headers == _headers(int(record.key.removeprefix(b"key:")), int(record.value or b""))
    if log_factory.backend.packed:
        assert sum(record.step > 1 for record in stored) < len(stored) / 2, "hardly anything was packed"


def _headers(who: int, number: int) -> tuple[tuple[str, bytes], ...]:
    """Of different length and names, also none at all."""
    names: Sequence[str] = ("a", "b", "c")[: (who + number) % 4]
    return tuple((name, b"%d" % (number if name == "b" else who)) for name in names)


async def test_a_pack_is_bounded_in_bytes_and_in_records(log_factory: LogFactory) -> None:
    log = await log_factory()
    topic = await log_factory.topic()
    many = numbered(topic, range(9_000), partition=0)
    large = [Record(topic, b"large", bytes([number]) * 200_000, partition=1) for number in range(8)]
    long_headers = [Record(topic, b"h", b"%d" % number, (("h", b"x" * 900_000),), partition=2) for number in range(3)]
    await log.append(many + large + long_headers)
    stored = await read_all(log, topic)
    assert numbers(record for record in stored if record.partition == 0) == list(range(9_000))
    assert [record.value for record in stored if record.partition == 1] == [record.value for record in large]
    assert [(record.value, record.headers) for record in stored if record.partition == 2] == [(r.value, r.headers) for r in long_headers]


async def test_a_reader_passes_over_what_it_skims(log_factory: LogFactory) -> None:
    """Positions move as if everything had been read, from the middle of what was appended together, and reading goes on with the next record."""
    log = await log_factory()
    topic = await log_factory.topic()
    stored = await stored_together(log, topic, 900)
    partition = Partition(topic, 0)
    reader = await log.reader(group=topic, topics=[topic], positions=PositionTable({partition: stored[333].offset}))
    reader.skim = True
    skimmed = await take(reader, lambda got: bool(got) and got[-1].next >= stored[-1].next)
    assert skimmed[0].offset == stored[333].offset
    assert unbroken(stored[333].offset, skimmed)
    assert skimmed[-1].next == stored[-1].next
    if "kafka" in log_factory.backend.adapter:
        assert [(record.headers, record.value) for record in skimmed] == [(SKIMMED, None)] * len(skimmed)
        assert len(skimmed) < 567 or not log_factory.backend.packed
    reader.skim = False
    reader.seek(partition, stored[700].offset)
    assert await take_count(reader, 200) == stored[700:]
    await log.append(numbered(topic, range(900, 1000), partition=0))
    assert numbers(await take_count(reader, 100)) == list(range(900, 1000))

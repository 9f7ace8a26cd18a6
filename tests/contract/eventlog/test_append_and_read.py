"""What is appended is read back: order, positions, replay, sizes, compaction, gaps."""

from __future__ import annotations

import asyncio

import pytest

from chassis.eventlog import EventLog, LogGap, Partition, Record, Stored, Topic, partition_of
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


async def test_records_come_back_as_they_were(log_factory: LogFactory) -> None:
    log = await log_factory()
    topic = await log_factory.topic()
    headers = (("ce_id", b"1"), ("پیوند", "سلام".encode()), ("empty", b""))
    await log.append([Record(topic, b"key", b"\x00\xff value", headers), Record(topic, b"key", b"")])
    number = partition_of(b"key", await log.partitions(topic))
    first, second = await log.read(Partition(topic, number), 0)
    assert (first.topic, first.partition, first.offset) == (topic, number, 0)
    assert (first.key, first.value, first.headers) == (b"key", b"\x00\xff value", headers)
    assert (second.offset, second.value, second.headers) == (first.next, b"", ())
    assert second.appended_at >= first.appended_at > 1.7e9


async def test_an_explicit_partition_wins_over_the_key(log_factory: LogFactory) -> None:
    log = await log_factory()
    topic = await log_factory.topic()
    other = (partition_of(b"key", await log.partitions(topic)) + 1) % await log.partitions(topic)
    await log.append([Record(topic, b"key", b"1", partition=other)])
    assert [record.value for record in await log.read(Partition(topic, other), 0)] == [b"1"]


async def test_order_holds_per_key_and_offsets_are_contiguous(log_factory: LogFactory) -> None:
    log = await log_factory()
    topic = await log_factory.topic()
    for start in range(0, 3_000, 100):
        await log.append(numbered(topic, range(start, start + 100)))
    reader = await log.reader(group=topic, topics=[topic], positions=PositionTable())
    records = await take_count(reader, 3_000)
    assert len(records) == 3_000
    assert_in_order(records)
    await reader.close()


async def test_calls_in_flight_together_keep_their_order(log_factory: LogFactory) -> None:
    log = await log_factory()
    topic = await log_factory.topic()
    calls = [asyncio.create_task(log.append(numbered(topic, [n], keys=1))) for n in range(200)]
    await asyncio.gather(*calls)
    records = await read_all(log, topic)
    assert [int(record.value or b"") for record in records] == list(range(200))


async def test_no_records_are_confirmed_at_once(log_factory: LogFactory) -> None:
    log = await log_factory()
    await log.append([])


async def test_a_large_record_passes_and_a_too_large_one_stores_nothing(log_factory: LogFactory) -> None:
    log = await log_factory()
    topic = await log_factory.topic()
    large = b"\xa5" * 900_000
    await log.append([Record(topic, b"a", large, partition=0) for _ in range(3)])
    with pytest.raises(ValueError, match="large"):
        await log.append([Record(topic, b"a", b"small", partition=0), Record(topic, b"a", b"x" * 1_500_000, partition=0)])
    assert [record.value for record in await read_to_the_end(log, Partition(topic, 0))] == [large] * 3
    await log.append([Record(topic, b"a", b"after", partition=0)])
    assert [record.value for record in await read_to_the_end(log, Partition(topic, 0))][3:] == [b"after"]


async def read_to_the_end(log: EventLog, partition: Partition) -> list[Record]:
    """The adapter may give less than asked at once."""
    found: list[Record] = []
    position = 0
    while records := await log.read(partition, position):
        position = records[-1].next
        found += [Record(record.topic, record.key, record.value, record.headers) for record in records]
    return found


async def test_reading_begins_at_any_offset(log_factory: LogFactory) -> None:
    log = await log_factory()
    topic = await log_factory.topic()
    await log.append(numbered(topic, range(1_200), partition=0))
    partition = Partition(topic, 0)
    stored = await read_all(log, topic)
    assert await log.bounds(partition) == (stored[0].offset, stored[-1].next)
    for begin in (0, 1, 499, 500, 777, 1_199):
        assert numbers(await log.read(partition, stored[begin].offset, max_records=10)) == list(range(begin, min(begin + 10, 1_200)))
    assert await log.read(partition, stored[-1].next) == []


async def test_a_reader_begins_where_its_database_says_and_seeks(log_factory: LogFactory) -> None:
    log = await log_factory()
    topic = await log_factory.topic()
    await log.append(numbered(topic, range(1_000), partition=0))
    partition = Partition(topic, 0)
    stored = await read_all(log, topic)
    positions = PositionTable({partition: stored[700].offset})
    reader = await log.reader(group=topic, topics=[topic], positions=positions)
    records = await take_count(reader, 300)
    assert records == stored[700:]
    assert set(positions.asked) == {Partition(topic, n) for n in range(await log.partitions(topic))}
    reader.seek(partition, stored[10].offset)
    replayed = await take(reader, lambda got: bool(got) and got[-1].offset == stored[999].offset, max_records=64)
    assert replayed == stored[10:]
    await reader.close()


async def test_a_paused_partition_waits_and_loses_nothing(log_factory: LogFactory) -> None:
    log = await log_factory()
    topic = await log_factory.topic()
    reader = await log.reader(group=topic, topics=[topic], positions=PositionTable())
    await take(reader, lambda _: len(reader.assigned) > 0)
    reader.pause(Partition(topic, 0))
    await log.append(numbered(topic, range(10), partition=0) + numbered(topic, range(10, 20), partition=1))
    assert {record.partition for record in await take_count(reader, 10)} == {1}
    assert await reader.poll(timeout=0.3) == {}
    assert reader.owns(Partition(topic, 0))
    reader.resume(Partition(topic, 0))
    assert [record.partition for record in await take_count(reader, 10)] == [0] * 10
    await reader.close()


async def test_lag_counts_what_was_not_polled(log_factory: LogFactory) -> None:
    log = await log_factory()
    topic = await log_factory.topic()
    await log.append(numbered(topic, range(100)))
    reader = await log.reader(group=topic, topics=[topic], positions=PositionTable())
    await take(reader, lambda got: len(got) == 100)
    assert await reader.lag() == 0
    await log.append(numbered(topic, range(100, 130)))
    assert 0 < await reader.lag() <= 30
    if not log_factory.backend.packed:
        assert await reader.lag() == 30
    await take_count(reader, 30)
    assert await reader.lag() == 0
    await reader.close()


async def test_two_groups_read_everything_each(log_factory: LogFactory) -> None:
    log = await log_factory()
    topic = await log_factory.topic()
    await log.append(numbered(topic, range(50)))
    for group in ("a", "b"):
        reader = await log.reader(group=f"{topic}-{group}", topics=[topic], positions=PositionTable())
        assert len(await take_count(reader, 50)) == 50
        await reader.close()


async def test_topics_are_created_once(log_factory: LogFactory) -> None:
    log, other = await log_factory(), await log_factory()
    topic = await log_factory.topic()
    await log.append(numbered(topic, range(5)))
    await asyncio.gather(log.create_topics([Topic(topic)]), other.create_topics([Topic(topic), Topic(f"{topic}.b")]))
    assert len(await read_all(other, topic)) == 5
    assert await log.partitions(f"{topic}.b") == await other.partitions(topic)


async def test_a_gap_stops_its_partition_only(log_factory: LogFactory) -> None:
    log = await log_factory()
    topic = await log_factory.topic()
    lost, whole = Partition(topic, 0), Partition(topic, 1)
    for start in range(0, 100, 10):
        await log.append(numbered(topic, range(start, start + 10), partition=0))
        await log.append(numbered(topic, range(start, start + 10), partition=1))
    stored = {partition: [record for record in await read_all(log, topic) if record.partition == partition.number] for partition in (lost, whole)}
    await log_factory.backend.forget(lost, stored[lost][50].offset)
    assert await log.bounds(lost) == (stored[lost][50].offset, stored[lost][99].next)
    begin = {partition: records[20].offset for partition, records in stored.items()}
    reader = await log.reader(group=topic, topics=[topic], positions=PositionTable(begin))
    records = []
    with pytest.raises(LogGap) as raised:
        while True:
            records += await take_count(reader, 1, seconds=15)
    assert (raised.value.partition, raised.value.position, raised.value.first) == (lost, begin[lost], stored[lost][50].offset)
    if len(records) < 80:
        records += await take_count(reader, 80 - len(records))
    assert records == stored[whole][20:]
    assert await reader.poll(timeout=0.3) == {}
    reader.seek(lost, stored[lost][50].offset)
    assert await take_count(reader, 50) == stored[lost][50:]
    await reader.close()


async def test_the_first_deployment_begins_with_what_is_kept(log_factory: LogFactory) -> None:
    log = await log_factory()
    topic = await log_factory.topic()
    for start in range(0, 100, 10):
        await log.append(numbered(topic, range(start, start + 10), partition=0))
    stored = await read_all(log, topic)
    await log_factory.backend.forget(Partition(topic, 0), stored[30].offset)
    reader = await log.reader(group=topic, topics=[topic], positions=PositionTable())
    assert await take_count(reader, 70) == stored[30:]
    await reader.close()


async def test_a_position_above_the_end_is_a_gap(log_factory: LogFactory) -> None:
    log = await log_factory()
    topic = await log_factory.topic()
    await log.append(numbered(topic, range(10), partition=0))
    positions = PositionTable({Partition(topic, 0): 500})
    reader = await log.reader(group=topic, topics=[topic], positions=positions)
    with pytest.raises(LogGap):
        await take_count(reader, 1)
    await reader.close()


async def test_a_compacted_topic_keeps_the_last_record_of_each_key(log_factory: LogFactory) -> None:
    log = await log_factory()
    topic = await log_factory.topic(compacted=True)
    for version in range(5):
        await log.append([Record(topic, b"key:%d" % n, b"%d" % version, (("v", b"%d" % version),)) for n in range(40)])
    await log.append([Record(topic, b"twice", b"1"), Record(topic, b"twice", b"2"), Record(topic, b"key:7", None)])
    reader = await log.reader(group=topic, topics=[topic], positions=PositionTable())

    def complete(got: list[Stored]) -> bool:
        latest = {record.key: record.value for record in got}
        return len(latest) == 41 and latest[b"key:7"] is None and latest[b"twice"] == b"2"

    got = await take(reader, complete)
    latest = {record.key: record for record in got}
    assert {latest[b"key:%d" % n].value for n in range(40) if n != 7} == {b"4"}
    assert latest[b"key:8"].headers == (("v", b"4"),)
    for number in range(await log.partitions(topic)):
        offsets = [record.offset for record in got if record.partition == number]
        assert offsets == sorted(set(offsets))
    await log.append([Record(topic, b"key:7", b"back")])
    assert (await take_count(reader, 1))[-1].value == b"back"
    await reader.close()

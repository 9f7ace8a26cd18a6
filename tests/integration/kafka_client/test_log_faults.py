"""The adapter through faults that only a real broker has: killed while busy, away for long, frozen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from chassis.eventlog import NotConfirmed, Partition, Record, Stored
from chassis.eventlog.kafka import KafkaEventLog
from tests.support.broker import Broker

pytestmark = [pytest.mark.real, pytest.mark.asyncio, pytest.mark.timeout(120)]


class Positions:
    """What a reader's database would hold."""

    def __init__(self) -> None:
        self.next: dict[Partition, int] = {}

    async def __call__(self, partitions: Sequence[Partition]) -> Mapping[Partition, int | None]:
        return {partition: self.next.get(partition) for partition in partitions}

    def apply(self, partition: Partition, records: list[Stored]) -> None:
        assert records[0].offset == self.next.get(partition, 0), "skipped or repeated"
        self.next[partition] = records[-1].next


async def _kill(kafka: Broker) -> None:
    await asyncio.to_thread(kafka.kill)
    await asyncio.sleep(1)
    await asyncio.to_thread(kafka.start)


async def _away_for_longer_than_a_request(kafka: Broker) -> None:
    """Then the client itself gives up its oldest batch, which leaves a sequence gap (see the decision record)."""
    await asyncio.to_thread(kafka.stop)
    await asyncio.sleep(12)
    await asyncio.to_thread(kafka.start)


async def _freeze(kafka: Broker) -> None:
    kafka.pause()
    await asyncio.sleep(12)
    kafka.unpause()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("fault", [_kill, _away_for_longer_than_a_request, _freeze])
async def test_what_was_confirmed_is_read_once_and_in_order(
    kafka: Broker, topic: str, fault: Callable[[Broker], Any], packed: bool
) -> None:
    log = KafkaEventLog(kafka.bootstrap, packed={topic} if packed else ())
    await log.start()
    positions = Positions()
    reader = await log.reader(group=topic, topics=[topic], positions=positions)
    confirmed: list[int] = []
    refused = 0
    seen: list[int] = []
    last_confirmed_at = 0.0
    running = True

    async def write(writer: int) -> None:
        nonlocal refused, last_confirmed_at
        number = writer
        while running:
            records = [Record(topic, b"w%d" % writer, b"%d" % each) for each in range(number, number + 50, 10)]
            try:
                await log.append(records, deadline=2)
            except NotConfirmed:
                refused += 1
                await asyncio.sleep(0.1)
                continue  # unknown: told again, as a client would
            confirmed.extend(range(number, number + 50, 10))
            last_confirmed_at = time.monotonic()
            number += 50
            await asyncio.sleep(0.01)

    async def read() -> None:
        while True:
            for partition, records in (await reader.poll()).items():
                positions.apply(partition, records)
                seen.extend(int(record.value or b"") for record in records)

    tasks = [asyncio.create_task(write(writer)) for writer in range(10)]
    reading = asyncio.create_task(read())
    await asyncio.sleep(1.0)
    begun = len(confirmed)
    await fault(kafka)
    back = time.monotonic()
    while last_confirmed_at < back:
        assert time.monotonic() - back < 15, "no confirmation within 15 s after the broker's return"
        await asyncio.sleep(0.05)
    await asyncio.sleep(1.0)
    running = False
    await asyncio.gather(*tasks)
    assert begun > 100
    assert len(confirmed) > begun
    assert refused > 0
    until = time.monotonic() + 20
    while not set(confirmed) <= set(seen):
        assert not reading.done(), reading.exception()
        assert time.monotonic() < until, f"{len(set(confirmed) - set(seen))} confirmed records were not read"
        await asyncio.sleep(0.1)
    for writer in range(10):
        first_seen = list(dict.fromkeys(number for number in seen if number % 10 == writer))
        assert first_seen == sorted(first_seen)
    reading.cancel()
    await asyncio.wait([reading])
    await log.close()


async def test_a_frozen_broker_delays_nobody_beyond_the_deadline(kafka: Broker, topic: str) -> None:
    before = asyncio.all_tasks()
    log = KafkaEventLog(kafka.bootstrap)
    await log.start()
    reader = await log.reader(group=topic, topics=[topic], positions=Positions())
    await log.append([Record(topic, b"k", b"1")])
    while not reader.assigned:
        await reader.poll(timeout=0.1)
    kafka.pause()
    try:
        for limit, work in (
            (1.3, lambda: log.append([Record(topic, b"k", b"2")], deadline=1)),
            (2.3, log.healthy),
            (1.1, lambda: reader.poll(timeout=0.5)),
            (2.3, lambda: reader.commit(dict.fromkeys(reader.assigned, 1))),
            (2.3, reader.lag),
            (6.0, log.close),
        ):
            begun = time.monotonic()
            try:
                answer = await work()
            except NotConfirmed:
                answer = None
            assert not answer
            assert time.monotonic() - begun < limit, work
        await asyncio.sleep(0.1)
        assert asyncio.all_tasks() <= before, "tasks were left behind"
        begun = time.monotonic()
        with pytest.raises(NotConfirmed):
            await KafkaEventLog(kafka.bootstrap).start()
        assert time.monotonic() - begun < 14
    finally:
        kafka.unpause()
